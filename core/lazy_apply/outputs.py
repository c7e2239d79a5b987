"""What a lazy library must know before the function runs: shapes and dtypes of the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.lazy_apply.call import SCALARS, Call, Shape, check_outputs, function_name
from core.lazy_apply.signature import broadcast


@dataclass(frozen=True, slots=True)
class Outputs:
    """The shape and the dtype of every result."""

    shapes: tuple[Shape, ...]
    dtypes: tuple[Any, ...]
    multiple: bool

    def wrap(self, results: Sequence[Any]) -> Any:
        """Return the one result, or a tuple where the caller asked for several."""
        return tuple(results) if self.multiple else results[0]


def resolve(call: Call, result_type: Callable[[], Any]) -> Outputs:
    """Return what `call` says about its results, and the defaults where it says nothing.

    `result_type` promotes the dtypes of the arrays; it is called where no dtype was given.
    """
    several = call.several
    if call.shape is not None:
        shapes = tuple(map(plain, call.shape)) if several else (plain(call.shape),)
    else:
        known = [plain(x.shape) for x in call.arrays]
        if call.signature is not None:
            shapes = call.signature.results(known)
        else:
            shapes = (broadcast(known),)
    check_outputs(shapes if several else shapes[0], call.dtype)
    listed = several and call.dtype is not None
    dtypes = tuple(call.dtype) if listed else (call.dtype,) * len(shapes)
    if any(dtype is None for dtype in dtypes):
        promoted = result_type()
        dtypes = tuple(promoted if dtype is None else dtype for dtype in dtypes)
    return Outputs(shapes, dtypes, bool(several))


def check_shapes(args: Sequence[Any]) -> None:
    """Raise ValueError where the shapes of the arrays among `args` do not broadcast together."""
    shapes = [x.shape for x in args if type(x) not in SCALARS and hasattr(x, "shape")]
    if any(shape != shapes[0] for shape in shapes):
        broadcast([plain(shape) for shape in shapes])


def plain(shape: Sequence[Any]) -> Shape:
    """Return `shape` as ints, with None for what Dask calls ``nan``.

    A length that a compiler keeps as a symbol stays one: its value would tie the program to it.
    """
    return tuple(
        None
        if length is None or (isinstance(length, float) and math.isnan(length))
        else int(length)
        if isinstance(length, (float, np.integer))
        else length
        for length in shape
    )


def listed(func: Callable[..., Any], result: Any, count: int) -> list[Any]:
    """Return the `count` results of `func` as a list.

    Raises
    ------
    TypeError, ValueError
        `func` did not return as many results as were announced.
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
