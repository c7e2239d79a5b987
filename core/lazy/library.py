"""The library, namespace and device of concrete arrays, and their conversion."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from array_api_compat import device
from numpy.typing import NDArray

from core.backends.registry import backends, library_of
from core.lazy.dtypes import REFERENCE
from core.typing import Array, Device, Namespace


def backend_of(x: object) -> str | None:
    """Return the name of the library that the array `x` is of, or None if it is no array."""
    return library_of(type(x)) or None


def namespace_of(backend: str | None, array: Array = None) -> Namespace:
    """Return the array API namespace of a library; None means NumPy.

    Raises
    ------
    ValueError
        The library has no adapter, `array` has no method ``__array_namespace__``, and no module is
        called `backend`.
    """
    adapter = backends().get(REFERENCE if backend is None else backend)
    if adapter is not None:
        return adapter.standard_namespace()
    assert backend is not None
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    try:
        return import_module(backend)
    except ImportError:
        raise ValueError(f"no array library is known by the name {backend!r}") from None


def device_of(x: Array) -> Device:
    """Return the device of a concrete array, as the library itself names it."""
    try:
        return device(x)
    except (AttributeError, TypeError, ValueError):
        return None


def convert(data: Array, backend: str | None, xp: Namespace) -> Array:
    """Return the concrete array `data` as an array of the library with namespace `xp`."""
    source = backend_of(data)
    if backend is None or source == backend:
        return data
    return xp.asarray(to_numpy(data))


def to_numpy(data: Array) -> NDArray[Any]:
    """Return the concrete array `data` as an array of NumPy."""
    try:
        return np.asarray(data)
    except (RuntimeError, TypeError, ValueError):  # not in host memory, or not dense
        adapter = backends().get(backend_of(data) or "")
        if adapter is None:
            raise
        return adapter.to_numpy(data)
