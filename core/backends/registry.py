"""The registry of adapters: the built-in ones, and those of other packages' entry points."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import entry_points
from pkgutil import resolve_name

from core._private.torch import mark_constant
from core.backends.base import Backend

GROUP = "xpcaps.backends"
"""Entry point group: the name is the backend's, the value ``module:class``."""

_BUILT_IN = {
    "numpy": "core.backends.numpy:NumPyBackend",
    "cupy": "core.backends.cupy:CuPyBackend",
    "torch": "core.backends.torch:TorchBackend",
    "jax": "core.backends.jax:JAXBackend",
    "dask": "core.backends.dask:DaskBackend",
    "array-api-strict": "core.backends.strict:StrictBackend",
}


@cache
def backends() -> dict[str, Backend]:
    """Return every adapter by name, the built-in ones first; imports no array library.

    Warns
    -----
    RuntimeWarning
        An adapter of another package cannot be loaded. It is left out.
    """
    found = {name: _load(reference) for name, reference in _BUILT_IN.items()}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        if entry.name in found:
            continue
        try:
            backend = _load(entry.value)
            if backend.name != entry.name:
                raise ValueError(f"its name is {backend.name!r}")
        except Exception as error:
            warnings.warn(
                f"the array library adapter {entry.name} = {entry.value!r} of entry point group "
                f"{GROUP!r} cannot be loaded: {type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
        else:
            found[entry.name] = backend
    return found


def _load(reference: str) -> Backend:
    backend = resolve_name(reference)()
    if not isinstance(backend, Backend):
        raise TypeError(f"{reference} is not a subclass of core.backends.Backend")
    return backend


def get_backend(name: str) -> Backend:
    """Return the adapter whose name, module or alias is `name`.

    Raises
    ------
    ValueError
        There is no such adapter; the message lists the known ones.
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
    """Return the modes that some backend supports and that are measured only on request."""
    return sorted({mode for backend in backends().values() for mode in backend.optional_modes})


_library_of_class: dict[type, str] = {}
_LIMIT = 4096


@mark_constant
def library_of(cls: type) -> str:
    """Return the name of the library whose arrays are of class `cls`; "" for other classes.

    The name of an array library without an adapter is that of its top-level package.

    Examples
    --------
    >>> import numpy as np
    >>> library_of(np.ndarray), library_of(list)
    ('numpy', '')
    """
    name = _library_of_class.get(cls)
    if name is None:
        name = _find_library(cls)
        if len(_library_of_class) >= _LIMIT:  # a program that creates classes without limit
            _library_of_class.clear()
        _library_of_class[cls] = name
    return name


def _find_library(cls: type) -> str:
    # Adapters of other packages first: their arrays may be subclasses of a built-in library's.
    for backend in reversed(backends().values()):
        if backend.owns_class(cls):
            return backend.name
    if hasattr(cls, "__array_namespace__"):
        return cls.__module__.partition(".")[0]
    return ""


def clear_caches() -> None:
    """Forget the adapters, so that entry points of packages installed since then are found."""
    backends.cache_clear()
    _by_other_names.cache_clear()
    _library_of_class.clear()
