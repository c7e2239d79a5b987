"""array-api-strict: the standard and nothing else, with a second device that is not the host."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
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
    def defaults(self, device: str, dtype: str) -> Iterator[Any]:
        """Yield the namespace, or a copy of it that creates arrays on another `device`.

        The library has no such setting, and only the copy creates there: a function that forgets
        the device of its input is found.
        """
        if device == "cpu":
            yield self.namespace()
        else:
            yield _creating_on(self.native_device(device))

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
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


_CREATION = ("arange", "asarray", "empty", "eye", "full", "linspace", "ones", "zeros")


def _creating_on(device: Any) -> ModuleType:
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
