"""Functions that move elements about: reshape, join, cut, turn, repeat."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import index
from typing import Any, cast

import numpy as np

from core.lazy import dtypes
from core.lazy.array import LazyArray, make, make_many
from core.lazy.operation import Operation, define
from core.lazy.spec import Shape, as_shape, axes_of, axis_index, broadcast, common, spec
from core.lazy.standard.inputs import traced
from core.lazy.standard.registry import standard


def _define(name: str) -> Operation:
    return define(Operation(name, "manipulation"))


RESHAPE, PERMUTE = _define("reshape"), _define("permute_dims")
EXPAND, SQUEEZE, BROADCAST = _define("expand_dims"), _define("squeeze"), _define("broadcast_to")
CONCAT, STACK, UNSTACK = _define("concat"), _define("stack"), _define("unstack")
FLIP, ROLL, TILE, REPEAT = _define("flip"), _define("roll"), _define("tile"), _define("repeat")
MOVEAXIS = _define("moveaxis")


@standard()
def reshape(x: Any, /, shape: Any, *, copy: bool | None = None) -> LazyArray:
    """Return the same elements in another shape; one length may be -1."""
    x = traced(x)
    lengths = tuple(map(index, shape)) if isinstance(shape, tuple | list) else (index(shape),)
    key = (x._spec, lengths)
    found = RESHAPE.cache.get(key)
    if found is None:
        result = x._spec.with_(shape=_reshaped(x, lengths))
        found = RESHAPE.remember(key, result)
    return make(RESHAPE, (x, lengths), None if copy is None else {"copy": copy}, found)


def _reshaped(x: LazyArray, lengths: tuple[int, ...]) -> Shape:
    free = lengths.count(-1)
    known = math.prod(n for n in lengths if n != -1)
    wrong = f"an array of shape {x.shape} cannot be reshaped to {lengths}"
    if free > 1 or any(n < -1 for n in lengths):
        raise ValueError(wrong)
    if x.size is None:
        return tuple(None if n == -1 else n for n in lengths)
    if free:
        if known == 0 or x.size % known:
            raise ValueError(wrong)
        return tuple(x.size // known if n == -1 else n for n in lengths)
    if known != x.size:
        raise ValueError(wrong)
    return lengths


@standard()
def permute_dims(x: Any, /, axes: Sequence[int]) -> LazyArray:
    """Return the array with its axes in another order."""
    x = traced(x)
    order = axes_of(tuple(axes), x.ndim)
    if len(order) != x.ndim:
        raise ValueError(f"permute_dims: axes {tuple(axes)} do not name all {x.ndim} axes")
    shape = tuple([x.shape[axis] for axis in order])
    return make(PERMUTE, (x, order), None, x._spec.with_(shape=shape))


@standard(extra=True)
def transpose(a: Any, axes: Sequence[int] | None = None) -> LazyArray:
    """Return the array with its axes in another order, by default reversed."""
    a = traced(a)
    return permute_dims(a, tuple(range(a.ndim))[::-1] if axes is None else axes)


@standard()
def moveaxis(x: Any, source: Any, destination: Any, /) -> LazyArray:
    """Return the array with some axes moved to other places."""
    x = traced(x)
    taken, put = axes_of(source, x.ndim), axes_of(destination, x.ndim)
    if len(taken) != len(put):
        raise ValueError(f"moveaxis: {len(taken)} axes cannot be moved to {len(put)} places")
    order = [axis for axis in range(x.ndim) if axis not in taken]
    for place, axis in sorted(zip(put, taken, strict=True)):
        order.insert(place, axis)
    shape = tuple([x.shape[axis] for axis in order])
    return make(MOVEAXIS, (x, source, destination), None, x._spec.with_(shape=shape))


@standard()
def expand_dims(x: Any, /, axis: Any = 0) -> LazyArray:
    """Return the array with new axes of length 1."""
    x = traced(x)
    count = len(axis) if isinstance(axis, tuple | list) else 1
    places = axes_of(axis, x.ndim + count)
    rest = iter(x.shape)
    shape = tuple([1 if i in places else next(rest) for i in range(x.ndim + count)])
    if count == 1:
        return make(EXPAND, (x,), {"axis": places[0]}, x._spec.with_(shape=shape))
    # Not every library takes several axes at once.
    expanded: LazyArray = x
    for place in sorted(places):
        expanded = expand_dims(expanded, axis=place)
    return expanded


@standard()
def squeeze(x: Any, /, axis: Any = None) -> LazyArray:
    """Return the array without axes of length 1."""
    x = traced(x)
    if axis is None:  # not of the standard, but NumPy's users write it
        axis = tuple(i for i, n in enumerate(x.shape) if n == 1)
    places = axes_of(axis, x.ndim)
    for place in places:
        if x.shape[place] not in (1, None):
            raise ValueError(f"squeeze: axis {place} has length {x.shape[place]}, not 1")
    shape = tuple([n for i, n in enumerate(x.shape) if i not in places])
    return make(SQUEEZE, (x,), {"axis": places}, x._spec.with_(shape=shape))


@standard()
def broadcast_to(x: Any, /, shape: Any) -> LazyArray:
    """Return the array repeated along axes of length 1, and new ones, to `shape`."""
    x = traced(x)
    lengths = as_shape(shape)
    if broadcast(x.shape, lengths) != lengths and None not in x.shape:
        raise ValueError(f"an array of shape {x.shape} cannot be broadcast to {lengths}")
    if None in lengths:
        raise ValueError(f"broadcast_to: the shape {lengths} has a length that is not known")
    return make(BROADCAST, (x, lengths), None, x._spec.with_(shape=lengths))


@standard()
def broadcast_arrays(*arrays: Any) -> tuple[LazyArray, ...]:
    """Return arrays broadcast to one shape."""
    operands = [traced(one) for one in arrays]
    shape = broadcast(*[one.shape for one in operands])
    return tuple([one if one.shape == shape else broadcast_to(one, shape) for one in operands])


@standard()
def broadcast_shapes(*shapes: Shape) -> Shape:
    """Return the shape that arrays of these shapes broadcast to.

    Parameters
    ----------
    *shapes : tuple of int or None

    Returns
    -------
    tuple of int or None

    Raises
    ------
    ValueError
        The shapes cannot be broadcast.
    """
    return broadcast(*map(as_shape, shapes))


def _joined(name: str, arrays: Any) -> tuple[list[LazyArray], Any]:
    operands = [traced(one) for one in arrays]
    if not operands:
        raise ValueError(f"{name}: there are no arrays to join")
    backend, device = common(*[one._spec for one in operands])
    dtype = operands[0].dtype
    for one in operands[1:]:
        dtype = dtypes.promote(dtype, one.dtype, backend)
    return operands, spec((), dtype, backend, device)


@standard()
def concat(arrays: Any, /, axis: int | None = 0) -> LazyArray:
    """Join arrays along an axis that they have; None joins their elements."""
    operands, known = _joined("concat", arrays)
    if axis is None:
        operands = [reshape(one, (-1,)) for one in operands]
    where = axis_index(0 if axis is None else axis, operands[0].ndim)
    for one in operands[1:]:
        same = one.ndim == operands[0].ndim and all(
            i == where or m == n or None in (m, n)
            for i, (m, n) in enumerate(zip(one.shape, operands[0].shape, strict=True))
        )
        if not same:
            raise ValueError(
                f"concat: shapes {operands[0].shape} and {one.shape} differ beside axis {where}"
            )
    shape = list(operands[0].shape)
    for one in operands[1:]:
        shape = [n if m is None else m for m, n in zip(shape, one.shape, strict=True)]
    along = [one.shape[where] for one in operands]
    shape[where] = None if None in along else sum(cast("list[int]", along))
    return make(CONCAT, (operands,), {"axis": where}, known.with_(shape=tuple(shape)))


@standard()
def stack(arrays: Any, /, axis: int = 0) -> LazyArray:
    """Join arrays of one shape along a new axis."""
    operands, known = _joined("stack", arrays)
    for one in operands[1:]:
        if one.ndim != operands[0].ndim or any(
            m != n and None not in (m, n) for m, n in zip(one.shape, operands[0].shape, strict=True)
        ):
            raise ValueError(f"stack: shapes {operands[0].shape} and {one.shape} differ")
    where = axis_index(axis, operands[0].ndim + 1)
    shape = list(operands[0].shape)
    shape.insert(where, len(operands))
    return make(STACK, (operands,), {"axis": where}, known.with_(shape=tuple(shape)))


@standard()
def unstack(x: Any, /, *, axis: int = 0) -> tuple[LazyArray, ...]:
    """Cut an array along an axis into arrays without that axis."""
    x = traced(x)
    where = axis_index(axis, x.ndim)
    count = x.shape[where]
    if count is None:
        raise ValueError(f"unstack: the length of axis {where} is not known")
    part = x._spec.with_(shape=x.shape[:where] + x.shape[where + 1 :])
    return tuple(make_many(UNSTACK, (x,), {"axis": where}, (part,) * count)) if count else ()


@standard()
def flip(x: Any, /, axis: Any = None) -> LazyArray:
    """Return the array with the order of elements reversed along axes."""
    x = traced(x)
    axes_of(axis, x.ndim)
    return make(FLIP, (x,), None if axis is None else {"axis": axis}, x._spec)


@standard()
def roll(x: Any, /, shift: Any, *, axis: Any = None) -> LazyArray:
    """Return the array with elements shifted along axes, around the end."""
    x = traced(x)
    axes = axes_of(axis, x.ndim)
    if isinstance(shift, tuple | list) and len(shift) != len(axes):
        raise ValueError(f"roll: {len(shift)} shifts for {len(axes)} axes")
    return make(ROLL, (x, shift), None if axis is None else {"axis": axis}, x._spec)


@standard()
def tile(x: Any, repetitions: Sequence[int], /) -> LazyArray:
    """Return copies of the whole array side by side."""
    x = traced(x)
    counts = tuple(map(index, repetitions if isinstance(repetitions, Iterable) else (repetitions,)))
    ndim = max(len(counts), x.ndim)
    lengths = (1,) * (ndim - x.ndim) + x.shape
    full = (1,) * (ndim - len(counts)) + counts
    shape = tuple([None if n is None else n * c for n, c in zip(lengths, full, strict=True)])
    return make(TILE, (x, counts), None, x._spec.with_(shape=shape))


@standard()
def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> LazyArray:
    """Return each element several times; how often may be an array."""
    x = traced(x)
    if axis is None:
        x = reshape(x, (-1,)) if x.ndim != 1 else x
    where = axis_index(0 if axis is None else axis, x.ndim)
    shape = list(x.shape)
    length = shape[where]
    if isinstance(repeats, tuple | list):
        repeats = np.asarray(repeats)
    if isinstance(repeats, int):
        if repeats < 0:
            raise ValueError(f"repeat: {repeats} times is less than none")
        shape[where] = None if length is None else length * repeats
    else:
        repeats = traced(repeats)
        total = None if repeats.data is None else int(repeats.data.sum())
        if total is not None and repeats.size == 1:
            total = None if length is None else length * total
        shape[where] = total
    return make(REPEAT, (x, repeats), {"axis": where}, x._spec.with_(shape=tuple(shape)))
