"""Compare what a function returned with what its caller declared, when a graph runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from core.lazy_apply.call import Shape, function_name
from core.typing import Array, DType, Namespace

_LARGEST = (np.bool_, np.uint64, np.int64, np.float64, np.complex128)
_KINDS = ("bool", "unsigned integer", "signed integer", "real floating", "complex floating")

VECTORIZE = "if it knows the core dimensions only, pass vectorize=True"
"""The hint in the message about a wrong shape if a signature was given."""


def checked(
    func: Callable[..., Any], result: Any, shape: Shape, dtype: DType, xp: Namespace, hint: str
) -> Array:
    """Return `result` as an array of `xp` with the declared dtype.

    Raises
    ------
    TypeError
        The dtype differs, and the declared one is of a kind that cannot hold the values.
    ValueError
        The shape differs; the message ends with `hint`.
    """
    array_type, has_dtype = _array_type(xp), hasattr(result, "dtype")
    array = result if isinstance(result, array_type) else _as_array(result, xp)
    if array.dtype != dtype:
        if not (_holds(xp, dtype, array.dtype) if has_dtype else _holds_numbers(xp, dtype, array)):
            raise TypeError(
                f"{function_name(func)} returned {array.dtype} where {dtype} was declared: "
                "give dtype="
            )
        array = xp.astype(array, dtype) if has_dtype else xp.asarray(result, dtype=dtype)
    if not _fits(array.shape, shape):
        raise ValueError(
            f"{function_name(func)} returned shape {tuple(array.shape)} where {shape} was "
            f"declared: {hint}"
        )
    if type(array) is array_type or isinstance(array, np.ma.MaskedArray):
        return array
    return xp.asarray(array)


def _as_array(result: Any, xp: Namespace) -> Array:
    refuse_masked(result)
    try:
        return xp.asarray(result)
    except (TypeError, RuntimeError):
        if not hasattr(result, "__array__"):
            raise
        return xp.asarray(np.asarray(result))  # a class that supports NumPy only


def refuse_masked(x: Any) -> None:
    """Raise TypeError if `x`, which is converted to another library, is a masked array."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            "'numpy.ma.MaskedArray' are not supported by other libraries: use x.filled(...)"
        )


@cache
def _array_type(xp: Namespace) -> type[Any]:
    return type(xp.empty(0))


def _fits(shape: Sequence[int], declared: Shape) -> bool:
    """Return whether `shape` equals `declared`, apart from lengths that are None there."""
    return len(shape) == len(declared) and all(
        length == known or known is None for length, known in zip(shape, declared, strict=True)
    )


def _holds(xp: Namespace, dtype: DType, other: DType) -> bool:
    """Return whether `dtype` is of a kind that can hold values of the kind of `other`."""
    return _rank(xp, other) <= _rank(xp, dtype)


def _holds_numbers(xp: Namespace, dtype: DType, array: Array) -> bool:
    """Return whether `dtype` can hold an array made of Python numbers, whose dtype is a default."""
    if math.prod(array.shape) == 0:
        return True
    if xp.isdtype(array.dtype, "signed integer"):
        return _rank(xp, dtype) > 0
    return _holds(xp, dtype, array.dtype)


def _rank(xp: Namespace, dtype: DType) -> int:
    """Return the position of the kind of `dtype` among kinds that each hold those before it."""
    try:
        kinds = [xp.isdtype(dtype, kind) for kind in _KINDS]
    except TypeError:  # a dtype that another package added to NumPy
        kinds = [np.can_cast(dtype, largest) for largest in _LARGEST]
    return kinds.index(True) if True in kinds else len(kinds)
