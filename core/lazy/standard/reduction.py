"""Functions that reduce axes, or accumulate along one."""

from __future__ import annotations

from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.namespace import function
from core.lazy.operation import operation
from core.lazy.spec import Axis, Shape, Spec, axes_of, axis_index, replace_axis
from core.lazy.standard.common import inferred, traced

_REDUCTIONS = {
    "sum": ("accumulator", "Return the sum of elements along axes."),
    "prod": ("accumulator", "Return the product of elements along axes."),
    "max": ("same", "Return the maximum along axes."),
    "min": ("same", "Return the minimum along axes."),
    "mean": ("floating", "Return the mean along axes."),
    "std": ("real", "Return the standard deviation along axes."),
    "var": ("real", "Return the variance along axes."),
    "all": ("bool", "Return whether all elements along axes are true."),
    "any": ("bool", "Return whether any element along axes is true."),
    "count_nonzero": ("index", "Return the number of nonzero elements along axes."),
    "argmax": ("index", "Return the index of the maximum along an axis."),
    "argmin": ("index", "Return the index of the minimum along an axis."),
}
"""Reductions by name: the rule for their dtype, and a summary."""


def reduced_shape(shape: Shape, axis: Axis, keepdims: bool) -> Shape:
    """Return the shape after reducing `axis`."""
    axes = axes_of(axis, len(shape))
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _reduction(name: str, rule: str, summary: str) -> None:
    def reduced(x: Spec, /, axis: Axis = None, *, keepdims: bool = False) -> Spec:
        shape = reduced_shape(x.shape, axis, keepdims)
        return x.with_(shape=shape, dtype=dtypes.RULES[rule](x.dtype, x.backend))

    def to_dtype(
        x: Spec, /, axis: Axis = None, *, dtype: Any = None, keepdims: bool = False
    ) -> Spec:
        shape = reduced_shape(x.shape, axis, keepdims)
        return x.with_(shape=shape, dtype=dtype or dtypes.accumulator(x.dtype, x.backend))

    def corrected(
        x: Spec, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False
    ) -> Spec:
        return reduced(x, axis, keepdims=keepdims)

    special: dict[str, Any] = {
        "prod": to_dtype,
        "std": corrected,
        "sum": to_dtype,
        "var": corrected,
    }
    inferred("reduction", name=name, summary=summary)(special.get(name, reduced))


def _cumulative(name: str, summary: str) -> None:
    def accumulated(
        x: Spec, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
    ) -> Spec:
        if axis is None and x.ndim != 1:
            raise ValueError(f"{name}: an array of {x.ndim} dimensions needs an axis")
        where = axis_index(-1 if axis is None else axis, x.ndim)
        shape, length = x.shape, x.shape[where]
        if include_initial and length is not None:
            shape = replace_axis(shape, where, length + 1)
        return x.with_(shape=shape, dtype=dtype or dtypes.accumulator(x.dtype, x.backend))

    inferred("cumulative", name=name, summary=summary)(accumulated)


for _name, (_rule, _summary) in _REDUCTIONS.items():
    _reduction(_name, _rule, _summary)
_cumulative("cumulative_sum", "Return the cumulative sum along an axis.")
_cumulative("cumulative_prod", "Return the cumulative product along an axis.")


@function("cumulative")
def diff(
    x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None
) -> LazyArray:
    """Return the `n`-th differences of adjacent elements along an axis."""
    x = traced(x)
    where = axis_index(axis, x.ndim)
    if n < 0:
        raise ValueError(f"diff: the order {n} is negative")
    if n == 0:
        return traced(x)
    length, dtype = x.shape[where], x.dtype
    ends = {"prepend": prepend, "append": append}
    ends = {name: traced(end) for name, end in ends.items() if end is not None}
    for end in ends.values():
        more = end.shape[where] if end.ndim else 1
        length = None if length is None or more is None else length + more
        dtype = dtypes.promote(dtype, end.dtype, x.backend)
    shape = replace_axis(x.shape, where, None if length is None else max(length - n, 0))
    known = x._spec.with_(shape=shape, dtype=dtype)
    return make(operation("diff"), (x,), {"axis": axis, "n": n, **ends}, known)
