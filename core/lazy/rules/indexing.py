"""The shape of ``x[key]`` for every kind of key."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from core.lazy.errors import refuse
from core.lazy.graph.node import record
from core.lazy.operation import Operation, define
from core.lazy.spec import Shape, Spec, broadcast

GETITEM = define(Operation("getitem", "indexing"))
_SIMPLE = dict.fromkeys((int, slice, type(None), type(Ellipsis)), True)
_masks_allowed: ContextVar[bool] = ContextVar("boolean_indexing", default=False)


@contextmanager
def boolean_indexing(allowed: bool = True) -> Iterator[None]:
    """Let traced arrays be indexed by boolean masks, which gives a length that is not known.

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3, 4))
    >>> with lazy.boolean_indexing():
    ...     x[x > 0].shape
    (None,)
    """
    token = _masks_allowed.set(allowed)
    try:
        yield
    finally:
        _masks_allowed.reset(token)


def masks_allowed() -> bool:
    """Say whether `boolean_indexing` is on."""
    return _masks_allowed.get()


def getitem(self: Any, key: Any, /) -> Any:
    """Return the part of the array that `key` selects, as in NumPy.

    Raises
    ------
    IndexError
        The key selects what is not there, or is of no kind that arrays know.
    DataDependentError
        The key is a traced mask, and `boolean_indexing` is off.
    """
    spec: Spec = self._spec
    if type(key) is int:
        found = GETITEM.cache.get((spec, key))
        if found is None:
            shape = index_shape(spec.shape, (key,))
            found = GETITEM.remember((spec, key), spec.with_(shape=shape))
        return record(type(self), GETITEM, (self, key), None, found)
    keys = key if isinstance(key, tuple) else (key,)
    cls = type(self)
    known = [_SIMPLE.get(one.__class__) for one in keys]
    if None not in known:
        plain = tuple(
            [(one.start, one.stop, one.step) if one.__class__ is slice else one for one in keys]
        )
        try:
            found = GETITEM.cache.get((spec, plain))
        except TypeError:  # an end of a slice is an array
            found = None
        if found is None:
            whole = tuple([_whole(one) if one.__class__ is slice else one for one in keys])
            shape = index_shape(spec.shape, whole, spec.backend)
            if all(map(operator.is_, whole, keys)):
                found = GETITEM.remember((spec, plain), spec.with_(shape=shape))
            else:
                key = whole if isinstance(key, tuple) else whole[0]
                found = spec.with_(shape=shape)
        return record(cls, GETITEM, (self, key), None, found)
    parts = tuple([_part(cls, one) for one in keys])
    selected = spec.with_(shape=index_shape(spec.shape, parts, spec.backend))
    return record(cls, GETITEM, (self, parts if len(parts) != 1 else parts[0]), None, selected)


def _whole(part: slice) -> slice:
    """Return a slice with integers or None as its ends, which arrays without axes may be too."""
    ends = (part.start, part.stop, part.step)
    if all(one is None or one.__class__ is int for one in ends):
        return part
    return slice(*[None if one is None else operator.index(one) for one in ends])


def _part(cls: Any, part: Any) -> Any:
    """Return one part of a key with arrays made constants of the graph."""
    from core.lazy.library import backend_of

    if part is None or part is Ellipsis or isinstance(part, slice | bool | cls):
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
        f"an array is indexed by integers, slices, None, ... and arrays, "
        f"not by {type(part).__name__}"
    )


def index_shape(shape: Shape, keys: tuple[Any, ...], backend: str | None = None) -> Shape:
    """Return the shape that ``x[keys]`` has where ``x`` has `shape`.

    Beside arrays, an integer counts as one of these; but not to PyTorch, which takes it first.
    """
    keys = _without_ellipsis(keys, len(shape))
    result: list[int | None] = []
    arrays: list[Shape] = []
    places: list[int] = []  # where in the result a block of array indices began
    block_open, axis = False, 0
    advanced = any(_is_array(key) for key in keys)
    for key in keys:
        if key is None:
            result.append(1)
            block_open = False
        elif isinstance(key, slice):
            result.append(_slice_length(key, shape[axis]))
            axis += 1
            block_open = False
        else:
            if isinstance(key, int) and not isinstance(key, bool):
                _check_bounds(key, shape[axis], axis)
                indexed: Shape = ()
                axis += 1
                if backend == "torch":
                    continue
            else:
                indexed, used = _array_index(key, shape[axis:])
                axis += used
            if advanced:
                arrays.append(indexed)
                if not block_open:
                    places.append(len(result))
                block_open = True
    result.extend(shape[axis:])
    if not arrays:
        return tuple(result)
    # Array indices side by side stay in their place; apart, their axes come first.
    place = places[0] if len(places) == 1 else 0
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
    return key.ndim if _is_mask(key) else 1


def _is_array(key: Any) -> bool:
    return isinstance(key, bool) or hasattr(key, "_spec")


def _is_mask(key: Any) -> bool:
    return hasattr(key, "_spec") and key.dtype.kind == "b"


def _array_index(key: Any, shape: Shape) -> tuple[Shape, int]:
    """Return the shape of an array as an index, and how many axes it stands for."""
    if isinstance(key, bool):
        return (int(key),), 0
    if key.dtype.kind in "iu":
        return key.shape, 1
    if key.dtype.kind != "b":
        raise IndexError(f"an array that indexes has an integer or boolean dtype, not {key.dtype}")
    for own, length in zip(key.shape, shape, strict=False):
        if None not in (own, length) and own != length:
            raise IndexError(f"a mask of shape {key.shape} does not fit {shape[: key.ndim]}")
    if key.data is not None:
        return (int(np.count_nonzero(np.asarray(key.data))),), key.ndim
    if not _masks_allowed.get():
        refuse("a boolean mask")
    return (None,), key.ndim


def _slice_length(key: slice, length: int | None) -> int | None:
    if length is None:
        # Something traced in the slice is refused here too, as for a known length.
        key.indices(0)
        return None
    return len(range(*key.indices(length)))


def _check_bounds(key: int, length: int | None, axis: int) -> None:
    if length is not None and not -length <= key < length:
        raise IndexError(f"index {key} is out of bounds for axis {axis} of length {length}")
