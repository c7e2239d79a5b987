"""Temporary replacement of attributes of classes, modules and other objects."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_ABSENT: Final = object()
"""In place of the value of an attribute that the owner does not have itself."""


@contextmanager
def patched(owner: object, /, **attributes: object) -> Iterator[None]:
    """Set attributes of `owner` inside the context and restore them at its end.

    An attribute that `owner` does not have, or that it inherits, is removed again. Contexts can be
    nested, for the same attributes too. The attributes are restored in reverse order, also after
    an exception inside the context or while they are set.

    Parameters
    ----------
    owner : object
        A class, a module, a function or any other object whose attributes can be set.
    **attributes
        New values by name. On a class, a function becomes a method.

    Raises
    ------
    AttributeError, TypeError
        If an attribute of `owner` cannot be set. None is changed then.

    Notes
    -----
    The attributes change for all threads. Do not enter contexts for the same attribute from
    several threads at once.

    Examples
    --------
    >>> import types
    >>> from core._private.patching import patched
    >>> module = types.ModuleType("example")
    >>> with patched(module, answer=42):
    ...     module.answer
    42
    >>> hasattr(module, "answer")
    False
    """
    originals: list[tuple[str, object]] = []
    try:
        for name, value in attributes.items():
            original = _own_attribute(owner, name)
            setattr(owner, name, value)
            originals.append((name, original))
        yield
    finally:
        for name, original in reversed(originals):
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)


def _own_attribute(owner: object, name: str) -> object:
    """Return what has to be set to restore an attribute, or `_ABSENT` if it has to be removed."""
    descriptor = inspect.getattr_static(type(owner), name, None)
    if hasattr(type(descriptor), "__set__"):  # slots, properties, `__code__` of functions
        return getattr(owner, name, _ABSENT)
    # Not `getattr`: it binds static methods and class methods, and finds inherited attributes.
    return getattr(owner, "__dict__", {}).get(name, _ABSENT)
