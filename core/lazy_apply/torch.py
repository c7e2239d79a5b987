"""PyTorch: a call at once, or an operator under ``torch.compile``, ``torch.func`` and autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from core.lazy_apply.call import Call
from core.lazy_apply.implementation import Implementation
from core.lazy_apply.torch_function import apply_function
from core.lazy_apply.torch_operator import apply_operator
from core.typing import Array, Namespace

_Tensor = torch.Tensor


class TorchImplementation(Implementation):
    """`lazy_apply` on PyTorch."""

    is_traced = staticmethod(torch.compiler.is_dynamo_compiling)
    # Of tensors without memory: those that require gradients, or are mapped by `torch.func.vmap`.
    conversion_errors = (RuntimeError, TypeError)

    def concrete_types(self, cls: type) -> tuple[type, ...]:
        return (_Tensor,)

    @staticmethod
    def to_numpy(x: Array) -> Any:
        return x.numpy()

    @staticmethod
    def place(result: Any, first: Array, xp: Namespace = None) -> Array:
        # `is_cpu` takes a third of the time of `device`.
        if type(result) is _Tensor and (
            (result.is_cpu and first.is_cpu) or result.device == first.device
        ):
            return result
        if isinstance(result, np.ndarray) and (
            not result.flags.writeable or any(stride < 0 for stride in result.strides)
        ):
            result = result.copy()  # PyTorch has no such tensors
        return torch.asarray(result, device=first.device)

    def lazy(self, call: Call) -> Any:
        """Make the call an operator that the compiler, ``torch.func`` and autograd support."""
        compiling = torch.compiler.is_dynamo_compiling()
        return apply_operator(call) if compiling else apply_function(call)
