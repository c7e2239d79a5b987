"""Dtypes of traced arrays: the standard's names, kinds and promotion.

A traced array's dtype is a NumPy dtype whatever its backend, because every backend's dtypes have
the standard's names and NumPy's objects compare, hash and pickle well.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, Literal, TypeAlias

import numpy as np

DType: TypeAlias = "np.dtype[Any]"

bool_ = np.dtype("bool")
int8, int16, int32, int64 = (np.dtype(f"int{bits}") for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64))
float32, float64 = np.dtype("float32"), np.dtype("float64")
complex64, complex128 = np.dtype("complex64"), np.dtype("complex128")

SIGNED = (int8, int16, int32, int64)
UNSIGNED = (uint8, uint16, uint32, uint64)
REAL = (float32, float64)
COMPLEX = (complex64, complex128)
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
Default = Literal["real floating", "complex floating", "integral"]

# Libraries where a float of any width wins over an integer; the others follow NumPy's table.
_NUMPY_LOOPS = ("numpy", "cupy", "dask")
_FLOAT_WINS = ("torch", "jax")


def as_dtype(dtype: object) -> DType:
    """Return the NumPy dtype that `dtype`, of any library, names.

    Raises
    ------
    TypeError
        The standard has no dtype of that name.
    """
    if isinstance(dtype, np.dtype):
        if dtype in _KNOWN:
            return dtype
    elif isinstance(dtype, type) or (isinstance(dtype, str) and dtype not in NAMES):
        try:
            return as_dtype(np.dtype(dtype))
        except TypeError:
            pass
    # array-api-strict's dtypes wrap NumPy's.
    known = NAMES.get(str(getattr(dtype, "_np_dtype", dtype)).rpartition(".")[2])
    if known is None:
        raise TypeError(f"{dtype!r} is not a dtype of the array API standard")
    return known


def of(x: object) -> DType:
    """Return the dtype of an array, traced or not, or a dtype as it is.

    Raises
    ------
    TypeError
        It is neither.
    """
    return as_dtype(x if isinstance(x, type) else getattr(x, "dtype", x))


_KNOWN = frozenset(NAMES.values())


def is_kind(dtype: DType, *kinds: str) -> bool:
    """Say whether `dtype` is of one of the standard's `kinds`."""
    return any(dtype in KINDS[kind] for kind in kinds)


@cache
def promote(first: DType, second: DType, backend: str | None = None) -> DType:
    """Return the dtype of an operation between arrays of two dtypes.

    The standard's table decides where it says something. Where it says nothing (an integer with a
    float), `backend`'s own rule does; array-api-strict has none and refuses.

    Raises
    ------
    TypeError
        The two cannot be mixed.
    """
    if first == second:
        return first
    kinds = {_family(first), _family(second)}
    unpromotable = {first, second} & {uint64} and kinds & {"signed"}
    if (kinds <= {"signed", "unsigned"} or kinds <= {"real", "complex"}) and not unpromotable:
        return np.promote_types(first, second)
    if backend == "array-api-strict":
        raise TypeError(
            f"{first} and {second} cannot be mixed: the array API standard does not define it; "
            "convert one of them with xp.astype"
        )
    if backend in _FLOAT_WINS:
        floats = [d for d in (first, second) if is_kind(d, "real floating", "complex floating")]
        if len(floats) == 1:
            return floats[0]
    return np.promote_types(first, second)


def _family(dtype: DType) -> str:
    kind = dtype.kind
    return {"b": "bool", "i": "signed", "u": "unsigned", "f": "real", "c": "complex"}[kind]


def with_scalar(dtype: DType, kind: type, backend: str | None = None) -> DType:
    """Return the dtype of an operation between an array of `dtype` and a Python scalar.

    The scalar is weak: it takes the array's dtype unless it is of a higher kind.

    Raises
    ------
    TypeError
        The backend refuses the mix, or the scalar's type is not bool, int, float or complex.
    """
    order = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
    rank = {bool: 0, int: 1, float: 2, complex: 3}.get(kind)
    if rank is None:
        raise TypeError(f"a traced array cannot be combined with an object of {kind}")
    own = order[dtype.kind]
    strict = backend == "array-api-strict"
    allowed = rank <= own and (rank > 0) == (own > 0)
    if allowed or (not strict and rank <= own):
        return dtype
    if strict and not (rank == 3 and own == 2):
        raise TypeError(
            f"a Python {kind.__name__} cannot be combined with an array of {dtype}: "
            "the array API standard does not define it"
        )
    if rank == 1:
        return default(backend, "integral")
    if rank == 2:
        return default(backend, "real floating")
    if own == 2:
        return complex_of(dtype)
    return default(backend, "complex floating")


