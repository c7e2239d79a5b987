"""Functions of dtypes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.lazy import dtypes
from core.lazy.array import LazyArray
from core.lazy.dtypes import SCALARS, DType
from core.lazy.namespace import function


@function(by_backend=True)
def result_type(backend: str | None, *arrays_and_dtypes: Any) -> DType:
    """Return the dtype of an operation on arrays, dtypes and numbers.

    Raises
    ------
    ValueError
        There is neither an array nor a dtype among them.
    """
    known: DType | None = None
    for one in arrays_and_dtypes:
        if isinstance(one, LazyArray):
            backend = one.backend or backend
        if type(one) not in SCALARS:
            own = dtypes.dtype_of(one)
            known = own if known is None else dtypes.promote(known, own, backend)
    if known is None:
        raise ValueError("result_type: at least one operand must be an array or a dtype")
    for one in arrays_and_dtypes:
        if type(one) in SCALARS:
            known = dtypes.with_scalar(known, type(one), backend)
    return known


@function()
def can_cast(from_: Any, to: Any, /) -> bool:
    """Return whether one dtype can be promoted to another, by the standard's rules alone."""
    source, target = dtypes.dtype_of(from_), dtypes.as_dtype(to)
    promoted = dtypes.standard_promotion(source, target)
    return promoted is not None and promoted == target  # None equals a NumPy dtype


@dataclass(frozen=True, slots=True)
class FloatInfo:
    """The limits of a floating-point dtype, as Python numbers."""

    dtype: DType
    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float


@function()
def finfo(type: Any, /) -> FloatInfo:
    """Return the limits of a floating-point dtype, or of that of an array."""
    known = np.finfo(dtypes.dtype_of(type))
    limits = [float(one) for one in (known.eps, known.max, known.min, known.smallest_normal)]
    return FloatInfo(known.dtype, known.bits, *limits)


@function()
def iinfo(type: Any, /) -> np.iinfo[Any]:
    """Return the limits of an integer dtype, or of that of an array."""
    return np.iinfo(dtypes.dtype_of(type))


@function()
def isdtype(dtype: object, kind: object) -> bool:
    """Return whether `dtype` is `kind`, or of that kind.

    The kinds are ``"bool"``, ``"signed integer"``, ``"unsigned integer"``, ``"integral"``,
    ``"real floating"``, ``"complex floating"`` and ``"numeric"``.

    Raises
    ------
    ValueError
        The standard has no such kind.

    Examples
    --------
    >>> from core import lazy
    >>> lazy.isdtype(lazy.float32, ("integral", "real floating"))
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, str):
        if kind not in dtypes.KINDS:
            known = ", ".join(dtypes.KINDS)
            raise ValueError(f"unknown kind of dtype {kind!r}; the standard has {known}")
        return dtypes.is_kind(dtypes.as_dtype(dtype), kind)
    return dtypes.as_dtype(dtype) == dtypes.as_dtype(kind)
