"""The call inside ``torch.compile``: an operator that looks up its function by an id.

A graph can contain numbers and tensors, but no functions. The compiler calls `_register` while it
traces and puts the id into the graph. Registered calls are kept as long as the process, since the
lifetime of graphs is unknown; there is one per call site and compiled version.
"""

from __future__ import annotations

import itertools
import types
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from core._private.torch import mark_constant
from core.lazy_apply.bound_call import Batch, BoundCall
from core.lazy_apply.call import Call
from core.lazy_apply.signature import parse
from core.lazy_apply.torch_call import (
    Tensor,
    bind,
    cotangents_of,
    is_inexact,
    move_batch_axes,
    run,
    select_inexact,
    traced_cotangents,
)
from core.lazy_apply.trees import TreeDerivative, TreeFunction, TreeStructures
from core.lazy_apply.vectorized import VectorizedFunction
from core.typing import DType


@dataclass(frozen=True, slots=True, eq=False)
class CompiledCall:
    """A call without what a graph passes to its operator: tensors, numbers, lengths in `shape`."""

    call: Call
    slots: tuple[int | str, ...]
    numbers: tuple[tuple[int | str, type], ...]
    """The positions or names and the types of numbers, which may be symbols of the compiler."""
    ranks: tuple[int, ...] | None
    """The number of axes of each result; None if `shape` was not given."""
    batches: tuple[Batch, ...] = ()

    def bind(
        self, operands: Sequence[Tensor], sizes: Sequence[int], numbers: Sequence[Any]
    ) -> BoundCall:
        """Return the call with `numbers` and the shapes and dtypes of `operands`."""
        batch_ndims = [sum(batch.mapped[i] for batch in self.batches) for i in range(len(operands))]
        elements = [  # of the batch; only shape and dtype matter
            x.new_empty(x.shape[ndim:]) if ndim else x
            for x, ndim in zip(operands, batch_ndims, strict=True)
        ]
        values = dict(zip(self.slots, elements, strict=True))
        for (slot, cls), number in zip(self.numbers, numbers, strict=True):
            values[slot] = cls(number)
        args, kwargs = self.call.arguments_with(values)
        call = replace(self.call, args=tuple(args), kwargs=kwargs, shape=self._shape(sizes))
        bound, _ = bind(call)
        return replace(bound, batches=self.batches)

    def bind_without_values(self, operands: Sequence[Tensor], sizes: Sequence[int]) -> BoundCall:
        """Return the call with zeros for numbers, on which shapes and dtypes do not depend."""
        return self.bind(operands, sizes, [cls() for _, cls in self.numbers])

    def _shape(self, sizes: Sequence[int]) -> Any:
        if self.ranks is None:
            return None
        remaining = iter(sizes)
        shapes = [tuple(itertools.islice(remaining, rank)) for rank in self.ranks]
        return tuple(shapes) if self.call.result_count else shapes[0]


_ids = itertools.count()
_registered: dict[int, CompiledCall] = {}


def apply_operator(call: Call) -> Any:
    """Add the call to the graph that is being compiled; the compiler traces this function."""
    func: Any = call.func
    owner, vectorize = None, False
    if isinstance(func, VectorizedFunction):
        func, vectorize = func.func, True
    structures = None
    jvp: Any = call.jvp
    vjp: Any = call.vjp
    scalars: tuple[Any, ...] = ()
    if isinstance(func, TreeFunction):
        structures = (
            func.structures.arguments,
            func.structures.results,
            func.structures.extra,
        )
        func = func.func
        if isinstance(jvp, TreeDerivative):
            jvp, scalars = jvp.function, tuple(jvp.scalars.items())
        if isinstance(vjp, TreeDerivative):
            vjp, scalars = vjp.function, tuple(vjp.scalars.items())
    if isinstance(func, types.MethodType):
        func, owner = func.__func__, func.__self__
    tensors, slots = [], []
    numbers: list[int | float] = []
    number_slots: list[tuple[int | str, type]] = []
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for slot, x in call.inputs():
        constant = None
        if isinstance(x, torch.Tensor):
            tensors.append(x)
            slots.append(slot)
        elif type(x) is int or type(x) is float:
            numbers.append(x)
            number_slots.append((slot, type(x)))
        else:
            constant = x
        if isinstance(slot, str):
            kwargs[slot] = constant
        else:
            args.append(constant)
    sizes: list[int] = []
    ranks = None
    if call.shape is not None:
        shapes = call.shape if call.result_count else (call.shape,)
        for shape in shapes:
            for length in shape:
                if length is None:
                    raise ValueError(
                        "Output shape must be fully known when running inside torch.compile"
                    )
                sizes.append(length)
        ranks = tuple([len(shape) for shape in shapes])
    for function in (func, jvp, vjp, *kwargs.values()):
        if isinstance(function, types.FunctionType):
            # The compiler then compiles anew for another function. By default it compares only the
            # code of functions, and closures with other contents have the same code.
            id(function)
    call_id = _register(
        func,
        owner,
        vectorize,
        structures,
        tuple(args),
        kwargs,
        tuple(slots),
        tuple(number_slots),
        ranks,
        call.result_count,
        call.dtype,
        call.as_numpy,
        call.vmap_method,
        jvp,
        vjp,
        scalars,
        None if call.signature is None else call.signature.text,
    )
    results = _operator(tensors, sizes, numbers, call_id)
    return tuple(results) if call.result_count else results[0]


