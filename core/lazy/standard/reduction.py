"""Functions that reduce axes, or accumulate along one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.operation import Operation, define
from core.lazy.spec import Shape, Spec, axes_of, axis_index
from core.lazy.standard.inputs import traced
from core.lazy.standard.registry import standard

Rule = Callable[[dtypes.DType, "str | None"], dtypes.DType]


def reduced_shape(shape: Shape, axis: Any, keepdims: bool) -> Shape:
    """Return the shape after reducing `axis`, an int, a tuple of ints, or None for all."""
    axes = axes_of(axis, len(shape))
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _same(dtype: dtypes.DType, backend: str | None) -> dtypes.DType:
    return dtype


def _bool(dtype: dtypes.DType, backend: str | None) -> dtypes.DType:
    return dtypes.bool_


def _real(dtype: dtypes.DType, backend: str | None) -> dtypes.DType:
    return dtypes.real_of(dtypes.floating(dtype, backend))


def _index(dtype: dtypes.DType, backend: str | None) -> dtypes.DType:
    return dtypes.default(backend, "integral")


def _reduce(op: Operation, rule: Rule, x: Any, axis: Any, keepdims: bool, **more: Any) -> LazyArray:
    """Record a reduction; what it makes of the same spec and options is looked up."""
    x = traced(x)
    if isinstance(axis, list):
        axis = tuple(axis)
    key = (x._spec, axis, keepdims, *more.values())
    try:
        found = op.cache.get(key)
    except TypeError:  # an option that cannot be hashed
        key, found = None, None  # type: ignore[assignment]
    if found is None:
        asked = dtypes.asked()
        found = _infer(rule, x._spec, axis, keepdims, more)
        if key is not None and dtypes.asked() == asked:
            op.remember(key, found)
    return make(op, (x,), found[1], found[0])


def _infer(
    rule: Rule, given: Spec, axis: Any, keepdims: bool, more: dict[str, Any]
) -> tuple[Spec, dict[str, Any]]:
    kwargs: dict[str, Any] = {} if axis is None else {"axis": axis}
    if keepdims:
        kwargs["keepdims"] = True
    if more.get("dtype") is not None:
        dtype = kwargs["dtype"] = dtypes.as_dtype(more["dtype"])
    else:
        dtype = rule(given.dtype, given.backend)
    if more.get("correction", 0.0) != 0:
        kwargs["correction"] = more["correction"]
    shape = reduced_shape(given.shape, axis, keepdims)
    return given.with_(shape=shape, dtype=dtype), kwargs


def _plain(name: str, rule: Rule, summary: str) -> Any:
    op = define(Operation(name, "reduction"))

    def function(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> LazyArray:
        return _reduce(op, rule, x, axis, keepdims)

    return _named(function, name, summary)


def _with_dtype(name: str, summary: str) -> Any:
    op = define(Operation(name, "reduction"))

    def function(
        x: Any, /, axis: Any = None, *, dtype: object = None, keepdims: bool = False
    ) -> LazyArray:
        return _reduce(op, dtypes.accumulator, x, axis, keepdims, dtype=dtype)

    return _named(function, name, summary)


def _with_correction(name: str, summary: str) -> Any:
    op = define(Operation(name, "reduction"))

    def function(
        x: Any, /, axis: Any = None, *, correction: float = 0.0, keepdims: bool = False
    ) -> LazyArray:
        return _reduce(op, _real, x, axis, keepdims, correction=correction)

    return _named(function, name, summary)


def _named(function: Any, name: str, summary: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = summary
    return standard()(function)


sum = _with_dtype("sum", "Return the sum of the elements along axes.")
prod = _with_dtype("prod", "Return the product of the elements along axes.")
max = _plain("max", _same, "Return the greatest element along axes.")
min = _plain("min", _same, "Return the least element along axes.")
mean = _plain("mean", dtypes.floating, "Return the mean of the elements along axes.")
std = _with_correction("std", "Return the standard deviation of the elements along axes.")
var = _with_correction("var", "Return the variance of the elements along axes.")
all = _plain("all", _bool, "Say whether all elements along axes are true.")
any = _plain("any", _bool, "Say whether one element along axes is true.")
count_nonzero = _plain("count_nonzero", _index, "Count the elements along axes that are not zero.")
argmax = _plain("argmax", _index, "Return where the greatest element along an axis is.")
argmin = _plain("argmin", _index, "Return where the least element along an axis is.")


def _cumulative(name: str, summary: str) -> Any:
    op = define(Operation(name, "cumulative"))

    def function(
        x: Any, /, *, axis: int | None = None, dtype: object = None, include_initial: bool = False
    ) -> LazyArray:
        x = traced(x)
        if axis is None and x.ndim != 1:
            raise ValueError(f"{name}: an array of {x.ndim} dimensions needs an axis")
        where = axis_index(-1 if axis is None else axis, x.ndim)
        kwargs: dict[str, Any] = {} if axis is None else {"axis": axis}
        if dtype is None:
            result = dtypes.accumulator(x.dtype, x.backend)
        else:
            result = kwargs["dtype"] = dtypes.as_dtype(dtype)
        shape = list(x.shape)
        if include_initial:
            kwargs["include_initial"] = True
            length = shape[where]
            shape[where] = None if length is None else length + 1
        return make(op, (x,), kwargs, x._spec.with_(shape=tuple(shape), dtype=result))

    return _named(function, name, summary)


cumulative_sum = _cumulative("cumulative_sum", "Return the running sums along an axis.")
cumulative_prod = _cumulative("cumulative_prod", "Return the running products along an axis.")
DIFF = define(Operation("diff", "cumulative"))


@standard()
def diff(
    x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None
) -> LazyArray:
    """Return the differences of neighbours along an axis, `n` times over."""
    x = traced(x)
    where = axis_index(axis, x.ndim)
    if n < 0:
        raise ValueError(f"diff: the order {n} is negative")
    if n == 0:
        return traced(x)
    kwargs: dict[str, Any] = {"axis": axis, "n": n}
    length, dtype = x.shape[where], x.dtype
    for name, end in (("prepend", prepend), ("append", append)):
        if end is not None:
            kwargs[name] = traced(end)
            more = kwargs[name].shape[where] if kwargs[name].ndim else 1
            length = None if None in (length, more) else length + more
            dtype = dtypes.promote(dtype, kwargs[name].dtype, x.backend)
    shape = list(x.shape)
    shape[where] = None if length is None else (0 if length < n else length - n)
    return make(DIFF, (x,), kwargs, x._spec.with_(shape=tuple(shape), dtype=dtype))
