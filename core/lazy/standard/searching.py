"""Functions that sort, search, find unique values, and select by index."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray
from core.lazy.dtypes import index_dtype, promotion
from core.lazy.namespace import function
from core.lazy.spec import Shape, Spec, axis_index, broadcast, joint_spec, replace_axis
from core.lazy.standard.common import call, inferred, together, traced
from core.lazy.standard.manipulation import reshape

UNKNOWN: Shape = (None,)

UniqueAll = namedtuple("UniqueAll", "values indices inverse_indices counts")
UniqueCounts = namedtuple("UniqueCounts", "values counts")
UniqueInverse = namedtuple("UniqueInverse", "values inverse_indices")


@inferred("sorting")
def sort(x: Spec, /, axis: int = -1, *, descending: bool = False, stable: bool = True) -> Spec:
    """Return the elements sorted along an axis."""
    axis_index(axis, x.ndim)
    return x


@inferred("sorting")
def argsort(x: Spec, /, axis: int = -1, *, descending: bool = False, stable: bool = True) -> Spec:
    """Return the indices that sort the elements along an axis."""
    axis_index(axis, x.ndim)
    return x.with_(dtype=index_dtype(x.dtype, x.backend))


@function("sorting")
def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> LazyArray:
    """Return the indices at which elements of `x2` would be inserted into the sorted `x1`."""
    x1 = traced(x1)
    x2, _ = together(x2, x1)
    if x1.ndim != 1:
        raise ValueError(f"searchsorted: x1 has {x1.ndim} dimensions, not 1")
    if side not in ("left", "right"):
        raise ValueError(f'searchsorted: side must be "left" or "right", not {side!r}')
    own = promotion(x1.backend).search_dtype
    known = joint_spec(
        x1._spec,
        x2._spec,
        shape=x2.shape,
        dtype=dtypes.NAMES[own] if own else index_dtype(x1.dtype, x1.backend),
    )
    return call(
        "searchsorted",
        (x1, x2),
        known,
        side=side,
        sorter=None if sorter is None else traced(sorter),
    )


@function("sorting")
def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> LazyArray:
    """Return whether each element of `x1` is an element of `x2`."""
    x1, x2 = together(x1, x2)
    return call("isin", (x1, x2), x1._spec.with_(dtype=dtypes.bool_), invert=invert)


@inferred("sorting", result=tuple)
def nonzero(x: Spec, /) -> list[Spec]:
    """Return the indices of nonzero elements; their number is unknown."""
    if not x.ndim:
        raise ValueError("nonzero: an array without dimensions has no indices")
    return [x.with_(shape=UNKNOWN, dtype=index_dtype(x.dtype, x.backend))] * x.ndim


def _unique(name: str, summary: str, result: Any) -> None:
    def unique(x: Spec, /) -> list[Spec]:
        index = x.with_(shape=UNKNOWN, dtype=index_dtype(x.dtype, x.backend))
        known = {"values": x.with_(shape=UNKNOWN), "inverse_indices": index.with_(shape=x.shape)}
        return [known.get(field, index) for field in result._fields]

    summary = f"Return {summary}.\n\nLengths that depend on values are unknown."
    inferred("sorting", name=name, summary=summary, result=result)(unique)


_unique("unique_all", "the unique elements, their indices, inverse indices and counts", UniqueAll)
_unique("unique_counts", "the unique elements and their counts", UniqueCounts)
_unique("unique_inverse", "the unique elements and the indices that reconstruct `x`", UniqueInverse)


@inferred("sorting")
def unique_values(x: Spec, /) -> Spec:
    """Return the unique elements; their number is unknown."""
    return x.with_(shape=UNKNOWN)


@function("indexing")
def take(x: Any, indices: Any, /, axis: int | None = None) -> LazyArray:
    """Return the elements at some positions along an axis."""
    x = traced(x)
    if axis is None and x.ndim != 1:
        if x._spec.strict:
            raise ValueError(f"take: an array of {x.ndim} dimensions needs an axis")
        x = reshape(x, (-1,))
    where = axis_index(0 if axis is None else axis, x.ndim)
    if isinstance(indices, list | tuple):
        return x[(*(slice(None),) * where, list(indices))]  # type: ignore[no-any-return]
    indices = traced(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"take: indices must have an integer dtype, not {indices.dtype}")
    shape = replace_axis(x.shape, where, *indices.shape)
    known = joint_spec(x._spec, indices._spec, shape=shape, dtype=x.dtype)
    return call("take", (x, indices), known, axis=where)


@inferred("indexing", arrays=2)
def take_along_axis(x: Spec, indices: Spec, /, axis: int = -1) -> Spec:
    """Return elements of `x` at the positions given for each slice along an axis."""
    if x.ndim != indices.ndim:
        raise ValueError(f"take_along_axis: {x.ndim} and {indices.ndim} dimensions differ")
    where = axis_index(axis, x.ndim)
    others = broadcast(*[replace_axis(one.shape, where, 1) for one in (x, indices)])
    shape = replace_axis(others, where, indices.shape[where])
    return joint_spec(x, indices, shape=shape, dtype=x.dtype)