def check_scalar(dtype: DType, value: int) -> None:
    """Raise OverflowError where the integer `value` does not fit `dtype`."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        if not info.min <= value <= info.max:
            raise OverflowError(f"Python integer {value} is out of bounds for {dtype}")


_REAL_OF: dict[DType, DType] = {complex64: float32, complex128: float64}
_COMPLEX_OF: dict[DType, DType] = {float32: complex64, float64: complex128}


def real_of(dtype: DType) -> DType:
    """Return the dtype of the real part of numbers of `dtype`."""
    return _REAL_OF.get(dtype, dtype)


def complex_of(dtype: DType) -> DType:
    """Return the complex dtype whose parts have `dtype`."""
    return _COMPLEX_OF.get(dtype, dtype)


def floating(dtype: DType, backend: str | None = None) -> DType:
    """Return `dtype` if it is floating, else what `backend` computes in for such numbers."""
    if dtype.kind in "fc":
        return dtype
    if backend == "array-api-strict":
        raise TypeError(f"a floating-point dtype is needed, not {dtype}")
    if backend == "jax" and dtype not in (int64, uint64):
        return float32
    return default(backend, "real floating")


def elementary(dtype: DType, backend: str | None = None) -> DType:
    """Return the dtype in which `backend` computes functions such as `sqrt`.

    NumPy's loops for short integers are those of the shortest float that holds their numbers.
    """
    if backend in _NUMPY_LOOPS and dtype.kind in "biu" and dtype.itemsize < 4:
        return np.dtype("float16") if dtype.itemsize == 1 else float32
    return floating(dtype, backend)


def accumulator(dtype: DType, backend: str | None = None) -> DType:
    """Return the dtype of sums and products of arrays of `dtype`."""
    if dtype.kind not in "biu":
        return dtype
    widest = default(backend, "integral")
    if dtype.kind == "u" and backend != "torch":  # PyTorch sums them as signed numbers
        widest = np.dtype(f"uint{widest.itemsize * 8}")
    return widest if widest.itemsize >= dtype.itemsize else dtype


_asked = threading.local()


def asked() -> int:
    """Return how often this thread asked for a default dtype that a library's users can change."""
    return getattr(_asked, "count", 0)


def default(backend: str | None, kind: Default) -> DType:
    """Return the dtype that `backend` gives to new arrays of `kind`."""
    if backend == "torch":
        import torch

        _asked.count = asked() + 1
        real = as_dtype(torch.get_default_dtype())
        return {"integral": int64, "real floating": real, "complex floating": complex_of(real)}[
            kind
        ]
    if backend == "jax":
        import jax

        _asked.count = asked() + 1
        if not jax.config.jax_enable_x64:
            short = {"integral": int32, "real floating": float32, "complex floating": complex64}
            return short[kind]
    return {"integral": int64, "real floating": float64, "complex floating": complex128}[kind]


def isdtype(dtype: object, kind: object) -> bool:
    """Say whether `dtype` is one of, or of one of the kinds in, `kind`.

    Parameters
    ----------
    dtype : dtype
        Of any library.
    kind : dtype, str or tuple of these
        Kinds are the standard's: ``"bool"``, ``"signed integer"``, ``"unsigned integer"``,
        ``"integral"``, ``"real floating"``, ``"complex floating"``, ``"numeric"``.

    Raises
    ------
    ValueError
        `kind` is a word that the standard does not know.

    Examples
    --------
    >>> from core import lazy
    >>> lazy.isdtype(lazy.float32, ("integral", "real floating"))
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(f"unknown kind of dtype {kind!r}; the standard has {', '.join(KINDS)}")
        return as_dtype(dtype) in KINDS[kind]
    return as_dtype(dtype) == as_dtype(kind)
