"""Finds the adapters: ours, and those of other packages through an entry point group."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points

from core.backends.base import Backend

GROUP = "xpcaps.backends"
"""Entry point group: the name is the backend's, the value ``module:class``."""

_OURS = {
    "numpy": "core.backends.numpy:NumPyBackend",
    "cupy": "core.backends.cupy:CuPyBackend",
    "torch": "core.backends.torch:TorchBackend",
    "jax": "core.backends.jax:JAXBackend",
    "dask": "core.backends.dask:DaskBackend",
    "array-api-strict": "core.backends.strict:StrictBackend",
}


@cache
def backends() -> dict[str, Backend]:
    """Return every known adapter by name, ours first; imports no array library."""
    found = {name: _load(path) for name, path in _OURS.items()}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        found.setdefault(entry.name, _load(entry.value))
    return found


def get_backend(name: str) -> Backend:
    """Return the adapter called `name`, or whose module or other name that is.

    Raises
    ------
    ValueError
        There is no such adapter; the message lists those that there are.
    """
    found = backends().get(name) or _by_other_names().get(name)
    if found is None:
        raise ValueError(f"unknown backend {name!r}; known are {', '.join(backends())}")
    return found


@cache
def _by_other_names() -> dict[str, Backend]:
    names: dict[str, Backend] = {}
    for backend in backends().values():
        for name in (backend.module, *backend.aliases):
            names.setdefault(name, backend)
    return names


def optional_modes() -> list[str]:
    """Return the modes that some backend has and that are measured only where asked for."""
    return sorted({mode for backend in backends().values() for mode in backend.optional_modes})


def _load(path: str) -> Backend:
    module, _, attribute = path.partition(":")
    backend = getattr(importlib.import_module(module), attribute)()
    if not isinstance(backend, Backend):
        raise TypeError(f"{path} is not a core.backends.Backend")
    return backend
