"""The call under ``torch.func`` and autograd, outside a compiler."""

from __future__ import annotations

from typing import Any

import torch

from core.lazy_apply.bound_call import BoundCall
from core.lazy_apply.call import Call, missing_derivative
from core.lazy_apply.torch_call import bind, cotangents_of, move_batch_axes, run, tangents_of
from core.typing import Array


def apply_function(call: Call) -> Any:
    """Call the function with rules for ``vmap``, ``grad`` and ``backward``.

    Raises
    ------
    RuntimeError
        A tensor requires a gradient and no derivative is known.
    """
    bound, operands = bind(call)
    if call.as_numpy and call.jvp is call.vjp and torch.is_grad_enabled():
        for x in operands:
            if x.requires_grad:
                raise RuntimeError(f"{missing_derivative(call)}; or detach the tensors")
    return bound.outputs.wrap(OpaqueFunction.apply(bound, *operands))


class OpaqueFunction(torch.autograd.Function):  # type: ignore[misc]
    """A bound call as a function that autograd does not trace."""

    @staticmethod
    def forward(bound: BoundCall, *operands: Array) -> Any:
        """Call the function."""
        return tuple(run(bound, operands))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Save what the derivatives need."""
        bound, *operands = inputs
        ctx.bound = bound
        ctx.save_for_backward(*operands)
        ctx.save_for_forward(*operands)

    @staticmethod
    def backward(ctx: Any, *cotangents: Array) -> Any:
        """Return the cotangents of the inputs."""
        return (None, *cotangents_of(ctx.bound, ctx.saved_tensors, cotangents))

    @staticmethod
    def jvp(ctx: Any, _: Any, *tangents: Array) -> Any:
        """Return the tangents of the results."""
        return tangents_of(ctx.bound, ctx.saved_tensors, tangents)

    @staticmethod
    def vmap(info: Any, in_dims: Any, bound: BoundCall, *operands: Array) -> Any:
        """Call the function for a batch."""
        moved, batch = move_batch_axes(operands, in_dims[1:], info.batch_size)
        results = OpaqueFunction.apply(bound.batched(batch), *moved)
        return results, (0,) * len(results)
