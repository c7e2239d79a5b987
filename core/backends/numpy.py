"""NumPy: the reference that other libraries are compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend
from core.backends.promotion import NUMPY_LOOPS, NUMPY_RESULTS, Promotion
from core.typing import Array, Namespace


class NumPyBackend(Backend):
    """Adapter of NumPy."""

    name = "numpy"
    title = "NumPy"
    module = "numpy"
    array_types = ("numpy:ndarray", "numpy:generic")
    lazy_apply = "core.lazy_apply.numpy:NumPyImplementation"
    is_reference = True
    columns = {"cpu": "cpu"}
    optional_modes = ("trace",)
    tracing_errors = ("DataDependentError",)
    # Others, such as `numpy.add`, let arrays of other libraries do the work.
    host_functions = (
        *(
            f"numpy.{name}"
            for name in (
                *("arange", "array", "asanyarray", "asarray", "asarray_chkfinite"),
                *("ascontiguousarray", "asfortranarray", "empty", "eye", "frombuffer"),
                *("fromfile", "fromfunction", "fromiter", "full", "genfromtxt", "geomspace"),
                *("identity", "linspace", "load", "loadtxt", "logspace", "meshgrid", "ones"),
                *("require", "tri", "vander", "zeros"),
                *("float16", "float32", "float64", "int8", "int16", "int32", "int64", "bool_"),
                *("complex64", "complex128", "uint8", "uint16", "uint32", "uint64"),
            )
        ),
        "numpy.random.",
    )
    host_classes = ("numpy.ndarray", "numpy.typing.NDArray", "numpy.generic", "numpy.matrix")
    promotion = Promotion(
        elementary_floats=NUMPY_LOOPS,
        results=NUMPY_RESULTS,
        only_device="cpu",
        scalar_results=True,
    )

    def namespace(self) -> Namespace:
        import array_api_compat.numpy

        return array_api_compat.numpy

    def from_numpy(self, array: NDArray[Any], device: str) -> Array:
        return np.array(array, copy=True)

    def to_numpy(self, x: Array) -> NDArray[Any]:
        return np.asarray(x)

    def device_of(self, x: Array) -> str:
        return "cpu"

    def transform(self, mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if mode != "trace":
            return super().transform(mode, function)
        from core.autojit import autojit

        traced: Callable[..., Any] = autojit(function, backend="lazy")
        return traced
