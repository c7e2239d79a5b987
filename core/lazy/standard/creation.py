"""Functions that make arrays, and those that change an array's dtype or device.

Each is written with the backend first; a namespace binds that, `core.lazy` leaves it open.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.library import backend_of
from core.lazy.operation import Operation, define
from core.lazy.operators import SCALARS
from core.lazy.spec import broadcast, same_device, spec
from core.lazy.standard.inputs import traced
from core.lazy.standard.making import created, creation, lengths_of, placed
from core.lazy.standard.registry import BY_BACKEND, by_backend, standard


@creation()
def zeros(backend: str | None, shape: Any, *, dtype: Any = None, device: Any = None) -> LazyArray:
    """Return an array of zeros."""
    lengths = lengths_of("zeros", shape)
    return created("zeros", backend, (lengths,), lengths, dtype, device)


@creation()
def ones(backend: str | None, shape: Any, *, dtype: Any = None, device: Any = None) -> LazyArray:
    """Return an array of ones."""
    lengths = lengths_of("ones", shape)
    return created("ones", backend, (lengths,), lengths, dtype, device)


@creation()
def empty(backend: str | None, shape: Any, *, dtype: Any = None, device: Any = None) -> LazyArray:
    """Return an array of whatever the memory holds."""
    lengths = lengths_of("empty", shape)
    return created("empty", backend, (lengths,), lengths, dtype, device)


_FILL: dict[type, dtypes.Default] = {
    int: "integral",
    float: "real floating",
    complex: "complex floating",
}


@by_backend()
def full(
    backend: str | None, shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None
) -> LazyArray:
    """Return an array with the same value everywhere."""
    lengths = lengths_of("full", shape)
    if isinstance(fill_value, LazyArray):
        from core.lazy.standard.manipulation import broadcast_to

        filled = fill_value if dtype is None else astype(fill_value, dtype)
        return broadcast_to(filled, lengths)
    if isinstance(fill_value, np.generic):
        dtype = fill_value.dtype if dtype is None else dtype
        fill_value = fill_value.item()
    if dtype is None and isinstance(fill_value, bool):
        dtype = dtypes.bool_
    kind = _FILL.get(type(fill_value), "real floating")
    return created("full", backend, (lengths, fill_value), lengths, dtype, device, kind)


@creation()
def arange(
    backend: str | None,
    start: Any,
    /,
    stop: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
) -> LazyArray:
    """Return evenly spaced numbers from `start` to before `stop`."""
    if stop is None:
        start, stop = 0, start
    # Whatever is traced refuses to become a number here.
    start, stop, step = (
        one if type(one) in (int, float) else _number(one) for one in (start, stop, step)
    )
    floats = any(isinstance(one, float) for one in (start, stop, step))
    if not floats and step:
        length = len(range(start, stop, step))
    else:
        length = max(math.ceil((stop - start) / step), 0)
    kind: dtypes.Default = "real floating" if floats else "integral"
    return created("arange", backend, (start, stop, step), (length,), dtype, device, kind)


def _number(value: Any) -> Any:
    if value is None:
        raise ValueError("arange: the number of elements is not known")
    if hasattr(value, "__index__") and not isinstance(value, float):
        return value.__index__()
    return float(value)


@creation()
def linspace(
    backend: str | None,
    start: Any,
    stop: Any,
    /,
    num: int,
    *,
    dtype: Any = None,
    device: Any = None,
    endpoint: bool = True,
) -> LazyArray:
    """Return `num` evenly spaced numbers from `start` to `stop`."""
    lengths_of("linspace", num)
    if isinstance(start, LazyArray) or isinstance(stop, LazyArray):
        return _traced_linspace(backend, start, stop, num, dtype, endpoint)
    is_complex = isinstance(start, complex) or isinstance(stop, complex)
    kind: dtypes.Default = "complex floating" if is_complex else "real floating"
    more = {} if endpoint else {"endpoint": False}
    return created("linspace", backend, (start, stop, num), (num,), dtype, device, kind, **more)


def _traced_linspace(
    backend: str | None, start: Any, stop: Any, num: int, dtype: Any, endpoint: bool
) -> LazyArray:
    if getattr(start, "ndim", 0) or getattr(stop, "ndim", 0):
        raise ValueError("linspace: start and stop are single numbers")
    steps = BY_BACKEND["arange"](backend, num)
    like = (start + 0.0) + (stop + 0.0)
    ramp = astype(steps, like.dtype) / max(num - endpoint, 1)
    result: LazyArray = start + ramp * (stop - start)
    return result if dtype is None else astype(result, dtype)


@creation()
def eye(
    backend: str | None,
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: Any = None,
    device: Any = None,
) -> LazyArray:
    """Return an array with ones on a diagonal and zeros elsewhere."""
    shape = lengths_of("eye", (n_rows, n_rows if n_cols is None else n_cols))
    return created(
        "eye", backend, shape, shape, dtype, device, "real floating", **({"k": k} if k else {})
    )


@by_backend()
def asarray(
    backend: str | None,
    obj: Any,
    /,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
) -> LazyArray:
    """Return an array, a number or nested sequences of numbers as a traced array."""
    if isinstance(obj, LazyArray):
        x = obj if dtype is None else astype(obj, dtype, copy=False)
        return x if device is None else to_device(x, device)
    if isinstance(obj, tuple | list) and _holds_arrays(obj):
        from core.lazy.standard.manipulation import stack

        x = stack(
            [BY_BACKEND["asarray"](_backend(obj) or backend, one, dtype=dtype) for one in obj]
        )
        return x
    if type(obj) in SCALARS:
        made: LazyArray = BY_BACKEND["full"](backend, (), obj, dtype=dtype, device=device)
        return made
    if not isinstance(obj, tuple | list):
        buffer = hasattr(obj, "__buffer__") and backend_of(obj) is None
        x = LazyArray.from_data(np.asarray(obj)) if buffer else traced(obj)
        if x.backend == "numpy" and backend not in (None, "numpy"):
            x = _constant(x.data, backend, device)
        return x if dtype is None else astype(x, dtype, copy=False)
    values = np.asarray(obj)
    if values.dtype == object or values.dtype.kind not in "biufc":
        raise TypeError(f"asarray: {obj!r} holds something that is not a number")
    if dtype is not None:
        values = values.astype(dtypes.as_dtype(dtype))
    elif values.dtype.kind in "iufc" and not _holds_numpy(obj):
        kind: dtypes.Default = {
            "i": "integral",
            "u": "integral",
            "f": "real floating",
            "c": "complex floating",
        }[values.dtype.kind]  # type: ignore[assignment]
        values = values.astype(dtypes.default(backend, kind))
    return _constant(values, backend, device)


def _constant(values: Any, backend: str | None, device: Any) -> LazyArray:
    """Return a leaf with NumPy's values that becomes `backend`'s array once computed."""
    leaf = LazyArray.from_data(values)
    leaf._spec = spec(leaf.shape, leaf.dtype, backend, device)
    return leaf


def _holds_arrays(obj: Any) -> bool:
    if isinstance(obj, tuple | list):
        return any(map(_holds_arrays, obj))
    return isinstance(obj, LazyArray)


def _holds_numpy(obj: Any) -> bool:
    if isinstance(obj, tuple | list):
        return any(map(_holds_numpy, obj))
    return isinstance(obj, np.ndarray | np.generic)


def _backend(obj: Any) -> str | None:
    if isinstance(obj, tuple | list):
        return next(filter(None, map(_backend, obj)), None)
    return obj.backend if isinstance(obj, LazyArray) else None


@creation()
def from_dlpack(
    backend: str | None, x: Any, /, *, device: Any = None, copy: bool | None = None
) -> LazyArray:
    """Return a concrete array of any library as a traced one."""
    if isinstance(x, LazyArray):
        return x
    made: LazyArray = BY_BACKEND["asarray"](backend, np.from_dlpack(x), device=device)
    return made


# Functions that make an array like another.


def _like(name: str, summary: str) -> Any:
    op = define(Operation(name, "elementwise"))

    def function(x: Any, /, *, dtype: Any = None, device: Any = None) -> LazyArray:
        x = traced(x)
        kwargs: dict[str, Any] = {}
        result = x._spec
        if dtype is not None:
            kwargs["dtype"] = dtypes.as_dtype(dtype)
            result = result.with_(dtype=kwargs["dtype"])
        device = placed(device, x.backend)
        if device is not None:
            kwargs["device"] = device
            result = spec(result.shape, result.dtype, result.backend, device)
        return make(op, (x,), kwargs, result)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = summary
    return standard()(function)


zeros_like = _like("zeros_like", "Return an array of zeros like another.")
ones_like = _like("ones_like", "Return an array of ones like another.")
empty_like = _like("empty_like", "Return an array of whatever the memory holds, like another.")
FULL_LIKE = define(Operation("full_like", "elementwise"))
ASTYPE = define(Operation("astype", "elementwise"))
ASTYPE.flat = False  # one of its arguments is a dtype, which each library has its own of
TO_DEVICE = define(Operation("to_device", "elementwise", lambda xp: _move))
TRIL = define(Operation("tril", "elementwise"))
TRIU = define(Operation("triu", "elementwise"))


@standard()
def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> LazyArray:
    """Return an array with the same value everywhere, like another."""
    x = traced(x)
    known = x.dtype if dtype is None else dtypes.as_dtype(dtype)
    if isinstance(fill_value, LazyArray):
        from core.lazy.standard.manipulation import broadcast_to

        return broadcast_to(astype(fill_value, known), x.shape)
    kwargs: dict[str, Any] = {} if dtype is None else {"dtype": known}
    device = placed(device, x.backend)
    if device is not None:
        kwargs["device"] = device
    result = spec(x.shape, known, x.backend, x._spec.device if device is None else device)
    return make(FULL_LIKE, (x, fill_value), kwargs, result)


@standard()
def astype(x: Any, dtype: object, /, *, copy: bool = True, device: Any = None) -> LazyArray:
    """Return the array in another dtype."""
    given = traced(x)
    known = dtypes.as_dtype(dtype)
    if given.dtype.kind == "c" and known.kind not in "cb":
        raise TypeError(
            f"astype: {given.dtype} cannot become {known}; take xp.real(x) or xp.imag(x)"
        )
    if known == given.dtype and device is None:
        return given  # nothing can be written to a traced array, so a copy could not be told apart
    moved = given if device is None else to_device(given, device)
    return make(ASTYPE, (moved, known), None, moved._spec.with_(dtype=known))


def to_device(x: LazyArray, device: Any) -> LazyArray:
    """Return the array on another device; the method of a traced array."""
    if device is None or same_device(device, x.device):
        return x
    device = placed(device, x.backend)
    return make(TO_DEVICE, (x, device), None, spec(x.shape, x.dtype, x.backend, device))


def _move(x: Any, device: Any) -> Any:
    from array_api_compat import to_device

    return to_device(x, device)


@standard()
def tril(x: Any, /, *, k: int = 0) -> LazyArray:
    """Return the lower triangle of matrices, with zeros elsewhere."""
    return _triangle(TRIL, traced(x), k)


@standard()
def triu(x: Any, /, *, k: int = 0) -> LazyArray:
    """Return the upper triangle of matrices, with zeros elsewhere."""
    return _triangle(TRIU, traced(x), k)


def _triangle(op: Operation, x: LazyArray, k: int) -> LazyArray:
    if x.ndim < 2:
        raise ValueError(f"{op.name}: an array of {x.ndim} dimensions is no matrix")
    return make(op, (x,), {"k": k} if k else None, x._spec)


@standard()
def meshgrid(*arrays: Any, indexing: str = "xy") -> tuple[LazyArray, ...]:
    """Return coordinates of a grid from the coordinates of its axes."""
    from core.lazy.standard.manipulation import broadcast_to, reshape

    if indexing not in ("xy", "ij"):
        raise ValueError(f'meshgrid: indexing is "xy" or "ij", not {indexing!r}')
    axes = [traced(one) for one in arrays]
    order = list(range(len(axes)))
    if indexing == "xy" and len(axes) > 1:
        order[0], order[1] = 1, 0
    shaped = []
    for one, axis in zip(axes, order, strict=True):
        if one.ndim > 1:
            raise ValueError("meshgrid: every operand has one dimension")
        shaped.append(reshape(one, tuple(-1 if i == axis else 1 for i in range(len(axes)))))
    shape = broadcast(*[one.shape for one in shaped])
    return tuple(broadcast_to(one, shape) for one in shaped)
