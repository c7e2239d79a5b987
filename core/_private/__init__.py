"""Private interfaces of other projects that this package depends on, one module per project.

A private interface is one that its project may change without notice: of CPython, NumPy, PyTorch,
JAX, Dask and pytest. Nothing outside this folder uses one, so that a change in one of these
projects breaks one module here. The page "Private interfaces" of the documentation lists them all,
with what happens where one is missing; ``tests/core/test_private_interfaces.py`` tests each.
"""
