"""Temporary replacement of attributes of classes, modules and other objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ABSENT: Final = object()
"""In place of the value of an attribute that the owner does not have itself."""


class patched:
    """Set attributes of an object inside a context and restore them at its end.

    An attribute that `owner` does not have, or that it inherits, is removed again. Contexts can be
    nested, for the same attributes too, and a context can be entered again. The attributes are
    restored in reverse order, also after an exception inside the context or while they are set.

    Parameters
    ----------
    owner : object
        A class, a module, a function or any other object whose attributes can be set.
    **attributes
        New values by name. On a class, a function becomes a method.

    Raises
    ------
    AttributeError, TypeError
        If an attribute of `owner` cannot be set. None is changed then. Raised on entry.

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

    __slots__ = ("_attributes", "_originals", "_owner")

    def __init__(self, owner: object, /, **attributes: object) -> None:
        self._owner = owner
        self._attributes: Mapping[str, object] = attributes
        self._originals: list[list[tuple[str, object]]] = []  # one item for each entry

    def __enter__(self) -> None:
        """Set the attributes."""
        originals: list[tuple[str, object]] = []
        try:
            for name, value in self._attributes.items():
                original = _own_attribute(self._owner, name)
                setattr(self._owner, name, value)
                originals.append((name, original))
        except BaseException:
            _restore(self._owner, originals)
            raise
        self._originals.append(originals)

    def __exit__(self, *error: object) -> None:
        """Restore the attributes."""
        _restore(self._owner, self._originals.pop())


def _restore(owner: object, originals: list[tuple[str, object]]) -> None:
    for name, original in reversed(originals):
        if original is _ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, original)


def _own_attribute(owner: object, name: str) -> object:
    """Return what has to be set to restore an attribute, or `_ABSENT` if it has to be removed."""
    for cls in type(owner).__mro__:
        if name in vars(cls):
            if hasattr(type(vars(cls)[name]), "__set__"):  # slots, properties, `__code__`
                return getattr(owner, name, _ABSENT)
            break
    # Not `getattr`: it binds static methods and class methods, and finds inherited attributes.
    return getattr(owner, "__dict__", {}).get(name, _ABSENT)
