"""Dtypes of traced arrays: names, kinds, and promotion by the rules of the array's library.

A traced array's dtype is a NumPy dtype whatever its backend: the dtypes of all libraries have the
standard's names, and NumPy's objects can be compared, hashed and pickled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from core.backends.promotion import DefaultKind, Promotion
from core.backends.registry import get_backend

DType: TypeAlias = "np.dtype[Any]"

bool_ = np.dtype("bool")
SIGNED = tuple(np.dtype(f"int{bits}") for bits in (8, 16, 32, 64))
UNSIGNED = tuple(np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64))
REAL = (np.dtype("float32"), np.dtype("float64"))
COMPLEX = (np.dtype("complex64"), np.dtype("complex128"))
NAMES: dict[str, DType] = {
    str(dtype): dtype for dtype in (bool_, *SIGNED, *UNSIGNED, *REAL, *COMPLEX)
}
KINDS: dict[str, tuple[DType, ...]] = {
    "bool": (bool_,),
    "signed integer": SIGNED,
    "unsigned integer": UNSIGNED,
    "integral": SIGNED + UNSIGNED,
    "real floating": REAL,
    "complex floating": COMPLEX,
    "numeric": SIGNED + UNSIGNED + REAL + COMPLEX,
}

REFERENCE = "numpy"
"""The backend that computes arrays of no particular one, and whose arrays hold constants."""
SCALARS = frozenset((bool, int, float, complex))
"""The types of Python scalars, which promote by kind alone."""
SCALAR_KINDS: dict[type, DefaultKind] = {
    int: "integral",
    float: "real floating",
    complex: "complex floating",
}
_RANK = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3, bool: 0, int: 1, float: 2, complex: 3}

_KNOWN = frozenset(NAMES.values())
_REAL_OF: dict[DType, DType] = dict(zip(COMPLEX, REAL, strict=True))
_COMPLEX_OF: dict[DType, DType] = dict(zip(REAL, COMPLEX, strict=True))


def as_dtype(dtype: object) -> DType:
    """Return the NumPy dtype with the name of `dtype`, a dtype of any library."""
    if isinstance(dtype, np.dtype):
        if dtype in _KNOWN:
            return dtype
        if not dtype.isnative:  # NumPy's operations convert to the native byte order
            return as_dtype(dtype.newbyteorder("="))
    elif isinstance(dtype, type) or (isinstance(dtype, str) and dtype not in NAMES):
        try:
            return as_dtype(np.dtype(dtype))
        except TypeError:
            pass
    known = NAMES.get(str(dtype).rpartition(".")[2])  # some have the name of the library first
    if known is None:
        raise TypeError(f"{dtype!r} is not a dtype of the array API standard")
    return known


def dtype_of(x: object) -> DType:
    """Return the dtype of an array, or `x` itself if it is a dtype."""
    return as_dtype(x if isinstance(x, type) else getattr(x, "dtype", x))


def is_kind(dtype: DType, *kinds: str) -> bool:
    """Return whether `dtype` is of one of the standard's `kinds`."""
    return any(dtype in KINDS[kind] for kind in kinds)


def real_of(dtype: DType) -> DType:
    """Return the dtype of the real part of numbers of `dtype`."""
    return _REAL_OF.get(dtype, dtype)


def complex_of(dtype: DType) -> DType:
    """Return the complex dtype whose real part has `dtype`."""
    return _COMPLEX_OF.get(dtype, dtype)


@cache
def promotion(backend: str | None) -> Promotion:
    """Return the promotion rules of a backend; the defaults for one without an adapter."""
    if backend is None:
        return Promotion()
    try:
        return get_backend(backend).promotion
    except ValueError:
        return Promotion()


def memory_rules(backend: str | None) -> Promotion:
    """Return the rules of a backend for shared memory; of the reference for any backend."""
    return promotion(REFERENCE if backend is None else backend)


def standard_promotion(first: DType, second: DType) -> DType | None:
    """Return the dtype that the standard promotes two to; None if it leaves that undefined."""
    kinds = {first.kind, second.kind}
    # No integer dtype holds the values of both uint64 and a signed one.
    integers = kinds <= {"i", "u"} and (kinds == {"u"} or NAMES["uint64"] not in (first, second))
    if first == second or integers or kinds <= {"f", "c"}:
        return np.promote_types(first, second)
    return None


