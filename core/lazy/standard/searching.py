"""Sorting, searching, sets and picking by index."""

from __future__ import annotations

from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make, make_many
from core.lazy.operation import Operation, define
from core.lazy.spec import Shape, axis_index, broadcast, common, spec
from core.lazy.standard.inputs import together, traced
from core.lazy.standard.registry import standard
from core.lazy.standard.results import UniqueAll, UniqueCounts, UniqueInverse

SORT, ARGSORT = (define(Operation(name, "sorting")) for name in ("sort", "argsort"))
TAKE, TAKE_ALONG = (define(Operation(name, "indexing")) for name in ("take", "take_along_axis"))
SEARCHSORTED, ISIN = (define(Operation(name, "sorting")) for name in ("searchsorted", "isin"))
NONZERO = define(Operation("nonzero", "sorting"))
UNIQUE = {
    name: define(Operation(f"unique_{name}", "sorting"))
    for name in ("all", "counts", "inverse", "values")
}


def _order(x: LazyArray, axis: int, descending: bool, stable: bool) -> dict[str, Any]:
    axis_index(axis, x.ndim)
    kwargs: dict[str, Any] = {} if axis == -1 else {"axis": axis}
    if descending:
        kwargs["descending"] = True
    if not stable:
        kwargs["stable"] = False
    return kwargs


@standard()
def sort(x: Any, /, axis: int = -1, *, descending: bool = False, stable: bool = True) -> LazyArray:
    """Return the elements in order along an axis."""
    x = traced(x)
    return make(SORT, (x,), _order(x, axis, descending, stable), x._spec)


@standard()
def argsort(
    x: Any, /, axis: int = -1, *, descending: bool = False, stable: bool = True
) -> LazyArray:
    """Return the positions that put the elements in order along an axis."""
    x = traced(x)
    kwargs = _order(x, axis, descending, stable)
    return make(ARGSORT, (x,), kwargs, x._spec.with_(dtype=_index_dtype(x)))


def _position_dtype(x: LazyArray) -> dtypes.DType:
    """Return the dtype of positions that `searchsorted` finds, which are 32 bits long in JAX."""
    return dtypes.int32 if x.backend == "jax" else _index_dtype(x)


def _index_dtype(x: LazyArray) -> dtypes.DType:
    return dtypes.default(x.backend, "integral")


@standard()
def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> LazyArray:
    """Return where in the sorted `x1` elements equal to those of `x2` would go."""
    x1 = traced(x1)
    (x2, _) = together(x2, x1)
    if x1.ndim != 1:
        raise ValueError(f"searchsorted: x1 has {x1.ndim} dimensions, not 1")
    if side not in ("left", "right"):
        raise ValueError(f'searchsorted: side is "left" or "right", not {side!r}')
    kwargs: dict[str, Any] = {} if side == "left" else {"side": side}
    if sorter is not None:
        kwargs["sorter"] = traced(sorter)
    backend, device = common(x1._spec, x2._spec)
    return make(
        SEARCHSORTED, (x1, x2), kwargs, spec(x2.shape, _position_dtype(x1), backend, device)
    )


@standard()
def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> LazyArray:
    """Say of each element of `x1` whether it is one of `x2`."""
    x1, x2 = together(x1, x2)
    return make(
        ISIN, (x1, x2), {"invert": True} if invert else None, x1._spec.with_(dtype=dtypes.bool_)
    )


@standard()
def nonzero(x: Any, /) -> tuple[LazyArray, ...]:
    """Return the positions of the elements that are not zero; how many is not known."""
    x = traced(x)
    if not x.ndim:
        raise ValueError("nonzero: an array without dimensions has no positions")
    one = x._spec.with_(shape=(None,), dtype=_index_dtype(x))
    return tuple(make_many(NONZERO, (x,), None, (one,) * x.ndim))


def _unique(name: str, x: Any, *shapes: tuple[Shape, bool]) -> list[LazyArray]:
    described = tuple(
        x._spec.with_(shape=shape, dtype=_index_dtype(x) if index else x.dtype)
        for shape, index in shapes
    )
    return make_many(UNIQUE[name], (x,), None, described)


_LENGTH: Shape = (None,)


@standard()
def unique_all(x: Any, /) -> UniqueAll:
    """Return the different elements, where they are, how to restore `x`, and how often each is."""
    x = traced(x)
    return UniqueAll(
        *_unique("all", x, (_LENGTH, False), (_LENGTH, True), (x.shape, True), (_LENGTH, True))
    )


@standard()
def unique_counts(x: Any, /) -> UniqueCounts:
    """Return the different elements and how often each is there."""
    x = traced(x)
    return UniqueCounts(*_unique("counts", x, (_LENGTH, False), (_LENGTH, True)))


@standard()
def unique_inverse(x: Any, /) -> UniqueInverse:
    """Return the different elements and the positions among them that restore `x`."""
    x = traced(x)
    return UniqueInverse(*_unique("inverse", x, (_LENGTH, False), (x.shape, True)))


@standard()
def unique_values(x: Any, /) -> LazyArray:
    """Return the different elements; how many is not known."""
    x = traced(x)
    return make(UNIQUE["values"], (x,), None, x._spec.with_(shape=_LENGTH))


@standard()
def take(x: Any, indices: Any, /, axis: int | None = None) -> LazyArray:
    """Return the elements at positions along an axis."""
    x = traced(x)
    if axis is None and x.ndim != 1:
        raise ValueError(f"take: an array of {x.ndim} dimensions needs an axis")
    where = axis_index(0 if axis is None else axis, x.ndim)
    if isinstance(indices, list | tuple):
        found: LazyArray = x[(*(slice(None),) * where, list(indices))]
        return found
    indices = traced(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"take: indices have an integer dtype, not {indices.dtype}")
    backend, device = common(x._spec, indices._spec)
    shape = x.shape[:where] + indices.shape + x.shape[where + 1 :]
    return make(TAKE, (x, indices), {"axis": where}, spec(shape, x.dtype, backend, device))


@standard()
def take_along_axis(x: Any, indices: Any, /, axis: int = -1) -> LazyArray:
    """Return for each position in `indices` the element there along an axis."""
    x, indices = traced(x), traced(indices)
    if x.ndim != indices.ndim:
        raise ValueError(f"take_along_axis: {x.ndim} and {indices.ndim} dimensions differ")
    where = axis_index(axis, x.ndim)
    without = [list(one.shape) for one in (x, indices)]
    for shape in without:
        shape[where] = 1
    result = list(broadcast(*map(tuple, without)))
    result[where] = indices.shape[where]
    backend, device = common(x._spec, indices._spec)
    kwargs = {} if axis == -1 else {"axis": axis}
    return make(TAKE_ALONG, (x, indices), kwargs, spec(tuple(result), x.dtype, backend, device))
