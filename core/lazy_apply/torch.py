"""PyTorch: called now, or as an operator under ``torch.compile`` and ``torch.func``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from core.lazy_apply.call import SCALARS, Call, is_scalar
from core.lazy_apply.dispatch import PASS
from core.lazy_apply.outputs import listed
from core.lazy_apply.torch_function import applied
from core.lazy_apply.torch_operator import compiled

_Tensor = torch.Tensor
_is_compiling = torch.compiler.is_dynamo_compiling


def eager(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    as_numpy: bool,
    several: int,
) -> Any:
    """Call `func` now, unless a compiler is reading along or a tensor has no memory of its own."""
    if _is_compiling():
        return PASS
    first = None
    for x in args:
        if type(x) is _Tensor or isinstance(x, _Tensor):
            if first is None:
                first = x
        elif type(x) not in SCALARS and not is_scalar(x):
            return PASS
    if first is None:
        return PASS
    if as_numpy:
        try:
            args = tuple([x.numpy() if isinstance(x, _Tensor) else x for x in args])
            for name, x in kwargs.items():
                if isinstance(x, _Tensor):
                    kwargs = {**kwargs, name: x.numpy()}
        except (RuntimeError, TypeError):
            return PASS
    result = func(*args, **kwargs)
    if several:
        return tuple([like(one, first) for one in listed(func, result, several)])
    # `is_cpu` takes half the time of `device`.
    if type(result) is _Tensor and (
        (result.is_cpu and first.is_cpu) or result.device == first.device
    ):
        return result
    return like(result, first)


def like(result: Any, first: Any) -> Any:
    """Return `result` as a tensor on the device of `first`."""
    if isinstance(result, np.ndarray) and (
        not result.flags.writeable or any(stride < 0 for stride in result.strides)
    ):
        result = result.copy()  # PyTorch has no such tensors
    return torch.asarray(result, device=first.device)


def lazy(call: Call) -> Any:
    """Make the call an operator that compilers, ``torch.func`` and autograd take as it is."""
    return compiled(call) if _is_compiling() else applied(call)
