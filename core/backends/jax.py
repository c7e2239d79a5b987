"""JAX: immutable arrays, eager or traced under ``jit``."""

from __future__ import annotations

import importlib.util
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core._private.cpython import get_frame, hidden_buffers
from core._private.patching import patched
from core.backends.base import Backend, ModeKeyword, Watch
from core.backends.promotion import DefaultKind, Promotion
from core.typing import Array, Device, Namespace


def _default_dtypes() -> dict[DefaultKind, str]:
    """Return the default dtypes, which depend on whether JAX uses 64 bits."""
    import jax

    if jax.config.jax_enable_x64:
        return {"integral": "int64", "real floating": "float64", "complex floating": "complex128"}
    return {"integral": "int32", "real floating": "float32", "complex floating": "complex64"}


_CODE_GENERATOR = "xla_cpu_use_fusion_emitters"
"""The flag of XLA that selects the newer of two code generators for processors."""


class JAXBackend(Backend):
    """Adapter of JAX."""

    name = "jax"
    title = "JAX"
    module = "jax"
    compiler = "core.autojit.jax:JAXFunction"
    compiler_priority = 20
    aliases = ("jax.numpy",)
    array_types = ("jax:Array", "jax.core:Tracer")
    lazy_apply = "core.lazy_apply.jax:JAXImplementation"
    modes = ("eager", "jit")
    optional_modes = ("grad", "vmap")
    mode_code = {"jit": "jax.jit({function})"}
    mode_keywords = {"jit": ModeKeyword("jax_jit", works=True)}
    tracing_errors = (
        "ConcretizationTypeError",
        "NonConcreteBooleanIndexError",
        "TracerArrayConversionError",
        "TracerBoolConversionError",
        "TracerIntegerConversionError",
    )
    host_transfer_errors = ("TracerArrayConversionError",)
    accelerators = ("cuda", "rocm", "tpu", "metal")
    host_functions = ("jax.device_get",)
    promotion = Promotion(
        results={
            name: {"bool": "int32"} for name in ("floor_divide", "pow", "remainder", "square")
        },
        immutable=True,
        wraps_integers=True,
        float_wins=True,
        floats=dict.fromkeys(
            ("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32"), "float32"
        ),
        search_dtype="int32",
        current_defaults=_default_dtypes,
        takes_numpy=True,
    )
    # Without 64-bit numbers JAX turns float64 into float32, and nothing agrees with NumPy. Each
    # call is made once or twice, so optimizing it costs more time than it saves.
    environment = {"JAX_ENABLE_X64": "1", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    compilation_cache = {
        "JAX_COMPILATION_CACHE_DIR": "{folder}",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }

    def worker_environment(self) -> Mapping[str, str]:
        # The older code generator of XLA compiles small functions in 60 % of the time. A process
        # with a flag that XLA does not know ends at once.
        given = os.environ.get("XLA_FLAGS", "")
        if _CODE_GENERATOR in given or not _knows_flag(_CODE_GENERATOR):
            return self.environment
        return {**self.environment, "XLA_FLAGS": f"{given} --{_CODE_GENERATOR}=false".strip()}

    def missing_device(self, device: str) -> str:
        if device == "gpu" and not _accelerators():
            return "there is no GPU or TPU that it can use"
        return ""

    def flatten_node(self, x: object) -> tuple[list[Any], Callable[[list[Any]], Any]] | None:
        from jax import tree_util

        items, structure = tree_util.tree_flatten(x, is_leaf=lambda item: item is not x)
        if tree_util.treedef_is_leaf(structure):
            return None
        return items, partial(tree_util.tree_unflatten, structure)

    def namespace(self) -> Namespace:
        import jax.numpy

        return jax.numpy

    def eager_evaluation(self) -> AbstractContextManager[Any]:
        import jax

        context: AbstractContextManager[Any] = jax.ensure_compile_time_eval()
        return context

    def owns(self, x: object) -> bool:
        import jax

        return isinstance(x, jax.Array)  # not tracers of tokens and references

    def from_numpy(self, array: NDArray[Any], device: str) -> Array:
        import jax

        if array.dtype.kind not in "biufc" or array.dtype.itemsize > 16:
            raise TypeError(f"JAX has no dtype {array.dtype}")
        owned = np.array(array, copy=True, dtype=array.dtype.newbyteorder("="))
        return jax.device_put(owned, self.native_device(device))

    def to_numpy(self, x: Array) -> NDArray[Any]:
        import jax

        return np.asarray(jax.device_get(x))

    def device_of(self, x: Array) -> str:
        platforms = {device.platform for device in x.devices()}
        return "cpu" if platforms == {"cpu"} else "gpu"

    def native_device(self, device: str) -> Device:
        import jax

        return jax.devices("cpu")[0] if device == "cpu" else _accelerators()[0]

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
        """Count conversions to NumPy, and measure compile time.

        ``jax.device_get(x)``, ``float(x)`` and ``x.item()`` are explicit and not counted, and
        neither are JAX's own conversions. Eager operations are compiled one by one.
        """
        seen = Watch()
        watches = _watches()
        watches.append(seen)
        try:
            with _counted_conversions(seen):
                yield seen
        finally:
            watches.remove(seen)

    def device_called(self, name: str) -> str | None:
        if super().device_called(name):
            return name
        platforms = {"cuda": "gpu", "rocm": "gpu", "mps": "metal"}
        there = {device.platform.lower() for device in _accelerators()}
        return "gpu" if platforms.get(name, name) in there else None

    @contextmanager
    def defaults(self, device: str, dtype: str) -> Iterator[Namespace]:
        """Yield the namespace; JAX's defaults are set in all threads."""
        import jax

        wanted = {
            "jax_enable_x64": dtype == "float64",
            "jax_default_device": self.native_device(device),
        }
        before = {name: getattr(jax.config, name) for name in wanted}
        for name, value in wanted.items():
            jax.config.update(name, value)
        try:
            yield self.namespace()
        finally:
            for name, value in before.items():
                jax.config.update(name, value)

    def settings(self) -> Mapping[str, Any]:
        import jax

        return dict(jax.config.values)

    def restore_settings(self, settings: Mapping[str, Any]) -> None:
        import jax

        for name, value in jax.config.values.items():
            if value != settings.get(name, value):
                jax.config.update(name, settings[name])

    def setup_code(self, device: str) -> str:
        platform = "cpu" if device == "cpu" else "gpu"
        return (
            "import jax\nimport jax.numpy as xp\n\n"
            'jax.config.update("jax_enable_x64", True)\n'
            f'jax.config.update("jax_default_device", jax.devices("{platform}")[0])'
        )

    def transform(self, mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if mode != "jit":
            return super().transform(mode, function)
        from core.autojit import autojit

        jitted: Callable[..., Any] = autojit(function, backend="jax")
        return jitted

    def gradient(
        self, function: Callable[[list[Array]], Array], arrays: list[Array]
    ) -> list[Array]:
        import jax

        return list(jax.grad(function)(arrays))

    def vmap(
        self, function: Callable[[list[Array]], list[Array]], arrays: list[Array]
    ) -> list[Array]:
        import jax

        return list(jax.vmap(function)(arrays))


@contextmanager
def _counted_conversions(seen: Watch) -> Iterator[None]:
    """Count conversions of arrays to NumPy, by Python code and by NumPy's C code."""
    import jax.numpy

    array_type: Any = type(jax.numpy.zeros(0))

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            caller = get_frame(1).f_globals.get("__name__", "")
            if caller.partition(".")[0] not in ("jax", "jaxlib"):
                seen.host_transfers += 1
            return original(self, *args, **kwargs)

        return method

    methods = {name: counted(getattr(array_type, name)) for name in ("__array__", "__dlpack__")}
    with hidden_buffers(array_type), patched(array_type, **methods):
        yield


@cache
def _watches() -> list[Watch]:
    """Return the active watches, which one listener for the whole process updates."""
    import jax.monitoring

    watches: list[Watch] = []

    def listener(event: str, seconds: float, **_: Any) -> None:
        # Without tracing: that runs the function itself, and nested traces would count twice.
        if event.endswith(("jaxpr_to_mlir_module_duration", "backend_compile_duration")):
            for watch in watches:
                watch.compile_seconds += seconds

    jax.monitoring.register_event_duration_secs_listener(listener)
    return watches


def _accelerators() -> list[Any]:
    import jax

    return [device for device in jax.devices() if device.platform != "cpu"]


@cache
def _knows_flag(name: str) -> bool:
    """Return whether the installed XLA has a flag, without importing it."""
    spec = importlib.util.find_spec("jaxlib")
    folders = spec.submodule_search_locations if spec else None
    for path in (path for folder in folders or () for path in Path(folder).iterdir()):
        if path.suffix not in (".so", ".dylib", ".pyd", ".dll"):
            continue
        with (
            suppress(OSError, ValueError),  # an empty file cannot be mapped
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            if content.find(name.encode()) >= 0:
                return True
    return False
