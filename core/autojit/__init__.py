"""Compile functions without naming static arguments: with JAX, PyTorch or lazy graphs.

Arguments are flattened into arrays and a key of everything static; there is one compiled version
per key. `api` is the decorator, `dispatch` selects the library, `flattening` and the codecs flatten
arguments, `matching` finds the version of repeated calls, and `jax`, `torch` and `lazy` compile.
"""

from core.autojit.api import autojit

__all__ = ["autojit"]