@mark_constant
def _register(
    func: Any,
    owner: Any,
    vectorize: bool,
    structures: tuple[Any, ...] | None,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    slots: tuple[int | str, ...],
    numbers: tuple[tuple[int | str, type], ...],
    ranks: tuple[int, ...] | None,
    result_count: int,
    dtype: DType,
    as_numpy: bool,
    vmap_method: str | None,
    jvp: Any,
    vjp: Any,
    scalars: tuple[Any, ...],
    signature: str | None,
) -> int:
    """Register a call and return its id; the compiler calls it with the constants of the trace."""
    if owner is not None:
        func = types.MethodType(func, owner)
    if structures is not None:
        trees = TreeStructures(*structures)
        func = TreeFunction(func, trees)
        if jvp is not None:
            jvp = TreeDerivative(jvp, trees, dict(scalars), is_reverse=False)
        if vjp is not None:
            vjp = TreeDerivative(vjp, trees, dict(scalars), is_reverse=True)
    parsed = None if signature is None else parse(signature)
    call = Call(
        func=VectorizedFunction(func, parsed) if vectorize and parsed is not None else func,
        args=args,
        kwargs=kwargs,
        shape=((),) * result_count if result_count and ranks is not None else None,
        dtype=dtype,
        as_numpy=as_numpy,
        vmap_method=vmap_method,
        jvp=jvp,
        vjp=vjp,
        signature=parsed,
    )
    return _add(CompiledCall(call, slots, numbers, ranks))


def _registered_call(call_id: int) -> CompiledCall:
    try:
        return _registered[call_id]
    except KeyError:
        raise RuntimeError(
            "this graph calls lazy_apply with a function of the process that traced it: trace or "
            "export it again in this process"
        ) from None


def _add(compiled: CompiledCall) -> int:
    call_id = next(_ids)
    _registered[call_id] = compiled
    return call_id


Numbers = Sequence[int | float | bool]  # the type of ``Scalar[]`` in PyTorch's schemas


@torch.library.custom_op("xpcaps::lazy_apply", mutates_args=())  # type: ignore[untyped-decorator]
def _operator(
    operands: Sequence[torch.Tensor], sizes: Sequence[int], numbers: Numbers, call_id: int
) -> list[torch.Tensor]:
    return run(_registered_call(call_id).bind(operands, sizes, numbers), operands)


@_operator.register_fake  # type: ignore[untyped-decorator]
def _fake_operator(
    operands: Sequence[torch.Tensor], sizes: Sequence[int], numbers: Numbers, call_id: int
) -> list[Any]:
    bound = _registered_call(call_id).bind_without_values(operands, sizes)
    outputs = bound.outputs
    return [
        torch.empty(bound.sizes + tuple(shape), dtype=dtype, device=operands[0].device)
        for shape, dtype in zip(outputs.shapes, outputs.dtypes, strict=True)
    ]


@torch.library.custom_op("xpcaps::lazy_apply_cotangents", mutates_args=())  # type: ignore[untyped-decorator]
def _cotangents_operator(
    primals: Sequence[torch.Tensor],
    cotangents: Sequence[torch.Tensor],
    sizes: Sequence[int],
    numbers: Numbers,
    call_id: int,
) -> list[torch.Tensor]:
    bound = _registered_call(call_id).bind(primals, sizes, numbers)
    return traced_cotangents(bound, tuple(primals), tuple(cotangents))


@_cotangents_operator.register_fake  # type: ignore[untyped-decorator]
def _fake_cotangents_operator(primals: Sequence[torch.Tensor], *_: Any) -> list[Any]:
    return [torch.empty_like(x) for x in primals if is_inexact(x.dtype)]


def _setup_context(ctx: Any, inputs: Any, output: Any) -> None:
    operands, ctx.sizes, ctx.numbers, ctx.call_id = inputs
    ctx.save_for_backward(*operands)


def _backward(ctx: Any, cotangents: Any) -> Any:
    primals = ctx.saved_tensors
    # Derivatives that the caller gave are functions of tensors only.
    bound = _registered_call(ctx.call_id).bind_without_values(primals, ctx.sizes)
    call = bound.call
    if call.as_numpy or call.jvp is not None or call.vjp is not None:
        found = cotangents_of(bound, primals, tuple(cotangents))
    else:
        inexact = list(select_inexact(bound, cotangents))
        remaining = iter(
            _cotangents_operator(primals, inexact, ctx.sizes, ctx.numbers, ctx.call_id)
        )
        found = [next(remaining) if is_inexact(x.dtype) else None for x in primals]
    return found, _no_gradient(ctx.sizes), _no_gradient(ctx.numbers), None


def _no_gradient(numbers: Sequence[Any]) -> list[Any] | None:
    """Return the gradient that PyTorch requires for a list of numbers: None, or an empty list."""
    return None if numbers else []


def _vmap(info: Any, in_dims: Any, operands: Any, sizes: Any, numbers: Any, call_id: int) -> Any:
    moved, batch = move_batch_axes(operands, in_dims[0], info.batch_size)
    inner = _registered_call(call_id)
    outer_id = _add(replace(inner, batches=(batch, *inner.batches)))
    results = _operator(moved, sizes, numbers, outer_id)
    return results, [0] * len(results)


_operator.register_autograd(_backward, setup_context=_setup_context)
_operator.register_vmap(_vmap)
