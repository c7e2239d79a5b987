"""array-api-strict: the standard and nothing else, with a second device that is not the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend, Watch


class StrictBackend(Backend):
    """Adapter of array-api-strict; its second device stands in for a GPU."""

    name = "array-api-strict"
    title = "array-api-strict"
    module = "array_api_strict"
    distributions = ("array-api-strict",)
    columns = {"cpu": "cpu", "gpu": "other"}

    def missing_device(self, device: str) -> str:
        return ""

    def namespace(self) -> Any:
        import array_api_strict

        return array_api_strict

    def owns(self, x: object) -> bool:
        return isinstance(x, _array_type())

    def from_numpy(self, array: NDArray[Any], device: str) -> Any:
        owned = np.array(array, copy=True)
        return self.namespace().asarray(owned, device=self.native_device(device))

    def to_numpy(self, x: Any) -> NDArray[Any]:
        return np.asarray(x.to_device(self.native_device("cpu")))

    def device_of(self, x: Any) -> str:
        return "cpu" if x.device == self.native_device("cpu") else "other"

    def native_device(self, device: str) -> Any:
        import array_api_strict

        return array_api_strict.Device("CPU_DEVICE" if device == "cpu" else "device1")

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Count the calls that turn an array into host memory."""
        seen = Watch()
        array_type = _array_type()
        names = [
            name for name in ("__array__", "__buffer__", "__dlpack__") if name in vars(array_type)
        ]
        own = {name: vars(array_type)[name] for name in names}

        def counted(original: Callable[..., Any]) -> Callable[..., Any]:
            def method(self: Any, *args: Any, **kwargs: Any) -> Any:
                seen.host_transfers += 1
                return original(self, *args, **kwargs)

            return method

        for name, original in own.items():
            setattr(array_type, name, counted(original))
        try:
            yield seen
        finally:
            for name, original in own.items():
                setattr(array_type, name, original)


def _array_type() -> type[Any]:
    import array_api_strict

    return type(array_api_strict.asarray(0))
