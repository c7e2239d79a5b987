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
        return plain_array(x)

    @staticmethod
    def place(result: Any, first: Array, xp: Namespace = None) -> NDArray[Any]:
        return as_array(result)


def plain_array(x: Any) -> Any:
    """Return an argument for ``as_numpy=True``, which must be what other libraries can hold.

    Raises
    ------
    TypeError
        It is a matrix, a masked array or an array of objects.
    """
    unsupported = ""
    if isinstance(x, np.ma.MaskedArray):
        unsupported = "'numpy.ma.MaskedArray' are not supported: pass x.filled(...)"
    elif isinstance(x, np.matrix):
        unsupported = "'numpy.matrix' are not supported: pass np.asarray(x)"
    elif x.dtype.hasobject:
        unsupported = "object arrays are not supported: pass an array of numbers"
    if unsupported:
        raise TypeError(f"lazy_apply with as_numpy=True: {unsupported}")
    return x


def as_array(result: Any) -> NDArray[Any]:
    """Return the result of a function as an array; the mask of a masked array is kept."""
    array: NDArray[Any] = result if isinstance(result, np.ma.MaskedArray) else np.asarray(result)
    return array
