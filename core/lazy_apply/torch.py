"""PyTorch: called now, or as an operator under ``torch.compile`` and ``torch.func``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from core.lazy_apply.call import SCALARS, Call
from core.lazy_apply.dispatch import PASS
from core.lazy_apply.outputs import listed

_Tensor = torch.Tensor
_is_compiling = torch.compiler.is_compiling


def owns(cls: type) -> bool:
    """Say whether `cls` is a tensor."""
    return issubclass(cls, _Tensor)


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
        if isinstance(x, _Tensor):
            if first is None:
                first = x
        elif type(x) not in SCALARS:
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
        return tuple(like(one, first) for one in listed(func, result, several))
    if type(result) is _Tensor and result.device == first.device:
        return result
    return like(result, first)


def like(result: Any, first: Any) -> Any:
    """Return `result` as a tensor on the device of `first`."""
    # PyTorch has no tensors that are read-only or run backwards; a compiler makes its own.
    if (
        isinstance(result, np.ndarray)
        and not _is_compiling()
        and not (result.flags.writeable and all(stride >= 0 for stride in result.strides))
    ):
        result = result.copy()
    return torch.asarray(result, device=first.device)


def lazy(call: Call) -> Any:
    """Call the function where the short way could not.

    A compiler that reads along compiles what the function does.

    Raises
    ------
    NotImplementedError
        A derivative was given in the form that PyTorch cannot use.
    RuntimeError, TypeError
        A tensor cannot become a NumPy array.
    """
    if call.jvp is not None:
        raise NotImplementedError(
            "lazy_apply takes a derivative of tensors as vjp=, which PyTorch's backward() needs; "
            "jvp= is for JAX"
        )
    tensors = {slot: x for slot, x in call.inputs() if isinstance(x, _Tensor)}
    if call.vjp is None:
        return _called(call, tensors)
    return _Differentiable.apply(call, tuple(tensors), *tensors.values())


def _called(call: Call, tensors: Mapping[int | str, Any]) -> Any:
    """Call the function with `tensors` in their places."""
    first = next(iter(tensors.values()))
    given = tensors
    if call.as_numpy:
        given = {slot: _numpy(call, x) for slot, x in tensors.items()}
    args, kwargs = call.filled(given)
    result = call.func(*args, **kwargs)
    if not call.several:
        return like(result, first)
    return tuple(like(one, first) for one in listed(call.func, result, call.several))


def _numpy(call: Call, x: Any) -> Any:
    if x.requires_grad and torch.is_grad_enabled():
        raise RuntimeError(
            f"lazy_apply does not know the derivative of {call.name}, which as_numpy=True hides "
            "from PyTorch: give vjp=lambda primals, cotangents: ..., or detach the tensors"
        )
    return x.numpy()


class _Differentiable(torch.autograd.Function):  # type: ignore[misc]
    """The call with the derivative that the caller gave."""

    @staticmethod
    def forward(ctx: Any, call: Call, slots: tuple[int | str, ...], *tensors: Any) -> Any:
        ctx.call, ctx.slots = call, slots
        ctx.save_for_backward(*tensors)
        return _called(call, dict(zip(slots, tensors, strict=True)))

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        given = cotangents if ctx.call.several else cotangents[0]
        found = ctx.call.vjp(ctx.saved_tensors, given)
        found = tuple(found) if isinstance(found, (tuple, list)) else (found,)
        return None, None, *found
