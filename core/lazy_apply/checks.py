"""Holds what a function returned against what was announced, once a graph runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from core.lazy_apply.call import Shape, function_name

_LARGEST = (np.bool_, np.uint64, np.int64, np.float64, np.complex128)
_KINDS = ("bool", "unsigned integer", "signed integer", "real floating", "complex floating")

VECTORIZE = "if it knows the core dimensions only, pass vectorize=True"
"""What to do about a wrong shape where there is a signature."""


def checked(
    func: Callable[..., Any], result: Any, shape: Shape, dtype: Any, xp: Any, hint: str
) -> Any:
    """Return `result` as an array of `xp` with the announced dtype.

    Raises
    ------
    TypeError
        The dtype is another one, and of a kind that the announced one cannot hold.
    ValueError
        The shape is another one; `hint` says what to do about it.
    """
    own, typed = _class_of(xp), hasattr(result, "dtype")
    found = result if isinstance(result, own) else xp.asarray(result)
    if found.dtype != dtype:
        if not (_holds(xp, dtype, found.dtype) if typed else _holds_numbers(xp, dtype, found)):
            raise TypeError(
                f"{function_name(func)} returned {found.dtype} where {dtype} was announced: "
                "give dtype="
            )
        found = xp.astype(found, dtype) if typed else xp.asarray(result, dtype=dtype)
    if not fits(found.shape, shape):
        raise ValueError(
            f"{function_name(func)} returned shape {tuple(found.shape)} where {shape} was "
            f"announced: {hint}"
        )
    return found if type(found) is own else xp.asarray(found)


@cache
def _class_of(xp: Any) -> type[Any]:
    """Return the class of the namespace's arrays."""
    return type(xp.empty(0))


def fits(shape: Sequence[int], announced: Shape) -> bool:
    """Say whether `shape` is `announced`, but for lengths that were not known."""
    return len(shape) == len(announced) and all(
        length == known or known is None for length, known in zip(shape, announced, strict=True)
    )


def _holds(xp: Any, dtype: Any, other: Any) -> bool:
    """Say whether `dtype` is of a kind that holds numbers of the kind of `other`."""
    return _rank(xp, other) <= _rank(xp, dtype)


def _holds_numbers(xp: Any, dtype: Any, found: Any) -> bool:
    """Say so of Python's numbers, made an array: the dtype is not one that anybody chose."""
    if math.prod(found.shape) == 0:
        return True
    if xp.isdtype(found.dtype, "signed integer"):
        return _rank(xp, dtype) > 0
    return _holds(xp, dtype, found.dtype)


def _rank(xp: Any, dtype: Any) -> int:
    """Return a number that is higher for kinds of numbers that hold more."""
    try:
        kinds = [xp.isdtype(dtype, kind) for kind in _KINDS]
    except TypeError:  # a dtype that another package has added to NumPy
        kinds = [np.can_cast(dtype, largest) for largest in _LARGEST]
    return kinds.index(True) if True in kinds else len(kinds)
