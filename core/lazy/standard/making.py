"""How functions that make arrays are registered, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.operation import Operation, define, operation
from core.lazy.spec import Shape, as_shape, spec
from core.lazy.standard.registry import by_backend


def creation(extension: str = "") -> Callable[[Callable[..., LazyArray]], Any]:
    """Register a function that makes arrays, which is an operation too."""

    def register(function: Callable[..., LazyArray]) -> Any:
        name = f"{extension}.{function.__name__}" if extension else function.__name__
        define(Operation(name, "creation"))
        return by_backend(extension)(function)

    return register


def created(
    name: str,
    backend: str | None,
    args: tuple[Any, ...],
    shape: Shape,
    dtype: object,
    device: Any,
    kind: dtypes.Default = "real floating",
    **more: Any,
) -> LazyArray:
    known = dtypes.default(backend, kind) if dtype is None else dtypes.as_dtype(dtype)
    kwargs: dict[str, Any] = {**more, "dtype": known}
    device = placed(device, backend)
    if device is not None:
        kwargs["device"] = device
    return make(operation(name), args, kwargs, spec(shape, known, backend, device))


def placed(device: Any, backend: str | None) -> Any:
    """Return a device as it is written down: not where there is only one, so that others can run.

    Raises
    ------
    ValueError
        NumPy has no such device.
    """
    if backend != "numpy":
        return device
    if device not in (None, "cpu"):
        raise ValueError(f'NumPy has the device "cpu" alone, not {device!r}')
    return None


def lengths_of(name: str, shape: Any) -> tuple[int, ...]:
    lengths = as_shape(shape)
    if None in lengths:
        raise ValueError(f"{name}: the shape {lengths} has a length that is not known")
    return lengths  # type: ignore[return-value]
