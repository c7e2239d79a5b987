"""Shapes and dtypes of results, which a lazy library needs before the function runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.lazy_apply.call import SCALARS, Call, Shape, check_outputs, function_name
from core.lazy_apply.signature import broadcast
from core.typing import DType


@dataclass(frozen=True, slots=True)
class Outputs:
    """The shape and the dtype of every result."""

    shapes: tuple[Shape, ...]
    dtypes: tuple[DType, ...]
    multiple: bool

    def wrap(self, results: Sequence[Any]) -> Any:
        """Return the single result, or a tuple if the caller declared several."""
        return tuple(results) if self.multiple else results[0]


def resolve(call: Call, result_type: Callable[[], Any]) -> Outputs:
    """Return the shapes and dtypes that `call` announces, with defaults for those left out.

    `result_type` returns the promoted dtype of the arrays; it is called if a dtype is missing.
    """
    count = call.result_count
    if call.shape is not None:
        shapes = tuple(map(plain_shape, call.shape)) if count else (plain_shape(call.shape),)
    else:
        known = [plain_shape(x.shape) for x in call.arrays]
        if call.signature is not None:
            shapes = call.signature.results(known)
        else:
            shapes = (broadcast(known),)
    check_outputs(shapes if count else shapes[0], call.dtype)
    has_several_dtypes = count and call.dtype is not None
    dtypes = tuple(call.dtype) if has_several_dtypes else (call.dtype,) * len(shapes)
    if any(dtype is None for dtype in dtypes):
        promoted = result_type()
        dtypes = tuple(promoted if dtype is None else dtype for dtype in dtypes)
    return Outputs(shapes, dtypes, bool(count))


def check_shapes(args: Sequence[Any]) -> None:
    """Raise ValueError if the shapes of the arrays among `args` do not broadcast together."""
    shapes = [x.shape for x in args if type(x) not in SCALARS and hasattr(x, "shape")]
    if any(shape != shapes[0] for shape in shapes):
        broadcast([plain_shape(shape) for shape in shapes])


def plain_shape(shape: Sequence[Any]) -> Shape:
    """Return `shape` as ints, with None in place of Dask's ``nan``.

    A symbolic length of a compiler stays symbolic: converting it would specialize the program.
    """
    return tuple(
        None
        if length is None or (isinstance(length, float) and math.isnan(length))
        else int(length)
        if isinstance(length, (float, np.integer))
        else length
        for length in shape
    )


def list_results(func: Callable[..., Any], result: Any, count: int) -> list[Any]:
    """Return the `count` results of `func` as a list.

    Raises
    ------
    TypeError, ValueError
        `func` did not return `count` results.
    """
    name = function_name(func)
    try:
        results = list(result)
    except TypeError:
        raise TypeError(
            f"{name} returned {type(result).__name__}, not the {count} arrays that shape= announces"
        ) from None
    if len(results) != count:
        raise ValueError(f"{name} returned {len(results)} arrays; shape= announces {count}")
    return results
