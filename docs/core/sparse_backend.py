"""Adapter of Sparse, the library of sparse arrays: an example of an adapter in another package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends import Backend


class SparseBackend(Backend):
    """Adapter of Sparse, which computes at once and on the CPU."""

    name = "sparse"
    title = "Sparse"
    module = "sparse"
    array_types = ("sparse:SparseArray",)
    columns = {"cpu": "cpu"}

    def namespace(self) -> Any:
        import sparse

        return sparse

    def from_numpy(self, array: NDArray[Any], device: str) -> Any:
        import sparse

        if array.dtype.kind not in "biufc":
            raise TypeError(f"Sparse has no dtype {array.dtype}")
        return sparse.COO.from_numpy(np.array(array, copy=True))

    def to_numpy(self, x: Any) -> NDArray[Any]:
        return np.asarray(x.todense())  # np.asarray(x) raises, since the result may be large

    def device_of(self, x: Any) -> str:
        return "cpu"
