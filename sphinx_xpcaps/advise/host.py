"""Functions, methods and classes whose results are on the host, from the adapters of backends."""

from __future__ import annotations

from functools import cache

from core.backends import backends


def is_host_function(name: str) -> bool:
    """Return whether a function, by dotted name, always returns NumPy arrays or Python objects.

    Examples
    --------
    >>> is_host_function("numpy.asarray"), is_host_function("numpy.random.normal")
    (True, True)
    >>> is_host_function("numpy.add")
    False
    """
    names = _functions()
    return name in names or any(name.startswith(each) for each in names if each.endswith("."))


def is_host_method(name: str) -> bool:
    """Return whether a method of arrays returns NumPy arrays or Python objects."""
    return name in _methods()


def is_host_class(name: str) -> bool:
    """Return whether objects of a class are NumPy arrays or scalars."""
    return name in _classes()


@cache
def _functions() -> frozenset[str]:
    return frozenset(name for one in backends().values() for name in one.host_functions)


@cache
def _methods() -> frozenset[str]:
    return frozenset(name for one in backends().values() for name in one.host_methods)


@cache
def _classes() -> frozenset[str]:
    return frozenset(name for one in backends().values() for name in one.host_classes)
