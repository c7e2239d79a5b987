"""The call under ``torch.func`` and autograd, outside a compiler."""

from __future__ import annotations

from typing import Any

import torch

from core.lazy_apply.call import Call, no_derivative
from core.lazy_apply.host import Host
from core.lazy_apply.torch_host import cotangents_of, host_of, in_front, run, tangents_of


def applied(call: Call) -> Any:
    """Call the function so that ``vmap``, ``grad`` and ``backward`` know what to do.

    Raises
    ------
    RuntimeError
        A tensor requires a gradient that nobody can compute.
    """
    host, operands = host_of(call)
    if call.as_numpy and call.jvp is call.vjp and torch.is_grad_enabled():
        for x in operands:
            if x.requires_grad:
                raise RuntimeError(f"{no_derivative(call)}; or detach the tensors")
    return host.outputs.wrap(Applied.apply(host, *operands))


class Applied(torch.autograd.Function):  # type: ignore[misc]
    """An opaque function of tensors, with the derivative that the caller gave."""

    @staticmethod
    def forward(host: Host, *operands: Any) -> Any:
        """Call the function."""
        return tuple(run(host, operands))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Keep what the derivative needs."""
        host, *operands = inputs
        ctx.host = host
        ctx.save_for_backward(*operands)
        ctx.save_for_forward(*operands)

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        """Return the cotangents of the inputs."""
        return (None, *cotangents_of(ctx.host, ctx.saved_tensors, cotangents))

    @staticmethod
    def jvp(ctx: Any, _: Any, *tangents: Any) -> Any:
        """Return the tangents of the results."""
        return tangents_of(ctx.host, ctx.saved_tensors, tangents)

    @staticmethod
    def vmap(info: Any, in_dims: Any, host: Host, *operands: Any) -> Any:
        """Call the function for a batch."""
        moved, batch = in_front(operands, in_dims[1:], info.batch_size)
        results = Applied.apply(host.batched(batch), *moved)
        return results, (0,) * len(results)
