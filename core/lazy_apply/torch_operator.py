"""The call inside ``torch.compile``: one operator, whose function is found by a number.

A graph can hold numbers and tensors, but no functions. The compiler runs `_number` while it reads
the program and keeps the number. What it stands for lives as long as the process, as nobody knows
how long a graph does; there is one for each place that was compiled, and for each version of it.
"""

from __future__ import annotations

import itertools
import types
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from core.lazy_apply.call import Call
from core.lazy_apply.host import Batch
from core.lazy_apply.loops import Looped
from core.lazy_apply.signature import parse
from core.lazy_apply.torch_host import (
    cotangents_by_torch,
    cotangents_of,
    has_tangent,
    host_of,
    in_front,
    run,
    with_tangents,
)


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A call as a graph knows it: without its tensors, and without the lengths in `shape`."""

    call: Call
    slots: tuple[int | str, ...]
    numbers: tuple[tuple[int | str, type], ...]
    """Where numbers are, which the compiler may not know before the graph runs, and their types."""
    ranks: tuple[int, ...] | None
    """The number of axes of each result; None where `shape` was not given."""
    batches: tuple[Batch, ...] = ()

    def host(self, operands: Sequence[Any], sizes: Sequence[int], numbers: Sequence[Any]) -> Any:
        """Return the call with `operands` and `numbers` in their places."""
        leads = [sum(batch.mapped[i] for batch in self.batches) for i in range(len(operands))]
        own = [  # one element of the batch, which may be empty: what it holds does not matter
            x.new_empty(x.shape[lead:]) if lead else x
            for x, lead in zip(operands, leads, strict=True)
        ]
        values = dict(zip(self.slots, own, strict=True))
        for (slot, cls), number in zip(self.numbers, numbers, strict=True):
            values[slot] = cls(number)
        args, kwargs = self.call.filled(values)
        call = replace(self.call, args=tuple(args), kwargs=kwargs, shape=self._shape(sizes))
        host, _ = host_of(call)
        return replace(host, batches=self.batches)

    def without_values(self, operands: Sequence[Any], sizes: Sequence[int]) -> Any:
        """Return the call while numbers have no values yet, which no shape and dtype depends on."""
        return self.host(operands, sizes, [cls() for _, cls in self.numbers])

    def _shape(self, sizes: Sequence[int]) -> Any:
        if self.ranks is None:
            return None
        left = iter(sizes)
        shapes = [tuple(itertools.islice(left, rank)) for rank in self.ranks]
        return tuple(shapes) if self.call.several else shapes[0]


_numbers = itertools.count()
_compiled: dict[int, Compiled] = {}


def compiled(call: Call) -> Any:
    """Put the call into the graph that is being compiled; the compiler reads this."""
    func: Any = call.func
    owner, vectorize = None, False
    if isinstance(func, Looped):
        func, vectorize = func.func, True
    if isinstance(func, types.MethodType):
        func, owner = func.__func__, func.__self__
    tensors, slots = [], []
    numbers: list[int | float] = []
    places: list[tuple[int | str, type]] = []
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for slot, x in call.inputs():
        constant = None
        if isinstance(x, torch.Tensor):
            tensors.append(x)
            slots.append(slot)
        elif type(x) is int or type(x) is float:
            numbers.append(x)
            places.append((slot, type(x)))
        else:
            constant = x
        if isinstance(slot, str):
            kwargs[slot] = constant
        else:
            args.append(constant)
    sizes: list[int] = []
    ranks = None
    if call.shape is not None:
        shapes = call.shape if call.several else (call.shape,)
        for shape in shapes:
            for length in shape:
                if length is None:
                    raise ValueError(
                        "Output shape must be fully known when running inside torch.compile"
                    )
                sizes.append(length)
        ranks = tuple([len(shape) for shape in shapes])
    number = _number(
        func,
        owner,
        vectorize,
        tuple(args),
        kwargs,
        tuple(slots),
        tuple(places),
        ranks,
        call.several,
        call.dtype,
        call.as_numpy,
        call.vmap_method,
        call.jvp,
        call.vjp,
        None if call.signature is None else call.signature.text,
    )
    results = _operator(tensors, sizes, numbers, number)
    return tuple(results) if call.several else results[0]


def _number(
    func: Any,
    owner: Any,
    vectorize: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    slots: tuple[int | str, ...],
    numbers: tuple[tuple[int | str, type], ...],
    ranks: tuple[int, ...] | None,
    several: int,
    dtype: Any,
    as_numpy: bool,
    vmap_method: str | None,
    jvp: Any,
    vjp: Any,
    signature: str | None,
) -> int:
    """Keep a call and return its number; run by the compiler, with the constants it found."""
    if owner is not None:
        func = types.MethodType(func, owner)
    parsed = None if signature is None else parse(signature)
    call = Call(
        func=Looped(func, parsed) if vectorize and parsed is not None else func,
        args=args,
        kwargs=kwargs,
        shape=((),) * several if several and ranks is not None else None,
        dtype=dtype,
        as_numpy=as_numpy,
        vmap_method=vmap_method,
        jvp=jvp,
        vjp=vjp,
        signature=parsed,
    )
    return _kept(Compiled(call, slots, numbers, ranks))


_number._dynamo_marked_constant = True  # type: ignore[attr-defined]


def _kept(compiled: Compiled) -> int:
    number = next(_numbers)
    _compiled[number] = compiled
    return number


Numbers = Sequence[int | float | bool]  # what PyTorch calls ``Scalar[]``


@torch.library.custom_op("xpcaps::lazy_apply", mutates_args=())  # type: ignore[untyped-decorator]
def _operator(
    operands: Sequence[torch.Tensor], sizes: Sequence[int], numbers: Numbers, number: int
) -> list[torch.Tensor]:
    return run(_compiled[number].host(operands, sizes, numbers), operands)


@_operator.register_fake  # type: ignore[untyped-decorator]
def _shapes(
    operands: Sequence[torch.Tensor], sizes: Sequence[int], numbers: Numbers, number: int
) -> list[Any]:
    host = _compiled[number].without_values(operands, sizes)
    outputs = host.outputs
    return [
        torch.empty(host.sizes + tuple(shape), dtype=dtype, device=operands[0].device)
        for shape, dtype in zip(outputs.shapes, outputs.dtypes, strict=True)
    ]


@torch.library.custom_op("xpcaps::lazy_apply_cotangents", mutates_args=())  # type: ignore[untyped-decorator]
def _looked_into(
    primals: Sequence[torch.Tensor],
    cotangents: Sequence[torch.Tensor],
    sizes: Sequence[int],
    numbers: Numbers,
    number: int,
) -> list[torch.Tensor]:
    host = _compiled[number].host(primals, sizes, numbers)
    return cotangents_by_torch(host, tuple(primals), tuple(cotangents))


@_looked_into.register_fake  # type: ignore[untyped-decorator]
def _like(primals: Sequence[torch.Tensor], *_: Any) -> list[Any]:
    return [torch.empty_like(x) for x in primals if has_tangent(x.dtype)]


def _setup_context(ctx: Any, inputs: Any, output: Any) -> None:
    operands, ctx.sizes, ctx.numbers, ctx.number = inputs
    ctx.save_for_backward(*operands)


def _backward(ctx: Any, cotangents: Any) -> Any:
    primals = ctx.saved_tensors
    # A derivative is a function of tensors alone.
    host = _compiled[ctx.number].without_values(primals, ctx.sizes)
    call = host.call
    if call.as_numpy or call.jvp is not None or call.vjp is not None:
        found = cotangents_of(host, primals, tuple(cotangents))
    else:
        given = list(with_tangents(host, cotangents))
        left = iter(_looked_into(primals, given, ctx.sizes, ctx.numbers, ctx.number))
        found = [next(left) if has_tangent(x.dtype) else None for x in primals]
    return found, _no_gradient(ctx.sizes), _no_gradient(ctx.numbers), None


def _no_gradient(numbers: Sequence[Any]) -> list[Any] | None:
    """Return what PyTorch wants for a list of numbers: None, but for an empty list such a list."""
    return None if numbers else []


def _vmap(info: Any, in_dims: Any, operands: Any, sizes: Any, numbers: Any, number: int) -> Any:
    moved, batch = in_front(operands, in_dims[0], info.batch_size)
    one = _compiled[number]
    outer = _kept(replace(one, batches=(batch, *one.batches)))
    results = _operator(moved, sizes, numbers, outer)
    return results, [0] * len(results)


_operator.register_autograd(_backward, setup_context=_setup_context)
_operator.register_vmap(_vmap)
