"""array-api-strict: the minimal implementation of the standard, with a second device."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core._private.patching import patched
from core.backends.base import Backend, Watch
from core.backends.promotion import Promotion
from core.typing import Array, Device, Namespace


class StrictBackend(Backend):
    """Adapter of array-api-strict; its second device fills the column of GPUs."""

    name = "array-api-strict"
    title = "array-api-strict"
    module = "array_api_strict"
    distributions = ("array-api-strict",)
    columns = {"cpu": "cpu", "gpu": "other"}
    promotion = Promotion(strict=True, aliases=frozenset(("ceil", "floor", "trunc")))

    def missing_device(self, device: str) -> str:
        if hasattr(self.namespace(), "Device"):
            return ""
        return "it has no devices; version 2.1 or newer is needed"

    def namespace(self) -> Namespace:
        import array_api_strict

        return array_api_strict

    def from_numpy(self, array: NDArray[Any], device: str) -> Array:
        owned = np.array(array, copy=True)
        return self.namespace().asarray(owned, device=self.native_device(device))

    def to_numpy(self, x: Array) -> NDArray[Any]:
        return np.asarray(x.to_device(self.native_device("cpu")))

    def device_of(self, x: Array) -> str:
        return "cpu" if x.device == self.native_device("cpu") else "other"

    def native_device(self, device: str) -> Device:
        import array_api_strict

        return array_api_strict.Device("CPU_DEVICE" if device == "cpu" else "device1")

    def setup_code(self, device: str) -> str:
        if device == "cpu":
            return super().setup_code(device)
        return (
            "from functools import partial\n\nimport array_api_strict as xp\n\n"
            'xp.asarray = partial(xp.asarray, device=xp.Device("device1"))'
        )

    @contextmanager
    def defaults(self, device: str, dtype: str) -> Iterator[Namespace]:
        """Yield the namespace, or a copy of it that creates arrays on another `device`.

        The library has no setting for this. Code that uses the library's own namespace still
        creates on the CPU, so functions that ignore the device of their input are found.
        """
        if device == "cpu":
            yield self.namespace()
        else:
            yield _creating_on(self.native_device(device))

    def settings(self) -> Mapping[str, Any]:
        import array_api_strict

        return dict(array_api_strict.get_array_api_strict_flags())

    def restore_settings(self, settings: Mapping[str, Any]) -> None:
        import array_api_strict

        array_api_strict.set_array_api_strict_flags(**settings)

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
        """Count conversions of arrays to NumPy and exports of their memory."""
        seen = Watch()
        array_type = _array_type()

        def counted(original: Callable[..., Any]) -> Callable[..., Any]:
            def method(self: Any, *args: Any, **kwargs: Any) -> Any:
                seen.host_transfers += 1
                return original(self, *args, **kwargs)

            return method

        names = {"__array__", "__buffer__", "__dlpack__"} & set(vars(array_type))
        methods = {name: counted(vars(array_type)[name]) for name in sorted(names)}
        with patched(array_type, **methods):
            yield seen


_CREATION = ("arange", "asarray", "empty", "eye", "full", "linspace", "ones", "zeros")


def _creating_on(device: Device) -> ModuleType:
    """Return a copy of the namespace with another default device."""
    import array_api_strict

    copy = ModuleType(array_api_strict.__name__, array_api_strict.__doc__)
    vars(copy).update(vars(array_api_strict))

    def create(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def creation(*args: Any, **kwargs: Any) -> Any:
            if kwargs.get("device") is None and not isinstance(args[0], _array_type()):
                kwargs["device"] = device
            return original(*args, **kwargs)

        return creation

    for name in _CREATION:
        setattr(copy, name, create(getattr(array_api_strict, name)))
    return copy


def _array_type() -> type[Any]:
    import array_api_strict

    return type(array_api_strict.asarray(0))
