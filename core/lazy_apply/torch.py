"""PyTorch: a call at once, or an operator where PyTorch records operations or differentiates."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from core._private.torch_tracing import FakeTensor, count_modes, is_recording, is_recording_early
from core.lazy_apply.call import Call
from core.lazy_apply.checks import refuse_masked
from core.lazy_apply.implementation import PASS, Eager, Implementation
from core.lazy_apply.torch_function import apply_function
from core.lazy_apply.torch_numpy import from_numpy, to_numpy
from core.lazy_apply.torch_operator import apply_operator
from core.typing import Array, Namespace

_Tensor = torch.Tensor


_is_compiling = torch.compiler.is_dynamo_compiling


def _is_traced() -> bool:
    return _is_compiling() or (count_modes() > 0 and is_recording())


def _pass(*_: Any) -> Any:
    """Decline every call: tensors without values need the operator."""
    return PASS


class TorchImplementation(Implementation):
    """`lazy_apply` on PyTorch."""

    is_traced = staticmethod(_is_traced)
    # Of tensors without memory: those that require gradients, or are mapped by `torch.func.vmap`;
    # and where the result would be recorded as a constant.
    conversion_errors = (RuntimeError, TypeError)

    def concrete_types(self, cls: type) -> tuple[type, ...]:
        return (_Tensor,)

    @staticmethod
    def to_numpy(x: Array) -> Any:
        if is_recording_early() or torch.jit.is_tracing():
            raise RuntimeError("operations are recorded")
        return to_numpy(x)

    @staticmethod
    def place(result: Any, first: Array, xp: Namespace = None) -> Array:
        # `is_cpu` takes a third of the time of `device`.
        if type(result) is _Tensor and (
            (result.is_cpu and first.is_cpu) or result.device == first.device
        ):
            return result
        if isinstance(result, np.ndarray | np.generic):
            refuse_masked(result)
            if not result.flags.writeable or any(stride < 0 for stride in result.strides):
                result = np.array(result)  # PyTorch has no such tensors
            return from_numpy(result, first.device)
        if hasattr(result, "__array__") and not isinstance(result, _Tensor):
            result = np.asarray(result)  # a class that supports NumPy only
        return torch.asarray(result, device=first.device)

    def eager(self, cls: type) -> Eager:
        return _pass if issubclass(cls, FakeTensor) else super().eager(cls)

    def lazy(self, call: Call) -> Any:
        """Record the call as an operator that the compiler, ``torch.func`` and autograd support."""
        if torch.compiler.is_dynamo_compiling():
            return apply_operator(call)
        if torch.jit.is_tracing():
            raise NotImplementedError(
                f"torch.jit.trace cannot record lazy_apply of {call.name}: use torch.export or "
                "torch.compile"
            )
        if is_recording() or any(isinstance(x, FakeTensor) or x.is_meta for x in call.arrays):
            return apply_operator(call)
        return apply_function(call)
