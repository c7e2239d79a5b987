"""CuPy: NumPy's interface on a CUDA or ROCm device."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend
from core.backends.promotion import NUMPY_LOOPS, Promotion
from core.typing import Array, Device, Namespace


class CuPyBackend(Backend):
    """Adapter of CuPy."""

    name = "cupy"
    title = "CuPy"
    module = "cupy"
    distributions = (
        "cupy",
        "cupy-cuda13x",
        "cupy-cuda12x",
        "cupy-cuda11x",
        "cupy-rocm-7-0",
        "cupy-rocm-5-0",
    )
    array_types = ("cupy:ndarray",)
    accelerators = ("cuda", "rocm")
    host_functions = ("cupy.asnumpy",)
    columns = {"gpu": "gpu"}
    promotion = Promotion(elementary_floats=NUMPY_LOOPS)

    def missing_device(self, device: str) -> str:
        import cupy

        try:
            count = cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError:
            count = 0
        return "" if count else "there is no CUDA device"

    def namespace(self) -> Namespace:
        import array_api_compat.cupy

        return array_api_compat.cupy

    def from_numpy(self, array: NDArray[Any], device: str) -> Array:
        import cupy

        if array.dtype.kind not in "biufc":
            raise TypeError(f"CuPy has no dtype {array.dtype}")
        return cupy.array(array)

    def to_numpy(self, x: Array) -> NDArray[Any]:
        import cupy

        return np.asarray(cupy.asnumpy(x))

    def device_of(self, x: Array) -> str:
        return "gpu"

    def device_called(self, name: str) -> str | None:
        return "gpu" if name in ("cuda", "rocm") else super().device_called(name)

    def native_device(self, device: str) -> Device:
        import cupy

        return cupy.cuda.Device(0)
