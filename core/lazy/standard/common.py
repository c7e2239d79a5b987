"""What the functions of the standard share: reading arguments and recording operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from core.backends.promotion import DefaultKind
from core.lazy import dtypes
from core.lazy.array import LazyArray, make, make_many
from core.lazy.dtypes import SCALARS, DType
from core.lazy.graph.tree import leaves
from core.lazy.in_place import current
from core.lazy.namespace import DEFAULTS, function
from core.lazy.operation import Operation, define, operation
from core.lazy.operators import operand
from core.lazy.spec import Shape, Spec, as_shape, explicit_device, spec
from core.typing import Device

FULL = define(Operation("full", "creation"))


def call(name: str, args: tuple[Any, ...], known: Spec, **options: Any) -> LazyArray:
    """Record an operation; options that have their default value are left out."""
    return make(operation(name), args, changed(name, options) if options else None, known)


def inferred(
    family: str,
    *,
    name: str | None = None,
    summary: str = "",
    arrays: int = 1,
    result: Any = None,
) -> Callable[[Callable[..., Any]], Callable[..., LazyArray]]:
    """Register a function of the standard, given the rule for its result.

    The rule has the signature of the function, with a `Spec` in place of each array, and returns
    the spec of the result. Arguments without a default are recorded as positional ones.
    The first `arrays` arguments are arrays. If there are several results, the rule returns a
    sequence of specs, and `result` is the container of the results. For the other parameters see
    `core.lazy.namespace.function`.
    """

    def register(rule: Callable[..., Any]) -> Callable[..., LazyArray]:
        full = name or rule.__name__
        rule.__qualname__ = full.rpartition(".")[2]  # for errors about the arguments
        op = define(Operation(full, family))
        cache = op.cache
        signature = inspect.signature(rule)
        shown = [
            one.replace(annotation="Any") if one.annotation == "Spec" else one
            for one in signature.parameters.values()
        ]
        returned = {None: "LazyArray", tuple: "tuple[LazyArray, ...]"}.get(result)
        names = [one.name for one in shown[arrays:]]
        required = [one.name for one in shown[arrays:] if one.default is one.empty]

        @wraps(rule)
        def recorded(*given: Any, **options: Any) -> Any:
            operands = given[:arrays]
            for x in operands:
                if x.__class__ is not LazyArray:
                    operands = tuple(map(traced, operands))
                    break
            more = given[arrays:]
            key = (*[x._spec for x in operands], more, *options.items())
            try:
                found = cache.get(key)
            except TypeError:  # an argument is not hashable
                found = None
            # A partial, as the variables of a lambda would make each call slower.
            found = found or cached(op, key, partial(infer, operands, more, options))
            known, args, kwargs = found
            if result is None:
                return make(op, operands + args, kwargs, known)
            made = make_many(op, operands + args, kwargs, tuple(known))
            return result(*made) if hasattr(result, "_fields") else result(made)

        def infer(operands: Any, more: Any, options: dict[str, Any]) -> tuple[Any, ...]:
            """Return the specs of the results, and the arguments to record after the arrays."""
            more = [_read("", value) for value in more]
            backend = operands[0].backend if operands else None
            options = {key: _read(key, value, backend) for key, value in options.items()}
            known = rule(*[x._spec for x in operands], *more, **options)
            values = dict(zip(names, more, strict=False)) | options
            args = tuple([values[key] for key in required])
            others = {key: values[key] for key in names if key in values and key not in required}
            return known, args, changed(full, others)

        recorded.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=shown, return_annotation=returned or result.__name__
        )
        return function(name=full, summary=summary)(recorded)

    return register


def _read(name: str, value: Any, backend: str | None = None) -> Any:
    """Return an argument as it is recorded: a list as a tuple, a dtype as NumPy's."""
    if name == "dtype":
        return None if value is None else dtypes.as_dtype(value)
    if name == "device":
        return explicit_device(value, backend)
    return tuple(value) if isinstance(value, list) else value


def changed(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a function that do not have their default value."""
    defaults = DEFAULTS[name]
    return {
        key: value
        for key, value in options.items()
        if value is not defaults[key] and (type(value) not in _PLAIN or value != defaults[key])
    }


_PLAIN = frozenset((bool, int, float, str))  # comparing others could raise, or record an operation


def cached(op: Operation, key: tuple[Any, ...], infer: Callable[[], Any]) -> Any:
    """Return what `infer` returns; it is called once per key if that can be cached.

    Results that depend on a default dtype are not cached, as users can change it, nor are arrays in
    the key, which would not be freed.
    """
    try:
        found = op.cache.get(key)
    except TypeError:  # an argument is not hashable
        return infer()
    if found is None:
        lookups = dtypes.default_lookups()
        found = infer()
        held = [one for one in leaves(key) if hasattr(one, "dtype") and not isinstance(one, Spec)]
        if dtypes.default_lookups() == lookups and not held:
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
