"""Apply an eager function to arrays of any library, also inside a lazy graph.

`api` is the public function. `dispatch` selects the `implementation` for the arrays of a call: the
default, or that in `numpy`, `jax`, `torch` or `dask`. `outputs` determines shapes and dtypes of
results in advance, and `checks` compares results with them.
"""

from core.lazy_apply.api import lazy_apply

__all__ = ["lazy_apply"]