@cache
def promote(first: DType, second: DType, backend: str | None = None) -> DType:
    """Return the dtype of an operation on arrays of two dtypes; a strict backend may raise."""
    known = standard_promotion(first, second)
    if known is not None:
        return known
    rules = promotion(backend)
    if rules.strict:
        raise TypeError(
            f"{first} and {second} cannot be promoted to one dtype: the array API standard does "
            "not define it; convert one of them with xp.astype"
        )
    floats = [one for one in (first, second) if one.kind in "fc"]
    if rules.float_wins and len(floats) == 1:
        return floats[0]
    return np.promote_types(first, second)


def with_scalar(dtype: DType, kind: type, backend: str | None = None) -> DType:
    """Return the dtype of an operation on an array of `dtype` and a Python scalar of type `kind`.

    The result has the dtype of the array, unless the scalar is of a higher kind.
    """
    rank = _RANK.get(kind)
    if rank is None:
        raise TypeError(f"a traced array cannot be combined with an object of {kind}")
    own = _RANK[dtype.kind]
    strict = promotion(backend).strict
    allowed = rank <= own and (rank > 0) == (own > 0)
    if allowed or (not strict and rank <= own):
        return dtype
    if strict and not (rank == 3 and own == 2):
        raise TypeError(
            f"a Python {kind.__name__} cannot be combined with an array of {dtype}: "
            "the array API standard does not define it"
        )
    if rank == 3 and own == 2:
        return complex_of(dtype)
    return default(backend, SCALAR_KINDS[kind])


def check_scalar(dtype: DType, value: int, backend: str | None = None) -> None:
    """Raise OverflowError if the integer `value` is out of bounds for `dtype` in a library."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        if not info.min <= value <= info.max and not promotion(backend).wraps_integers:
            raise OverflowError(f"Python integer {value} is out of bounds for {dtype}")


def floating(dtype: DType, backend: str | None = None) -> DType:
    """Return `dtype` if it is floating-point, else the one that `backend` converts it to."""
    if dtype.kind in "fc":
        return dtype
    rules = promotion(backend)
    if rules.strict:
        raise TypeError(f"a floating-point dtype is required, got {dtype}")
    known = rules.floats.get(str(dtype))
    return default(backend, "real floating") if known is None else np.dtype(known)


def elementary(dtype: DType, backend: str | None = None) -> DType:
    """Return the dtype of functions such as `sqrt` of arrays of `dtype`."""
    known = promotion(backend).elementary_floats.get(str(dtype))
    return floating(dtype, backend) if known is None else np.dtype(known)


def accumulator(dtype: DType, backend: str | None = None) -> DType:
    """Return the dtype of sums and products of arrays of `dtype`."""
    if dtype.kind not in "biu":
        return dtype
    widest = default(backend, "integral")
    if dtype.kind == "u" and not promotion(backend).sums_unsigned_as_signed:
        widest = np.dtype(f"uint{widest.itemsize * 8}")
    return widest if widest.itemsize >= dtype.itemsize else dtype


def index_dtype(dtype: DType, backend: str | None = None) -> DType:
    """Return the dtype of positions and counts of elements."""
    return default(backend, "integral")


RULES: dict[str, Callable[[DType, str | None], DType]] = {
    "accumulator": accumulator,
    "bool": lambda dtype, backend: bool_,
    "complex": lambda dtype, backend: complex_of(floating(dtype, backend)),
    "elementary": elementary,
    "floating": floating,
    "index": index_dtype,
    "real": lambda dtype, backend: real_of(floating(dtype, backend)),
    "real part": lambda dtype, backend: real_of(dtype),
    "same": lambda dtype, backend: dtype,
}
"""Rules for the dtype of a result by that of the operand and the backend."""


def default(backend: str | None, kind: DefaultKind) -> DType:
    """Return the dtype of new arrays of `kind`."""
    current = promotion(backend).current_defaults
    if current is not None:
        _lookups.count = default_lookups() + 1
        return as_dtype(current()[kind])
    return _DEFAULTS[kind]


_DEFAULTS: dict[DefaultKind, DType] = {
    "integral": NAMES["int64"],
    "real floating": NAMES["float64"],
    "complex floating": NAMES["complex128"],
}
_lookups = threading.local()


def default_lookups() -> int:
    """Return how often this thread looked up a default dtype that users can change.

    Whatever was inferred in between two equal counts does not depend on such a default and can be
    cached.
    """
    return getattr(_lookups, "count", 0)
