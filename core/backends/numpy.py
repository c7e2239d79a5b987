"""NumPy: the reference that the others are compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend


class NumPyBackend(Backend):
    """Adapter of NumPy."""

    name = "numpy"
    title = "NumPy"
    module = "numpy"
    columns = {"cpu": "cpu"}
    is_reference = True
    optional_modes = ("trace",)
    tracing_errors = ("DataDependentError",)

    def namespace(self) -> Any:
        import array_api_compat.numpy

        return array_api_compat.numpy

    def owns(self, x: object) -> bool:
        return isinstance(x, (np.ndarray, np.generic))

    def from_numpy(self, array: NDArray[Any], device: str) -> Any:
        return np.array(array, copy=True)

    def to_numpy(self, x: Any) -> NDArray[Any]:
        return np.asarray(x)

    def device_of(self, x: Any) -> str:
        return "cpu"

    def transform(self, mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if mode != "trace":
            return super().transform(mode, function)
        from core.autojit import autojit

        traced: Callable[..., Any] = autojit(function, backend="lazy")
        return traced
