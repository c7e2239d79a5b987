"""Functions that rearrange elements: reshape, join, split, reorder, repeat."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import index
from typing import Any

import numpy as np

from core.lazy.array import LazyArray, make
from core.lazy.library import to_numpy
from core.lazy.namespace import function
from core.lazy.operation import Operation, define, operation
from core.lazy.spec import (
    Axis,
    Shape,
    Spec,
    as_shape,
    axes_of,
    axis_index,
    broadcast,
    joint_spec,
    replace_axis,
)
from core.lazy.standard.common import call, inferred, known_shape, traced
from core.typing import Array

RESHAPE = define(Operation("reshape", "manipulation"))


@function()
def reshape(x: Any, /, shape: Any, *, copy: bool | None = None) -> LazyArray:
    """Return the same elements in another shape; one length may be -1."""
    x = traced(x)
    if copy is None:
        x = _operand_of(RESHAPE, x)  # of a reshaped array only the elements matter
    lengths = tuple(map(index, shape)) if isinstance(shape, tuple | list) else (index(shape),)
    key = (x._spec, lengths)
    known = RESHAPE.cache.get(key)
    if known is None:
        known = RESHAPE.remember(key, x._spec.with_(shape=_reshaped(x, lengths)))
    return make(RESHAPE, (x, lengths), None if copy is None else {"copy": copy}, known)


def _operand_of(op: Operation, x: LazyArray) -> LazyArray:
    """Return the operand of `x` if this is the result of `op` without options, else `x` itself."""
    args, kwargs = x._args, x._kwargs
    if x._op is not op or x._data is not None or kwargs or x.size is None or args[0].modified:
        return x
    return args[0]  # type: ignore[no-any-return]


def _reshaped(x: LazyArray, lengths: tuple[int, ...]) -> Shape:
    free = lengths.count(-1)
    known = math.prod(n for n in lengths if n != -1)
    valid = free <= 1 and all(n >= -1 for n in lengths)
    if valid and x.size is None:
        return tuple(None if n == -1 else n for n in lengths)
    if valid and x.size is not None:
        if free and known and x.size % known == 0:
            return tuple(x.size // known if n == -1 else n for n in lengths)
        if not free and known == x.size:
            return lengths
    raise ValueError(f"an array of shape {x.shape} cannot be reshaped to {lengths}")


@function("manipulation")
def permute_dims(x: Any, /, axes: Sequence[int]) -> LazyArray:
    """Return the array with its axes in another order."""
    x = traced(x)
    order = axes_of(tuple(axes), x.ndim)
    if len(order) != x.ndim:
        raise ValueError(f"permute_dims: axes {tuple(axes)} are not all {x.ndim} axes")
    inner = _operand_of(operation("permute_dims"), x)
    if inner is not x:
        order = tuple([x._args[1][axis] for axis in order])
        x = inner
    shape = tuple([x.shape[axis] for axis in order])
    return call("permute_dims", (x, order), x._spec.with_(shape=shape))


@inferred("manipulation")
def moveaxis(x: Spec, source: Any, destination: Any, /) -> Spec:
    """Return the array with some axes moved to other positions."""
    moved, places = axes_of(source, x.ndim), axes_of(destination, x.ndim)
    if len(moved) != len(places):
        raise ValueError(f"moveaxis: {len(moved)} axes cannot be moved to {len(places)} positions")
    order = [axis for axis in range(x.ndim) if axis not in moved]
    for place, axis in sorted(zip(places, moved, strict=True)):
        order.insert(place, axis)
    return x.with_(shape=tuple([x.shape[axis] for axis in order]))


@function("manipulation")
def expand_dims(x: Any, /, axis: Any = 0) -> LazyArray:
    """Return the array with new axes of length 1."""
    result = traced(x)
    count = len(axis) if isinstance(axis, tuple | list) else 1
    for place in sorted(axes_of(axis, result.ndim + count)):  # some libraries take one axis only
        shape = (*result.shape[:place], 1, *result.shape[place:])
        known = result._spec.with_(shape=shape)
        result = make(operation("expand_dims"), (result,), {"axis": place}, known)
    return result


@function("manipulation")
def squeeze(x: Any, /, axis: Axis = None) -> LazyArray:
    """Return the array without axes of length 1."""
    x = traced(x)
    if axis is None:  # an extension of the standard, as in NumPy
        axis = tuple(i for i, n in enumerate(x.shape) if n == 1)
    places = axes_of(axis, x.ndim)
    for place in places:
        if x.shape[place] not in (1, None):
            raise ValueError(f"squeeze: axis {place} has length {x.shape[place]}, not 1")
    shape = tuple([n for i, n in enumerate(x.shape) if i not in places])
    return call("squeeze", (x,), x._spec.with_(shape=shape), axis=places)


@function("manipulation")
def broadcast_to(x: Any, /, shape: Any) -> LazyArray:
    """Return the array broadcast to `shape`."""
    x = traced(x)
    lengths = as_shape(shape)
    if broadcast(x.shape, lengths) != lengths and None not in x.shape:
        raise ValueError(f"an array of shape {x.shape} cannot be broadcast to {lengths}")
    known_shape("broadcast_to", lengths)
    return call("broadcast_to", (x, lengths), x._spec.with_(shape=lengths))


@function()
def broadcast_arrays(*arrays: Any) -> list[LazyArray]:
    """Return the arrays broadcast to one shape."""
    operands = [traced(one) for one in arrays]
    shape = broadcast(*[one.shape for one in operands])
    return [one if one.shape == shape else broadcast_to(one, shape) for one in operands]


@function()
def broadcast_shapes(*shapes: Shape) -> Shape:
    """Return the shape that arrays of these shapes broadcast to.

    Raises
    ------
    ValueError
        The shapes cannot be broadcast.
    """
    return broadcast(*map(as_shape, shapes))


def _operands(name: str, arrays: Iterable[Array], axis: int | None = None) -> list[LazyArray]:
    """Return arrays to join, whose shapes must agree in all axes but `axis`."""
    operands = [traced(one) for one in arrays]
    if not operands:
        raise ValueError(f"{name}: there are no arrays to join")
    first = operands[0]
    where = None if axis is None else axis_index(axis, first.ndim)
    for one in operands[1:]:
        if one.ndim != first.ndim or any(
            i != where and m != n and None not in (m, n)
            for i, (m, n) in enumerate(zip(one.shape, first.shape, strict=True))
        ):
            where_else = "" if where is None else f" in axes other than {where}"
            raise ValueError(f"{name}: shapes {first.shape} and {one.shape} differ{where_else}")
    return operands


@function("manipulation")
def concat(arrays: Any, /, axis: int | None = 0) -> LazyArray:
    """Join arrays along an existing axis; None joins the flattened arrays."""
    if axis is None:
        arrays, axis = [reshape(one, (-1,)) for one in arrays], 0
    operands = _operands("concat", arrays, axis)
    where = axis_index(axis, operands[0].ndim)
    shape: list[int | None] = list(operands[0].shape)
    for one in operands[1:]:
        shape = [n if m is None else m for m, n in zip(shape, one.shape, strict=True)]
    along = [one.shape[where] for one in operands]
    lengths = [n for n in along if n is not None]
    shape[where] = sum(lengths) if len(lengths) == len(along) else None
    known = joint_spec(*[one._spec for one in operands], shape=tuple(shape))
    return make(operation("concat"), (operands,), {"axis": where}, known)


@function("manipulation")
def stack(arrays: Any, /, axis: int = 0) -> LazyArray:
    """Join arrays of one shape along a new axis."""
    operands = _operands("stack", arrays)
    where = axis_index(axis, operands[0].ndim + 1)
    shape = list(operands[0].shape)
    shape.insert(where, len(operands))
    known = joint_spec(*[one._spec for one in operands], shape=tuple(shape))
    return make(operation("stack"), (operands,), {"axis": where}, known)


@inferred("manipulation", result=tuple)
def unstack(x: Spec, /, *, axis: int = 0) -> list[Spec]:
    """Split an array along an axis into arrays without that axis."""
    where = axis_index(axis, x.ndim)
    count = x.shape[where]
    if count is None:
        raise ValueError(f"unstack: the length of axis {where} is unknown")
    return [x.with_(shape=replace_axis(x.shape, where))] * count


@inferred("manipulation")
def flip(x: Spec, /, axis: Axis = None) -> Spec:
    """Return the array with the order of elements reversed along axes."""
    axes_of(axis, x.ndim)
    return x


@inferred("manipulation")
def roll(x: Spec, /, shift: Any, *, axis: Axis = None) -> Spec:
    """Return the array with elements shifted cyclically along axes."""
    axes = axes_of(axis, x.ndim)
    if isinstance(shift, tuple) and len(shift) != len(axes):
        raise ValueError(f"roll: {len(shift)} shifts for {len(axes)} axes")
    return x


@function("manipulation")
def tile(x: Any, repetitions: Sequence[int], /) -> LazyArray:
    """Return copies of the array side by side."""
    x = traced(x)
    counts = tuple(map(index, repetitions if isinstance(repetitions, Iterable) else (repetitions,)))
    ndim = max(len(counts), x.ndim)
    lengths = (1,) * (ndim - x.ndim) + x.shape
    full = (1,) * (ndim - len(counts)) + counts
    shape = tuple([None if n is None else n * c for n, c in zip(lengths, full, strict=True)])
    return call("tile", (x, counts), x._spec.with_(shape=shape))


@function("manipulation")
def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> LazyArray:
    """Return the array with each element repeated; the number of copies may be an array."""
    x = traced(x)
    if axis is None:
        x = reshape(x, (-1,)) if x.ndim != 1 else x
    where = axis_index(0 if axis is None else axis, x.ndim)
    length = x.shape[where]
    if isinstance(repeats, tuple | list):
        repeats = np.asarray(repeats)
    if isinstance(repeats, int):
        if repeats < 0:
            raise ValueError(f"repeat: the number of repetitions {repeats} is negative")
        total = None if length is None else length * repeats
    else:
        repeats = traced(repeats)
        total = None if repeats.data is None else int(to_numpy(repeats.data).sum())
        if total is not None and repeats.size == 1:
            total = None if length is None else length * total
    known = x._spec.with_(shape=replace_axis(x.shape, where, total))
    return call("repeat", (x, repeats), known, axis=where)
