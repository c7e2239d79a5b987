"""Any other library that follows the array API standard, CuPy and array-api-strict among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import array_api_compat
import numpy as np

from core.lazy_apply.call import SCALARS, Call, is_scalar
from core.lazy_apply.dispatch import PASS
from core.lazy_apply.outputs import listed


def eager(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    as_numpy: bool,
    several: int,
) -> Any:
    """Call `func` now and bring what it returns into the arrays' namespace and to their device."""
    cls = type(args[0])
    for x in args:
        if type(x) is not cls and type(x) not in SCALARS and not is_scalar(x):
            return PASS
    if is_scalar(args[0]):
        return PASS
    return _called(func, args, kwargs, as_numpy, several, args[0], None)


def lazy(call: Call) -> Any:
    """Call the function now: these libraries have no graph."""
    first = call.arrays[0]
    return _called(call.func, call.args, call.kwargs, call.as_numpy, call.several, first, call.xp)


def _called(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    as_numpy: bool,
    several: int,
    first: Any,
    xp: Any,
) -> Any:
    if as_numpy:
        cls = type(first)
        args = tuple(x if is_scalar(x) else np.asarray(x) for x in args)
        kwargs = {name: np.asarray(x) if type(x) is cls else x for name, x in kwargs.items()}
    result = func(*args, **kwargs)
    if not several:
        return _like(result, first, xp)
    return tuple(_like(one, first, xp) for one in listed(func, result, several))


def _like(result: Any, first: Any, xp: Any) -> Any:
    """Return `result` as an array of the library and on the device of `first`."""
    if type(result) is type(first) and result.device == first.device:
        return result
    xp = xp or array_api_compat.array_namespace(first)
    return xp.asarray(result, device=array_api_compat.device(first))
