"""NumPy: the function is called, and what it returns becomes arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.lazy_apply.call import SCALARS, Call, is_scalar
from core.lazy_apply.dispatch import PASS
from core.lazy_apply.outputs import listed

_ARRAYS = (np.ndarray, np.generic)


def eager(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    as_numpy: bool,
    several: int,
) -> Any:
    """Call `func` now."""
    for x in args:
        if type(x) is np.ndarray or type(x) in SCALARS:
            continue
        if not isinstance(x, _ARRAYS) and not is_scalar(x):
            return PASS
    result = func(*args, **kwargs)
    if not several:
        return np.asarray(result)
    return tuple(np.asarray(one) for one in listed(func, result, several))


def lazy(call: Call) -> Any:
    """Call the function now: NumPy has no graph."""
    return eager(call.func, call.args, call.kwargs, call.as_numpy, call.several)
