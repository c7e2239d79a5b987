"""JAX: immutable arrays, eager or traced under ``jit``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend, Watch


class JAXBackend(Backend):
    """Adapter of JAX."""

    name = "jax"
    title = "JAX"
    module = "jax"
    aliases = ("jax.numpy",)
    modes = ("eager", "jit")
    tracing_errors = (
        "ConcretizationTypeError",
        "NonConcreteBooleanIndexError",
        "TracerArrayConversionError",
        "TracerBoolConversionError",
        "TracerIntegerConversionError",
    )
    # Eagerly, NumPy reads a CPU array's buffer unseen; a traced one has none.
    host_transfer_errors = ("TracerArrayConversionError",)
    # Without it JAX turns every float64 into float32, and nothing could be compared with NumPy.
    environment = {"JAX_ENABLE_X64": "1"}

    def missing_device(self, device: str) -> str:
        if device == "gpu" and not _accelerators():
            return "there is no GPU or TPU that it can use"
        return ""

    def namespace(self) -> Any:
        import jax.numpy

        return jax.numpy

    def owns(self, x: object) -> bool:
        import jax

        return isinstance(x, jax.Array)

    def from_numpy(self, array: NDArray[Any], device: str) -> Any:
        import jax

        if array.dtype.kind not in "biufc" or array.dtype.itemsize > 16:
            raise TypeError(f"JAX has no dtype {array.dtype}")
        owned = np.array(array, copy=True, dtype=array.dtype.newbyteorder("="))
        return jax.device_put(owned, self.native_device(device))

    def to_numpy(self, x: Any) -> NDArray[Any]:
        return np.asarray(x)

    def device_of(self, x: Any) -> str:
        platforms = {device.platform for device in x.devices()}
        return "cpu" if platforms == {"cpu"} else "gpu"

    def native_device(self, device: str) -> Any:
        import jax

        return jax.devices("cpu")[0] if device == "cpu" else _accelerators()[0]

    def transform(self, mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if mode != "jit":
            return super().transform(mode, function)
        from core.autojit import autojit

        jitted: Callable[..., Any] = autojit(function, backend="jax")
        return jitted

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Take the time of compiling, of single operations too where nothing is traced."""
        seen = Watch()
        watches = _watches()
        watches.append(seen)
        try:
            yield seen
        finally:
            watches.remove(seen)


@cache
def _watches() -> list[Watch]:
    """Return the list of those that watch, which one listener for the whole process tells."""
    import jax.monitoring

    watches: list[Watch] = []

    def tell(event: str, seconds: float, **_: Any) -> None:
        # Tracing is left out: it is the function's own work, and nested traces count twice.
        if event.endswith(("jaxpr_to_mlir_module_duration", "backend_compile_duration")):
            for watch in watches:
                watch.compile_seconds += seconds

    jax.monitoring.register_event_duration_secs_listener(tell)
    return watches


def _accelerators() -> list[Any]:
    import jax

    return [device for device in jax.devices() if device.platform != "cpu"]
