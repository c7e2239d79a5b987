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
        return x

    @staticmethod
    def place(result: Any, first: Array, xp: Namespace = None) -> NDArray[Any]:
        return np.asarray(result)
