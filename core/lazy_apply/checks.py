"""Holds what a function returned against what was announced, once a graph runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.lazy_apply.call import Shape, function_name

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
    if not hasattr(result, "dtype"):
        result = xp.asarray(result, dtype=dtype)
    elif result.dtype != dtype:
        if _rank(xp, result.dtype) > _rank(xp, dtype):
            raise TypeError(
                f"{function_name(func)} returned {result.dtype} where {dtype} was announced: "
                "give dtype="
            )
        result = xp.astype(xp.asarray(result), dtype)
    if not fits(result.shape, shape):
        raise ValueError(
            f"{function_name(func)} returned shape {tuple(result.shape)} where {shape} was "
            f"announced: {hint}"
        )
    return xp.asarray(result)


def fits(shape: Sequence[int], announced: Shape) -> bool:
    """Say whether `shape` is `announced`, but for lengths that were not known."""
    return len(shape) == len(announced) and all(
        length == known or known is None for length, known in zip(shape, announced, strict=True)
    )


def _rank(xp: Any, dtype: Any) -> int:
    """Return a number that is higher for kinds of numbers that hold more."""
    for rank, kind in enumerate(_KINDS):
        if xp.isdtype(dtype, kind):
            return rank
    return len(_KINDS)
