"""NumPy's protocols: its functions are traced if NumPy would apply them to the backend's arrays."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from core.lazy.dtypes import REFERENCE
from core.lazy.errors import refuse
from core.typing import Array

NUMPY_NAMES = {
    **{f"arc{f}": f"a{f}" for f in ("cos", "cosh", "sin", "sinh", "tan", "tan2", "tanh")},
    **{f"{name}_shift": f"bitwise_{name}_shift" for name in ("left", "right")},
    "absolute": "abs",
    "concatenate": "concat",
    "conjugate": "conj",
    "invert": "bitwise_invert",
    "power": "pow",
    "rint": "round",
    "true_divide": "divide",
}
"""The standard's names of functions that have another name in NumPy."""
# The functions of the standard for ``ufunc.reduce``.
_REDUCED = {
    "add": "sum",
    "logical_and": "all",
    "logical_or": "any",
    "maximum": "max",
    "minimum": "min",
    "multiply": "prod",
}
_NEED_NO_VALUES = frozenset(("ndim", "shape", "size"))


def array_ufunc(x: Array, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Trace ``ufunc(*inputs)``, or refuse if it would convert another library's arrays."""
    traced = _function(x, ufunc.__name__)
    if method != "__call__" or kwargs or traced is None or not _is_numpy(x):
        dots = "" if method == "__call__" else f".{method}"
        name = _REDUCED.get(ufunc.__name__, "") if method == "reduce" else ufunc.__name__
        refuse(f"numpy.{ufunc.__name__}{dots}()", _alternative(x, name))
    return traced(*inputs)


def array_function(x: Array, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Trace a NumPy function if the standard has one with its name and arguments."""
    name = func.__name__
    if name in _NEED_NO_VALUES and len(args) == 1 and isinstance(args[0], type(x)) and not kwargs:
        return getattr(args[0], name)
    module = (func.__module__ or "").rpartition("numpy.")[2]
    name = f"{module}.{name}" if module in ("fft", "linalg") else name
    traced = _function(x, name)
    if traced is None or not _is_numpy(x) or not _accepts(traced, args, kwargs):
        refuse(f"numpy.{name}()", _alternative(x, name))
    return traced(*args, **kwargs)


def _is_numpy(x: Array) -> bool:
    return x.backend in (REFERENCE, None)


def _accepts(traced: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    try:
        inspect.signature(traced).bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _function(x: Array, name: str) -> Callable[..., Any] | None:
    found = x.__array_namespace__()
    for part in NUMPY_NAMES.get(name, name).split("."):
        found = getattr(found, part, None)
    return found if callable(found) else None


def _alternative(x: Array, name: str) -> str:
    """Return what to write instead of a NumPy function."""
    traced = _function(x, name)
    if traced is None:
        return "use the functions of x.__array_namespace__() instead of NumPy's"
    known = f"{NUMPY_NAMES.get(name, name)}{inspect.signature(traced)}"
    known = re.sub(r": '[^']*'| -> '.*'", "", known).replace(" = ", "=")
    return f"write xp.{known} with xp = x.__array_namespace__()"
