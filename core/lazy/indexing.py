"""Indexing of traced arrays: the shape of ``x[key]`` for all kinds of keys."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from core.lazy.dtypes import promotion
from core.lazy.errors import refuse
from core.lazy.graph.node import record
from core.lazy.in_place import current, is_scalar, note_view
from core.lazy.library import backend_of, to_numpy
from core.lazy.operation import Operation, define
from core.lazy.spec import Shape, Spec, broadcast
from core.typing import Array

GETITEM = define(Operation("getitem", "indexing"))
_BASIC = dict.fromkeys((int, slice, type(None), type(Ellipsis)), True)
masks_allowed: ContextVar[bool] = ContextVar("boolean_indexing", default=False)


@contextmanager
def boolean_indexing(allowed: bool = True) -> Iterator[None]:
    """Allow boolean masks as indices of traced arrays; the length of the result is unknown.

    Parameters
    ----------
    allowed : bool, optional

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3, 4))
    >>> with lazy.boolean_indexing():
    ...     x[x > 0].shape
    (None,)
    """
    token = masks_allowed.set(allowed)
    try:
        yield
    finally:
        masks_allowed.reset(token)


def getitem(self: Array, key: Any, /) -> Array:
    """Return the part of the array that `key` selects, as in NumPy.

    Raises
    ------
    IndexError
        The key is out of bounds, or not a valid index.
    DataDependentError
        The key is a traced mask, and `boolean_indexing` is off.
    """
    spec: Spec = self._spec
    if type(key) is int:
        found = GETITEM.cache.get((spec, key))
        if found is None:
            shape = index_shape(spec.shape, (key,))
            found = GETITEM.remember((spec, key), spec.with_(shape=shape))
        return _view(self, record(type(self), GETITEM, (self, key), None, found))
    cls = type(self)
    keys = key if isinstance(key, tuple) else (key,)
    if None not in [_BASIC.get(one.__class__) for one in keys]:
        plain = tuple(
            [(one.start, one.stop, one.step) if one.__class__ is slice else one for one in keys]
        )
        try:
            found = GETITEM.cache.get((spec, plain))
        except TypeError:  # a slice has an array as its start, stop or step
            found = None
        if found is None:
            integral = tuple([_integral(one) if one.__class__ is slice else one for one in keys])
            found = spec.with_(shape=index_shape(spec.shape, integral, spec.backend))
            if all(map(operator.is_, integral, keys)):
                GETITEM.remember((spec, plain), found)
            else:
                key = integral if isinstance(key, tuple) else integral[0]
        return _view(self, record(cls, GETITEM, (self, key), None, found))
    parts = tuple([_part(cls, one) for one in keys])
    selected = spec.with_(shape=index_shape(spec.shape, parts, spec.backend))
    return record(cls, GETITEM, (self, parts if len(parts) != 1 else parts[0]), None, selected)


def _view(base: Array, part: Array) -> Array:
    """Return a part of an array, after noting that they share memory if they do."""
    spec = part._spec
    if (
        not promotion(spec.backend).immutable
        and (spec.shape or not is_scalar(part))
        and (base._spec.shape or not is_scalar(base))
    ):
        note_view(base, part)
    return part


def _integral(part: slice) -> slice:
    """Return a slice with integers in place of integer arrays without axes."""
    given = (part.start, part.stop, part.step)
    if all(one is None or one.__class__ is int for one in given):
        return part
    return slice(*[None if one is None else operator.index(one) for one in given])


def _part(cls: Any, part: Any) -> Any:
    """Return one part of a key, with a concrete array as a constant of the graph."""
    if isinstance(part, cls):
        return current(part)
    if part is None or part is Ellipsis or isinstance(part, slice | bool):
        return part
    if isinstance(part, list):
        part = np.asarray(part) if part else np.asarray(part, dtype=np.intp)
    if isinstance(part, np.bool_):
        return bool(part)
    if backend_of(part) is not None and not isinstance(part, np.generic):
        return cls.from_data(part)
    if hasattr(part, "__index__"):
        return part.__index__()
    raise IndexError(
        "an array is indexed by integers, slices, None, ... and arrays, "
        f"not by {type(part).__name__}"
    )


def index_shape(shape: Shape, keys: tuple[Any, ...], backend: str | None = None) -> Shape:
    """Return the shape of ``x[keys]`` for an ``x`` of `shape`.

    An integer next to arrays is broadcast with them, except in libraries that apply it first.
    """
    keys = _without_ellipsis(keys, len(shape))
    integers_first = promotion(backend).integers_index_first
    advanced = any(_is_array(key) for key in keys)
    result: list[int | None] = []
    arrays: list[Shape] = []
    starts: list[int] = []  # where in the result each block of adjacent arrays starts
    in_block, axis = False, 0
    for key in keys:
        if key is None or isinstance(key, slice):
            if key is None:
                result.append(1)
            else:
                # `indices` raises for traced arrays in the slice, also if the length is unknown.
                length = shape[axis]
                indices = key.indices(0 if length is None else length)
                result.append(None if length is None else len(range(*indices)))
                axis += 1
            in_block = False
            continue
        indexed: Shape = ()
        if isinstance(key, int) and not isinstance(key, bool):
            length = shape[axis]
            if length is not None and not -length <= key < length:
                raise IndexError(f"index {key} is out of bounds for axis {axis} of length {length}")
            axis += 1
            if integers_first:
                continue
        else:
            indexed, used = _array_index(key, shape[axis:])
            axis += used
        if advanced:
            arrays.append(indexed)
            if not in_block:
                starts.append(len(result))
            in_block = True
    result.extend(shape[axis:])
    if not arrays:
        return tuple(result)
    # The axes of adjacent arrays stay in place; those of separate ones come first.
    place = starts[0] if len(starts) == 1 else 0
    return (*result[:place], *broadcast(*arrays), *result[place:])


def _without_ellipsis(keys: tuple[Any, ...], ndim: int) -> tuple[Any, ...]:
    used = sum(_axes_used(key) for key in keys)
    if used > ndim:
        raise IndexError(f"{used} indices are too many for an array of {ndim} dimensions")
    at = [i for i, key in enumerate(keys) if key is Ellipsis]
    if not at:
        return keys
    if len(at) > 1:
        raise IndexError("an index can have only one ellipsis")
    return keys[: at[0]] + (slice(None),) * (ndim - used) + keys[at[0] + 1 :]


def _axes_used(key: Any) -> int:
    if key is None or key is Ellipsis or isinstance(key, bool):
        return 0
    is_mask = hasattr(key, "_spec") and key.dtype.kind == "b"
    return key.ndim if is_mask else 1


def _is_array(key: Any) -> bool:
    return isinstance(key, bool) or hasattr(key, "_spec")


def _array_index(key: Any, shape: Shape) -> tuple[Shape, int]:
    """Return the shape that an array adds as an index, and how many axes it replaces."""
    if isinstance(key, bool):
        return (int(key),), 0
    if key.dtype.kind in "iu":
        return key.shape, 1
    if key.dtype.kind != "b":
        raise IndexError(f"an index array must have an integer or boolean dtype, not {key.dtype}")
    for own, length in zip(key.shape, shape, strict=False):
        if None not in (own, length) and own not in (0, length):  # NumPy accepts empty masks
            raise IndexError(f"a mask of shape {key.shape} does not fit {shape[: key.ndim]}")
    if key.data is not None:
        return (int(np.count_nonzero(to_numpy(key.data))),), key.ndim
    if not masks_allowed.get():
        refuse("a boolean mask")
    return (None,), key.ndim
