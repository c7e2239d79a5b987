"""Functions that create arrays, and those that change the dtype of an array.

Creation functions have the backend as their first argument, which a namespace binds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.backends.promotion import DefaultKind
from core.lazy import dtypes
from core.lazy.array import LazyArray
from core.lazy.dtypes import REFERENCE, SCALAR_KINDS, SCALARS
from core.lazy.graph.tree import leaves
from core.lazy.in_place import copied, current, is_scalar
from core.lazy.library import backend_of
from core.lazy.namespace import function, namespace
from core.lazy.operation import operation
from core.lazy.spec import Spec, broadcast, explicit_device, spec
from core.lazy.standard.common import call, create, inferred, known_shape, traced
from core.lazy.standard.manipulation import broadcast_to, reshape, stack
from core.typing import Array, Device


def _filled(name: str, summary: str) -> None:
    def created(
        backend: str | None, shape: Any, *, dtype: Any = None, device: Device = None
    ) -> LazyArray:
        lengths = known_shape(name, shape)
        return create(name, backend, (lengths,), lengths, dtype, device)

    function("creation", name=name, summary=summary, by_backend=True)(created)


def _filled_like(name: str, summary: str) -> None:
    def like(x: Spec, /, *, dtype: Any = None, device: Device = None) -> Spec:
        return x.with_(dtype=dtype, device=device)

    inferred("elementwise", name=name, summary=summary)(like)


for _name, _filling in {"zeros": "zeros", "ones": "ones", "empty": "undefined values"}.items():
    _filled(_name, f"Return an array of {_filling}.")
    _filled_like(f"{_name}_like", f"Return an array of {_filling} with the shape of another.")


@function(by_backend=True)  # the operation is also that of scalars beside arrays
def full(
    backend: str | None, shape: Any, fill_value: Any, *, dtype: Any = None, device: Device = None
) -> LazyArray:
    """Return an array in which all elements have one value."""
    lengths = known_shape("full", shape)
    if isinstance(fill_value, LazyArray):
        filled = fill_value if dtype is None else astype(fill_value, dtype)
        return broadcast_to(filled, lengths)
    if isinstance(fill_value, np.generic):
        dtype = fill_value.dtype if dtype is None else dtype
        fill_value = fill_value.item()
    if dtype is None and isinstance(fill_value, bool):
        dtype = dtypes.bool_
    kind = SCALAR_KINDS.get(type(fill_value), "real floating")
    return create("full", backend, (lengths, fill_value), lengths, dtype, device, kind)


@function("elementwise")
def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Device = None) -> LazyArray:
    """Return an array with the shape of another in which all elements have one value."""
    x = traced(x)
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    device = explicit_device(device, x.backend)
    if isinstance(fill_value, LazyArray):
        return broadcast_to(astype(fill_value, dtype or x.dtype), x.shape)
    known = x._spec.with_(dtype=dtype, device=device)
    return call("full_like", (x, fill_value), known, dtype=dtype, device=device)


@function("creation", by_backend=True)
def arange(
    backend: str | None,
    start: Any,
    /,
    stop: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Device = None,
) -> LazyArray:
    """Return evenly spaced numbers from `start` up to but not including `stop`."""
    if stop is None:
        start, stop = 0, start
    start, stop, step = map(_number, (start, stop, step))
    floats = any(isinstance(one, float) for one in (start, stop, step))
    if not floats and step:
        length = len(range(start, stop, step))
    else:
        length = max(math.ceil((stop - start) / step), 0)
    kind: DefaultKind = "real floating" if floats else "integral"
    return create("arange", backend, (start, stop, step), (length,), dtype, device, kind)


def _number(value: Any) -> Any:
    """Return a Python number; a traced array raises here."""
    if type(value) in (int, float):
        return value
    if value is None:
        raise ValueError("arange: the number of elements is unknown")
    if hasattr(value, "__index__") and not isinstance(value, float):
        return value.__index__()
    return float(value)


@function("creation", by_backend=True)
def linspace(
    backend: str | None,
    start: Any,
    stop: Any,
    /,
    num: int,
    *,
    dtype: Any = None,
    device: Device = None,
    endpoint: bool = True,
) -> LazyArray:
    """Return `num` evenly spaced numbers from `start` to `stop`."""
    known_shape("linspace", num)
    if isinstance(start, LazyArray) or isinstance(stop, LazyArray):
        if getattr(start, "ndim", 0) or getattr(stop, "ndim", 0):
            raise ValueError("linspace: start and stop must be single numbers")
        like = (start + 0.0) + (stop + 0.0)
        steps = astype(namespace(backend).arange(num), like.dtype) / max(num - endpoint, 1)
        result: LazyArray = start + steps * (stop - start)
        return result if dtype is None else astype(result, dtype)
    is_complex = isinstance(start, complex) or isinstance(stop, complex)
    kind: DefaultKind = "complex floating" if is_complex else "real floating"
    options = {} if endpoint else {"endpoint": False}
    args = (start, stop, num)
    return create("linspace", backend, args, (num,), dtype, device, kind, **options)


@function("creation", by_backend=True)
def eye(
    backend: str | None,
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: Any = None,
    device: Device = None,
) -> LazyArray:
    """Return an array with ones on a diagonal and zeros elsewhere."""
    shape = known_shape("eye", (n_rows, n_rows if n_cols is None else n_cols))
    options: dict[str, Any] = {"k": k} if k else {}
    return create("eye", backend, shape, shape, dtype, device, **options)


@function(by_backend=True)
def asarray(
    backend: str | None,
    obj: Any,
    /,
    *,
    dtype: Any = None,
    device: Device = None,
    copy: bool | None = None,
) -> LazyArray:
    """Return an array, a number or nested sequences of numbers as a traced array."""
    if isinstance(obj, LazyArray):
        x = current(obj) if dtype is None else astype(obj, dtype, copy=False)
        if copy and x is current(obj):
            x = copied(x)
        return x.to_device(device)
    if type(obj) in SCALARS:
        return namespace(backend).full((), obj, dtype=dtype, device=device)  # type: ignore[no-any-return]
    if not isinstance(obj, tuple | list):
        buffer = hasattr(obj, "__buffer__") and backend_of(obj) is None
        x = LazyArray.from_data(np.asarray(obj)) if buffer else traced(obj)
        if x.backend == REFERENCE and backend not in (None, REFERENCE):
            x = _constant(x.data, backend, device)
        return x if dtype is None else astype(x, dtype, copy=False)
    items = list(leaves(obj))
    arrays = [one for one in items if isinstance(one, LazyArray)]
    if arrays:
        xp = namespace(next((one.backend for one in arrays if one.backend), backend))
        return stack([xp.asarray(one, dtype=dtype) for one in obj])
    values = np.asarray(obj)
    if values.dtype == object or values.dtype.kind not in "biufc":
        raise TypeError(f"asarray: {obj!r} contains something that is not a number")
    if dtype is not None:
        values = values.astype(dtypes.as_dtype(dtype))
    elif values.dtype.kind in _KINDS and not any(isinstance(one, _NUMPY) for one in items):
        values = values.astype(dtypes.default(backend, _KINDS[values.dtype.kind]))
    return _constant(values, backend, device)


_NUMPY = (np.ndarray, np.generic)
_KINDS: dict[str, DefaultKind] = {
    "i": "integral",
    "u": "integral",
    "f": "real floating",
    "c": "complex floating",
}


def _constant(values: Any, backend: str | None, device: Device) -> LazyArray:
    """Return a leaf with NumPy's values that is converted to `backend` when it is computed."""
    leaf = LazyArray.from_data(values)
    leaf._spec = spec(leaf.shape, leaf.dtype, backend, device)
    return leaf


