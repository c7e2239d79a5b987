"""What PyTorch's two operators have in common: the call itself, and its derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import array_api_compat.numpy
import array_api_compat.torch
import numpy as np
import torch

from core.lazy_apply.call import Call, named, no_derivative
from core.lazy_apply.host import Batch, Host
from core.lazy_apply.outputs import resolve

Tensors = tuple[Any, ...]


def host_of(call: Call) -> tuple[Host, list[Any]]:
    """Return `call` without its tensors, and these tensors."""
    outputs = resolve(call, lambda: _promoted(call))
    return Host.of(call, outputs, lambda x: isinstance(x, torch.Tensor))


def _promoted(call: Call) -> Any:
    return array_api_compat.torch.result_type(*(x for x in call.args if x is not None))


def run(host: Host, operands: Sequence[Any]) -> list[Any]:
    """Call the function with concrete tensors; the results share no memory with them."""
    try:
        return _by_numpy(host, operands) if host.call.as_numpy else _by_torch(host, operands)
    except Exception as error:
        named(error, host.call.func)
        raise


def _by_torch(host: Host, operands: Sequence[Any]) -> list[Any]:
    own = {x.untyped_storage().data_ptr() for x in operands}
    results = host(operands, array_api_compat.torch)
    return [x.clone() if x.untyped_storage().data_ptr() in own else x for x in results]


def _by_numpy(host: Host, operands: Sequence[Any]) -> list[Any]:
    dtypes = tuple(torch.empty(0, dtype=dtype).numpy().dtype for dtype in host.outputs.dtypes)
    inner = replace(host, outputs=replace(host.outputs, dtypes=dtypes))
    arrays = [x.detach().resolve_conj().resolve_neg().numpy() for x in operands]
    results = inner(arrays, array_api_compat.numpy)
    return [torch.asarray(np.array(x), device=operands[0].device) for x in results]


def cotangents_of(host: Host, primals: Tensors, cotangents: Tensors) -> list[Any]:
    """Return the cotangent of each operand; None for integers.

    Raises
    ------
    NotImplementedError
        The caller of `lazy_apply` gave no derivative.
    """
    inexact = [i for i, x in enumerate(primals) if has_tangent(x.dtype)]

    def backwards(primals: Tensors, cotangents: Tensors) -> Tensors:
        found = _transposed(host, inexact, primals, cotangents)
        pairs = [(found[i], primals[i]) for i in inexact]
        return tuple(torch.zeros_like(x) if one is None else one for one, x in pairs)

    for batch in reversed(host.batches):
        backwards = _mapped_backwards(backwards, batch, inexact)
    found = dict(zip(inexact, backwards(primals, cotangents), strict=True))
    return [found.get(i) for i in range(len(primals))]


def _transposed(host: Host, inexact: list[int], primals: Tensors, cotangents: Tensors) -> Any:
    """Return cotangents by position, from whichever derivative there is."""
    call = host.call
    if call.vjp is not None:
        found = call.vjp(primals, host.outputs.wrap(cotangents))
        return found if isinstance(found, (tuple, list)) else (found,)
    if call.jvp is None:
        raise NotImplementedError(no_derivative(call))

    def linear(*tangents: Any) -> Tensors:
        given = dict(zip(inexact, tangents, strict=True))
        found = _tangents(host, primals, tuple(given.get(i) for i in range(len(primals))))
        return with_tangents(host, found)

    _, back = torch.func.vjp(linear, *(torch.zeros_like(primals[i]) for i in inexact))
    return dict(zip(inexact, back(with_tangents(host, cotangents)), strict=True))


def cotangents_by_torch(host: Host, primals: Tensors, cotangents: Tensors) -> list[Any]:
    """Return the cotangents of the operands that have one, from what PyTorch sees of the function.

    `cotangents` are those of the results that have one.

    Raises
    ------
    NotImplementedError
        PyTorch cannot see what the function does.
    """
    inexact = [i for i, x in enumerate(primals) if has_tangent(x.dtype)]

    def called(*given: Any) -> Tensors:
        known = dict(zip(inexact, given, strict=True))
        operands = [known.get(i, x) for i, x in enumerate(primals)]
        return with_tangents(host, host(operands, array_api_compat.torch))

    try:
        _, back = torch.func.vjp(called, *(primals[i] for i in inexact))
    except RuntimeError as error:
        raise NotImplementedError(no_derivative(host.call)) from error
    return [x.clone() for x in back(tuple(cotangents))]


def has_tangent(dtype: Any) -> bool:
    return bool(dtype.is_floating_point or dtype.is_complex)


def with_tangents(host: Host, of_results: Sequence[Any]) -> Tensors:
    """Return what belongs to those results alone that have tangents: not to whole numbers."""
    pairs = zip(of_results, host.outputs.dtypes, strict=True)
    return tuple(one for one, dtype in pairs if has_tangent(dtype))


def _mapped_backwards(function: Any, batch: Batch, inexact: list[int]) -> Any:
    """Return `function` for one more ``vmap``; what is not mapped gets the sum over the batch."""

    def mapped(primals: Tensors, cotangents: Tensors) -> Tensors:
        axes = tuple(0 if is_mapped else None for is_mapped in batch.mapped)
        found = torch.func.vmap(function, in_dims=(axes, 0))(primals, cotangents)
        pairs = zip(found, inexact, strict=True)
        return tuple(x if batch.mapped[i] else x.sum(0) for x, i in pairs)

    return mapped


def tangents_of(host: Host, primals: Tensors, tangents: Tensors) -> Tensors:
    """Return the tangent of each result.

    Raises
    ------
    NotImplementedError
        The caller of `lazy_apply` did not give `jvp`.
    """
    call = host.call
    if call.jvp is None:
        raise NotImplementedError(no_derivative(call))
    tangents = tuple(
        torch.zeros_like(x) if t is None and x.is_floating_point() else t
        for x, t in zip(primals, tangents, strict=True)
    )

    def forwards(primals: Tensors, tangents: Tensors) -> Tensors:
        return _tangents(host, primals, tangents)

    for batch in reversed(host.batches):
        axes = tuple(0 if is_mapped else None for is_mapped in batch.mapped)
        known = tuple(None if t is None else a for t, a in zip(tangents, axes, strict=True))
        forwards = torch.func.vmap(forwards, in_dims=(axes, known))
    return forwards(primals, tangents)


def _tangents(host: Host, primals: Tensors, tangents: Tensors) -> Tensors:
    assert host.call.jvp is not None
    found = host.call.jvp(primals, tangents)
    return tuple(found) if host.outputs.multiple else (found,)


def in_front(operands: Sequence[Any], axes: Sequence[int | None], size: int) -> Any:
    """Return the operands with the axis of ``vmap`` in front, and which have it."""
    mapped = tuple(axis is not None for axis in axes)
    moved = [
        x if axis is None else torch.movedim(x, axis, 0)
        for x, axis in zip(operands, axes, strict=True)
    ]
    return moved, Batch(size, mapped)
