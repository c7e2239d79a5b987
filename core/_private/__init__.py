"""Private interfaces of other projects that `core` depends on, one module per project.

`patching` is used by several of them: it replaces attributes temporarily.

A private interface is one that its project may change without notice. Names that begin with an
underscore are used in this folder only, so that a change in another project breaks one module
here. The page "Private interfaces" of the documentation lists them with the consequences of a
change, and ``tests/private_interfaces/`` tests each.
"""
