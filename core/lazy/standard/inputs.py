"""What may be given where a traced array is expected."""

from __future__ import annotations

from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.operation import Operation, define
from core.lazy.operators import SCALARS, operand
from core.lazy.spec import spec

FULL = define(Operation("full", "creation"))


def traced(x: Any, backend: str | None = None) -> LazyArray:
    """Return a traced or concrete array as a traced one; a number becomes a constant.

    Raises
    ------
    TypeError
        `x` is none of these.
    """
    if isinstance(x, LazyArray):
        return x
    if type(x) in SCALARS:
        return number(
            x,
            dtypes.default(backend, _KINDS[type(x)])
            if x is not True and x is not False
            else dtypes.bool_,
            backend,
        )
    return LazyArray.from_data(x)


_KINDS: dict[type, Any] = {int: "integral", float: "real floating", complex: "complex floating"}


def number(value: Any, dtype: dtypes.DType, backend: str | None, device: Any = None) -> LazyArray:
    """Return a constant of no dimensions."""
    kwargs = {"dtype": dtype}
    if device is not None and str(device) != "cpu":
        kwargs["device"] = device
    return make(FULL, ((), value), kwargs, spec((), dtype, backend, device))


def together(*values: Any) -> list[LazyArray]:
    """Return operands of one operation as traced arrays; a number takes the arrays' dtype.

    Raises
    ------
    TypeError
        There is no array among them, or something that is neither array nor number.
    """
    like = next((one for one in values if isinstance(one, LazyArray)), None)
    if like is None:
        like = next((traced(one) for one in values if type(one) not in SCALARS), None)
    if like is None:
        raise TypeError("at least one operand must be an array")
    arrays = [operand(one, like) for one in values]
    for given, one in zip(values, arrays, strict=True):
        if one is NotImplemented:
            raise TypeError(f"an operand is neither an array nor a number: {given!r}")
    dtype = None
    for one in arrays:
        if isinstance(one, LazyArray):
            own = one.dtype
            dtype = own if dtype is None else dtypes.promote(dtype, own, like.backend)
    assert dtype is not None
    result = []
    for one in arrays:
        if not isinstance(one, LazyArray):
            if type(one) is int:
                dtypes.check_scalar(dtype, one)
            kind = dtypes.with_scalar(dtype, type(one), like.backend)
            result.append(number(one, kind, like.backend, like._spec.device))
        else:
            result.append(one)
    return result
