"""The entries of a key, the hashable description of a call's arguments without their arrays.

A key is a flat tuple: the number of positional arguments, the names of the keyword arguments, and
for each argument the entries that `Flattener.flatten` appends. An entry is a marker of this module,
a `TypeCodec` followed by what it needs to rebuild a value, a type followed by one of its values, or
an object that is compared by identity.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, Final

Key = tuple[Any, ...]


class Marker:
    """An entry that is equal to itself alone, so that no value can be mistaken for it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


LEAF: Final = Marker("LEAF")
"""The next leaf, an array."""
SCALAR_LEAF: Final = Marker("SCALAR_LEAF")
"""The next leaf, a number that is traced."""
REPEATED: Final = Marker("REPEATED")
"""An object that occurred before; its number in order of occurrence follows."""
FOREIGN_ARRAY: Final = Marker("FOREIGN_ARRAY")
"""An array of a library whose arrays are not leaves."""

VALUE_TYPES: Final = frozenset(
    {int, bool, str, bytes, type(None), type(Ellipsis), type(NotImplemented)}
)
"""Types whose equal values are interchangeable. The value follows its type in the key."""


class IdentityKey:
    """An object that is compared by identity, whatever ``==`` means for its class."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        if type(other) is IdentityKey:
            return self.value is other.value
        return NotImplemented


class WeakIdentityKey:
    """An `IdentityKey` that refers to its object weakly, for keys that are stored."""

    __slots__ = ("__weakref__", "id", "reference")

    def __init__(self, value: Any, on_death: Callable[[Any], None] | None) -> None:
        self.id = id(value)
        self.reference = weakref.ref(value, on_death)

    @property
    def value(self) -> Any:
        """The object, or None if it no longer exists."""
        return self.reference()

    def __hash__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:
        if type(other) is IdentityKey:
            return self.reference() is other.value
        if type(other) is WeakIdentityKey and other is not self:
            return self.id == other.id and self.reference() is other.reference() is not None
        return self is other


def with_weak_references(
    entries: Iterable[Any], on_death: Callable[[Any], None] | None = None
) -> Key:
    """Return a key for storage, which keeps no object alive that it compares by identity.

    Parameters
    ----------
    entries : iterable
        The entries of a key.
    on_death : callable, optional
        Called with the weak reference when an object is destroyed.
    """
    return tuple(
        _weak(entry, on_death) if type(entry) is IdentityKey else entry for entry in entries
    )


def _weak(
    entry: IdentityKey, on_death: Callable[[Any], None] | None
) -> IdentityKey | WeakIdentityKey:
    try:
        return WeakIdentityKey(entry.value, on_death)
    except TypeError:  # the type has no weak references, such as a ufunc
        return entry
