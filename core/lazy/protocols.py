"""NumPy's functions called with traced arrays: traced where NumPy would accept the real array."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from core.lazy.errors import refuse

if TYPE_CHECKING:
    from core.lazy.array import LazyArray

# NumPy's ufuncs whose names the standard spells in another way.
_RENAMED = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "concatenate": "concat",
    "conjugate": "conj",
    "invert": "bitwise_invert",
    "left_shift": "bitwise_left_shift",
    "power": "pow",
    "right_shift": "bitwise_right_shift",
    "rint": "round",
    "true_divide": "divide",
}

# What reducing by a ufunc is called.
_REDUCED = {
    "add": "sum",
    "logical_and": "all",
    "logical_or": "any",
    "maximum": "max",
    "minimum": "min",
    "multiply": "prod",
}

# What needs no values, whatever the library.
_KNOWN = frozenset(("ndim", "shape", "size"))


def array_ufunc(x: LazyArray, ufunc: Any, method: str, inputs: Any, kwargs: Any) -> Any:
    """Trace ``ufunc(*inputs)``; refuse where it would pull another library's arrays to NumPy."""
    function = _function(x, ufunc.__name__)
    if method != "__call__" or kwargs or function is None or x.backend not in ("numpy", None):
        dots = "" if method == "__call__" else f".{method}"
        name = _REDUCED.get(ufunc.__name__, "") if method == "reduce" else ufunc.__name__
        refuse(f"numpy.{ufunc.__name__}{dots}()", _instead(x, name))
    return function(*inputs)


def array_function(x: LazyArray, func: Any, args: Any, kwargs: Any) -> Any:
    """Trace a NumPy function of the same name and arguments as a standard one."""
    if func.__name__ in _KNOWN and len(args) == 1 and isinstance(args[0], type(x)) and not kwargs:
        return getattr(args[0], func.__name__)
    module = (func.__module__ or "").rpartition("numpy.")[2]
    name = f"{module}.{func.__name__}" if module in ("fft", "linalg") else func.__name__
    function = _function(x, name)
    if x.backend not in ("numpy", None) or not _takes(function, args, kwargs):
        refuse(f"numpy.{name}()", _instead(x, name))
    return function(*args, **kwargs)


def _takes(function: Any, args: Any, kwargs: Any) -> bool:
    """Say whether there is such a function, and with such arguments."""
    if function is None:
        return False
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _function(x: LazyArray, name: str) -> Any:
    found: Any = x.__array_namespace__()
    for part in _RENAMED.get(name, name).split("."):
        found = getattr(found, part, None)
    return found if callable(found) else None


def _instead(x: LazyArray, name: str) -> str:
    function = _function(x, name)
    if function is None:
        return "use the functions of x.__array_namespace__() instead of NumPy's"
    known = f"{_RENAMED.get(name, name)}{inspect.signature(function)}"
    known = re.sub(r": '[^']*'| -> '.*'", "", known).replace(" = ", "=")
    return f"write xp.{known} with xp = x.__array_namespace__()"
