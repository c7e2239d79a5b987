"""NumPy: the function is called at once, and results become arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.lazy_apply.implementation import Implementation
from core.typing import Array, Namespace


class NumPyImplementation(Implementation):
    """`lazy_apply` on NumPy: arguments stay as they are, subclasses of arrays too."""

    def concrete_types(self, cls: type) -> tuple[type, ...]:
        return (np.ndarray, np.generic)

    @staticmethod
    def to_numpy(x: Array) -> Array:
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError(
                "lazy_apply with as_numpy=True does not support masked arrays: pass x.filled(...)"
            )
        return x

    @staticmethod
    def place(result: Any, first: Array, xp: Namespace = None) -> NDArray[Any]:
        return as_array(result)


def as_array(result: Any) -> NDArray[Any]:
    """Return the result of a function as an array; the mask of a masked array is kept."""
    array: NDArray[Any] = result if isinstance(result, np.ma.MaskedArray) else np.asarray(result)
    return array
