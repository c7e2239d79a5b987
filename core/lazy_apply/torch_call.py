"""What the two operators of PyTorch share: the call itself and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import array_api_compat.numpy
import array_api_compat.torch
import numpy as np
import torch

from core.lazy_apply.bound_call import Batch, BoundCall
from core.lazy_apply.call import Call, add_name_note, missing_derivative
from core.lazy_apply.outputs import resolve
from core.lazy_apply.torch_numpy import from_numpy, numpy_dtype, to_numpy
from core.typing import Array, DType

Tensor: TypeAlias = Array
Tensors: TypeAlias = tuple[Array, ...]


def bind(call: Call) -> tuple[BoundCall, list[Tensor]]:
    """Return `call` without its tensors, and these tensors."""
    outputs = resolve(call, lambda: _result_type(call))
    return BoundCall.of(call, outputs, lambda x: isinstance(x, torch.Tensor))


def _result_type(call: Call) -> DType:
    return array_api_compat.torch.result_type(*(x for x in call.args if x is not None))


def run(bound: BoundCall, operands: Sequence[Tensor]) -> list[Tensor]:
    """Call the function with concrete tensors.

    The results share no memory with the tensors or with each other, as PyTorch requires.
    """
    try:
        if bound.call.as_numpy:
            return _run_with_numpy(bound, operands)
        return _run_with_tensors(bound, operands)
    except Exception as error:
        add_name_note(error, bound.call.func)
        raise


def _run_with_tensors(bound: BoundCall, operands: Sequence[Tensor]) -> list[Tensor]:
    used = {_memory(x) for x in operands}
    results = []
    for x in bound(operands, array_api_compat.torch):
        memory = _memory(x)
        results.append(x.clone() if memory in used else x)
        used.add(memory)
    return results


def _memory(x: Tensor) -> object:
    """Return what identifies the memory of a tensor; empty memory is not shared."""
    storage = x.untyped_storage()
    return storage.data_ptr() or object()


def _run_with_numpy(bound: BoundCall, operands: Sequence[Tensor]) -> list[Tensor]:
    dtypes = tuple(numpy_dtype(dtype) for dtype in bound.outputs.dtypes)
    with_numpy = replace(bound, outputs=replace(bound.outputs, dtypes=dtypes))
    arrays = [to_numpy(x.detach().resolve_conj().resolve_neg()) for x in operands]
    results = with_numpy(arrays, array_api_compat.numpy)
    return [from_numpy(np.array(x), operands[0].device) for x in results]


def move_batch_axes(
    operands: Sequence[Tensor], axes: Sequence[int | None], size: int
) -> tuple[list[Tensor], Batch]:
    """Return the operands with the axis of ``vmap`` as the first axis, and the batch."""
    mapped = tuple(axis is not None for axis in axes)
    moved = [
        x if axis is None else torch.movedim(x, axis, 0)
        for x, axis in zip(operands, axes, strict=True)
    ]
    return moved, Batch(size, mapped)


def is_inexact(dtype: DType) -> bool:
    """Return whether arrays of `dtype` have derivatives."""
    return bool(dtype.is_floating_point or dtype.is_complex)


def select_inexact(bound: BoundCall, values: Sequence[Tensor]) -> Tensors:
    """Return those of `values`, one for each result, whose results have derivatives."""
    pairs = zip(values, bound.outputs.dtypes, strict=True)
    return tuple(value for value, dtype in pairs if is_inexact(dtype))


def cotangents_of(bound: BoundCall, primals: Tensors, cotangents: Tensors) -> list[Tensor | None]:
    """Return the cotangent of each operand; None for integers.

    Raises
    ------
    NotImplementedError
        The caller of `lazy_apply` gave no derivative.
    """
    inexact = [i for i, x in enumerate(primals) if is_inexact(x.dtype)]

    def backward(primals: Tensors, cotangents: Tensors) -> Tensors:
        found = _given_cotangents(bound, inexact, primals, cotangents)
        pairs = [(found[i], primals[i]) for i in inexact]
        return tuple(torch.zeros_like(x) if one is None else one for one, x in pairs)

    function: Callable[[Tensors, Tensors], Tensors] = backward
    for batch in reversed(bound.batches):
        function = _mapped_backward(function, batch, inexact)
    found = dict(zip(inexact, function(primals, cotangents), strict=True))
    return [found.get(i) for i in range(len(primals))]


def _given_cotangents(
    bound: BoundCall, inexact: list[int], primals: Tensors, cotangents: Tensors
) -> Any:
    """Return cotangents by position, from the `vjp` or `jvp` of the call."""
    call = bound.call
    if call.vjp is not None:
        found = call.vjp(primals, bound.outputs.wrap(cotangents))
        return found if isinstance(found, (tuple, list)) else (found,)
    if call.jvp is None:
        raise NotImplementedError(missing_derivative(call))

    def forward(*tangents: Tensor) -> Tensors:
        by_position = dict(zip(inexact, tangents, strict=True))
        all_tangents = tuple(by_position.get(i) for i in range(len(primals)))
        return select_inexact(bound, _given_tangents(bound, primals, all_tangents))

    _, transpose = torch.func.vjp(forward, *(torch.zeros_like(primals[i]) for i in inexact))
    return dict(zip(inexact, transpose(select_inexact(bound, cotangents)), strict=True))


def _mapped_backward(
    function: Callable[[Tensors, Tensors], Tensors], batch: Batch, inexact: list[int]
) -> Callable[[Tensors, Tensors], Tensors]:
    """Return `function` under ``vmap``, with sums over it as cotangents of unmapped operands."""

    def mapped(primals: Tensors, cotangents: Tensors) -> Tensors:
        axes = tuple(0 if is_mapped else None for is_mapped in batch.mapped)
        found = torch.func.vmap(function, in_dims=(axes, 0))(primals, cotangents)
        pairs = zip(found, inexact, strict=True)
        return tuple(x if batch.mapped[i] else x.sum(0) for x, i in pairs)

    return mapped


def traced_cotangents(bound: BoundCall, primals: Tensors, cotangents: Tensors) -> list[Tensor]:
    """Return the cotangents of inexact operands by differentiating the function with PyTorch.

    `cotangents` are those of the inexact results.

    Raises
    ------
    NotImplementedError
        PyTorch cannot differentiate the function.
    """
    inexact = [i for i, x in enumerate(primals) if is_inexact(x.dtype)]

    def call(*tensors: Tensor) -> Tensors:
        by_position = dict(zip(inexact, tensors, strict=True))
        operands = [by_position.get(i, x) for i, x in enumerate(primals)]
        return select_inexact(bound, bound(operands, array_api_compat.torch))

    try:
        _, backward = torch.func.vjp(call, *(primals[i] for i in inexact))
    except RuntimeError as error:
        raise NotImplementedError(missing_derivative(bound.call)) from error
    return [x.clone() for x in backward(tuple(cotangents))]


def tangents_of(bound: BoundCall, primals: Tensors, tangents: Tensors) -> Tensors:
    """Return the tangent of each result.

    Raises
    ------
    NotImplementedError
        The caller of `lazy_apply` did not give `jvp`.
    """
    if bound.call.jvp is None:
        raise NotImplementedError(missing_derivative(bound.call))
    tangents = tuple(
        torch.zeros_like(x) if t is None and x.is_floating_point() else t
        for x, t in zip(primals, tangents, strict=True)
    )

    def forward(primals: Tensors, tangents: Tensors) -> Tensors:
        return _given_tangents(bound, primals, tangents)

    for batch in reversed(bound.batches):
        axes = tuple(0 if is_mapped else None for is_mapped in batch.mapped)
        tangent_axes = tuple(None if t is None else a for t, a in zip(tangents, axes, strict=True))
        forward = torch.func.vmap(forward, in_dims=(axes, tangent_axes))
    return forward(primals, tangents)


def _given_tangents(bound: BoundCall, primals: Tensors, tangents: Tensors) -> Tensors:
    assert bound.call.jvp is not None
    found = bound.call.jvp(primals, tangents)
    return tuple(found) if bound.outputs.multiple else (found,)
