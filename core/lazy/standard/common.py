"""What the functions of the standard share: reading arguments and recording operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.backends.promotion import DefaultKind
from core.lazy import dtypes
from core.lazy.array import LazyArray, make, make_many
from core.lazy.dtypes import SCALARS, DType
from core.lazy.in_place import current
from core.lazy.namespace import DEFAULTS
from core.lazy.operation import Operation, define, operation
from core.lazy.operators import operand
from core.lazy.spec import Shape, Spec, as_shape, explicit_device, spec
from core.typing import Array, Device

FULL = define(Operation("full", "creation"))


def call(name: str, args: tuple[Any, ...], known: Spec, **options: Any) -> LazyArray:
    """Record an operation; options that have their default value are left out."""
    return make(operation(name), args, changed(name, options) if options else None, known)


def call_many(name: str, args: tuple[Any, ...], *known: Spec, **options: Any) -> list[LazyArray]:
    """Record an operation with several results."""
    return make_many(operation(name), args, changed(name, options), known)


def changed(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a function that do not have their default value."""
    defaults = DEFAULTS[name]
    return {
        key: value
        for key, value in options.items()
        if value is not defaults[key] and (type(value) not in _PLAIN or value != defaults[key])
    }


_PLAIN = frozenset((bool, int, float, str))  # comparing others could raise, or record an operation


def cached(op: Operation, key: Any, infer: Callable[[], Any]) -> Any:
    """Return what `infer` returns; it is called once per key, if no default dtype is involved."""
    found = op.cache.get(key)
    if found is None:
        lookups = dtypes.default_lookups()
        found = infer()
        if dtypes.default_lookups() == lookups:
            op.remember(key, found)
    return found


def traced(x: Any, backend: str | None = None) -> LazyArray:
    """Return an array as a traced array; a Python scalar becomes a constant of `backend`."""
    if isinstance(x, LazyArray):
        return current(x)  # type: ignore[no-any-return]
    kind = type(x)
    if kind not in SCALARS:
        return LazyArray.from_data(x)
    known = dtypes.bool_ if kind is bool else dtypes.default(backend, dtypes.SCALAR_KINDS[kind])
    return constant(x, known, backend)


def constant(value: Any, dtype: DType, backend: str | None, device: Device = None) -> LazyArray:
    """Return an array without axes that holds a scalar."""
    elsewhere = device is not None and str(device) != "cpu"
    kwargs = {"dtype": dtype, **({"device": device} if elsewhere else {})}
    return make(FULL, ((), value), kwargs, spec((), dtype, backend, device))


def together(*values: Any) -> list[LazyArray]:
    """Return the operands of one operation as traced arrays; scalars take the arrays' dtype."""
    values = tuple(map(current, values))
    like = next((one for one in values if isinstance(one, LazyArray)), None)
    if like is None:
        like = next((traced(one) for one in values if type(one) not in SCALARS), None)
    if like is None:
        raise TypeError("at least one operand must be an array")
    backend = like.backend
    operands = [operand(one, like) for one in values]
    for value, one in zip(values, operands, strict=True):
        if one is NotImplemented:
            raise TypeError(f"an operand is neither an array nor a number: {value!r}")
    arrays = [one for one in operands if isinstance(one, LazyArray)]
    dtype = arrays[0].dtype
    for one in arrays[1:]:
        dtype = dtypes.promote(dtype, one.dtype, backend)
    result = []
    for one in operands:
        if not isinstance(one, LazyArray):
            if type(one) is int:
                dtypes.check_scalar(dtype, one, backend)
            kind = dtypes.with_scalar(dtype, type(one), backend)
            one = constant(one, kind, backend, like._spec.device)  # noqa: PLW2901
        result.append(one)
    return result


def create(
    name: str,
    backend: str | None,
    args: tuple[Any, ...],
    shape: Shape,
    dtype: object,
    device: Device,
    kind: DefaultKind = "real floating",
    **options: Any,
) -> LazyArray:
    """Record the creation of an array, of the default dtype of `kind` if `dtype` is None."""
    known = dtypes.default(backend, kind) if dtype is None else dtypes.as_dtype(dtype)
    device = explicit_device(device, backend)
    kwargs = {**options, "dtype": known, **({} if device is None else {"device": device})}
    return make(operation(name), args, kwargs, spec(shape, known, backend, device))


def known_shape(name: str, shape: Any) -> tuple[int, ...]:
    """Return `shape` as a tuple of ints, or raise if a length is unknown."""
    lengths = as_shape(shape)
    if None in lengths:
        raise ValueError(f"{name}: the shape {lengths} has an unknown length")
    return lengths  # type: ignore[return-value]


def as_array_options(x: Array, dtype: object, device: Device) -> tuple[Spec, dict[str, Any]]:
    """Return the spec of an array like `x`, and the options among `dtype` and `device`."""
    known = x.dtype if dtype is None else dtypes.as_dtype(dtype)
    device = explicit_device(device, x.backend)
    options = {"dtype": None if dtype is None else known, "device": device}
    return spec(x.shape, known, x.backend, x._spec.device if device is None else device), options