@function("creation", by_backend=True)
def from_dlpack(
    backend: str | None, x: Any, /, *, device: Device = None, copy: bool | None = None
) -> LazyArray:
    """Return a concrete array of any library as a traced one."""
    if isinstance(x, LazyArray):
        return copied(current(x)) if copy else current(x)  # type: ignore[no-any-return]
    return namespace(backend).asarray(np.from_dlpack(x), device=device)  # type: ignore[no-any-return]


@function("elementwise")
def astype(x: Any, dtype: object, /, *, copy: bool = True, device: Device = None) -> LazyArray:
    """Return the array in another dtype."""
    own, known = traced(x), dtypes.as_dtype(dtype)
    if own.dtype.kind == "c" and known.kind not in "cb":
        raise TypeError(
            f"astype: {own.dtype} cannot be converted to {known}; use xp.real(x) or xp.imag(x)"
        )
    if known == own.dtype and device is None:
        return own if not copy or is_scalar(own) else copied(own)
    moved = own if device is None else own.to_device(device)
    return call("astype", (moved, known), moved._spec.with_(dtype=known))


operation("astype").flat = False  # a dtype is an argument, and each library has its own


def _triangle(name: str, summary: str) -> None:
    def triangle(x: Spec, /, *, k: int = 0) -> Spec:
        if x.ndim < 2:
            raise ValueError(f"{name}: an array of shape {x.shape} is not a matrix")
        return x

    inferred("elementwise", name=name, summary=summary)(triangle)


_triangle("tril", "Return the lower triangles of matrices, with zeros elsewhere.")
_triangle("triu", "Return the upper triangles of matrices, with zeros elsewhere.")


@function()
def meshgrid(*arrays: Array, indexing: str = "xy") -> list[LazyArray]:
    """Return coordinate matrices from coordinate vectors."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f'meshgrid: indexing must be "xy" or "ij", not {indexing!r}')
    axes = [traced(one) for one in arrays]
    if any(one.ndim > 1 for one in axes):
        raise ValueError("meshgrid: all operands must have one dimension")
    order = list(range(len(axes)))
    if indexing == "xy" and len(axes) > 1:
        order[0], order[1] = 1, 0
    shaped = [
        reshape(one, tuple(-1 if i == axis else 1 for i in range(len(axes))))
        for one, axis in zip(axes, order, strict=True)
    ]
    shape = broadcast(*[one.shape for one in shaped])
    return [copied(broadcast_to(one, shape)) for one in shaped]
