"""Which array library an array is of, and that library's namespace."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np

_MODULES = {
    "numpy": "array_api_compat.numpy",
    "cupy": "array_api_compat.cupy",
    "torch": "array_api_compat.torch",
    "dask": "array_api_compat.dask.array",
    "jax": "jax.numpy",
    "array-api-strict": "array_api_strict",
}
KNOWN = frozenset(_MODULES)
_ROOTS = {"jaxlib": "jax", "array_api_strict": "array-api-strict"}


_NUMPY = (np.ndarray, np.generic)  # a tuple, which `torch.compile` can read


def backend_of(x: object) -> str | None:
    """Return the name of the library that the array `x` is of, or None if it is no array."""
    cls = type(x)
    if not hasattr(cls, "shape") or not hasattr(cls, "dtype") or not hasattr(cls, "__add__"):
        return None
    root = cls.__module__.partition(".")[0]
    if isinstance(x, _NUMPY):
        return "numpy"
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        return "torch"
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(x, jax.Array):
        return "jax"
    name = _ROOTS.get(root, root)
    if name in _MODULES or hasattr(x, "__array_namespace__"):
        return name
    return None


def namespace_of(backend: str | None, array: object = None) -> Any:
    """Return the array API namespace of a library; None stands for NumPy.

    Raises
    ------
    ValueError
        The library is unknown and `array`, one of its arrays, does not tell its namespace.
    """
    if backend is None:
        backend = "numpy"
    if backend in _MODULES:
        return import_module(_MODULES[backend])
    if array is not None and hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    try:
        return import_module(backend)
    except ImportError:
        raise ValueError(f"no array library is known by the name {backend!r}") from None


def device_of(x: Any) -> Any:
    """Return the device of a concrete array, as the library itself names it."""
    from array_api_compat import device

    try:
        return device(x)
    except (AttributeError, TypeError, ValueError):
        return None


def convert(data: Any, backend: str | None, xp: Any, device: Any = None) -> Any:
    """Return the concrete array `data` as an array of the library with namespace `xp`."""
    if backend is None or backend_of(data) == backend:
        return data
    if backend_of(data) != "numpy":
        data = _to_numpy(data)
    return xp.asarray(data) if device is None else xp.asarray(data, device=device)


def _to_numpy(data: Any) -> np.ndarray[Any, Any]:
    if hasattr(data, "get") and backend_of(data) == "cupy":
        return np.asarray(data.get())
    if hasattr(data, "detach"):
        data = data.detach().cpu()
    if backend_of(data) == "array-api-strict":
        data = data.to_device(type(data.device)("CPU_DEVICE"))
    return np.asarray(data)
