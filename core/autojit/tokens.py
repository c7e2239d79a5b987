"""What a flat description of arguments is made of, and references that keep nothing alive."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, Final


class Mark:
    """A token with a meaning of its own, which no value can be mistaken for."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


LEAF: Final = Mark("LEAF")
"""The next array."""
SAME: Final = Mark("SAME")
"""An object that came before; its number follows."""

SCALAR: Final = Mark("SCALAR")
"""The next leaf too, which is a number."""
FOREIGN: Final = Mark("FOREIGN")
"""An array of a library whose arrays are no leaves."""

ATOMS: Final = frozenset({int, bool, str, bytes, type(None), type(Ellipsis), type(NotImplemented)})
"""Types whose values are equal where they are the same; the value follows the type."""


class ById:
    """An object as part of a key: equal to itself alone, whatever its class thinks of equality."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        if type(other) is ById:
            return self.value is other.value
        return NotImplemented


class WeakById:
    """The same in a key that is kept: it does not keep the object alive."""

    __slots__ = ("__weakref__", "key", "reference")

    def __init__(self, value: Any, died: Callable[[Any], None]) -> None:
        self.key = id(value)
        self.reference = weakref.ref(value, died)

    @property
    def value(self) -> Any:
        """The object; who calls with it keeps it alive."""
        return self.reference()

    def __hash__(self) -> int:
        return self.key

    def __eq__(self, other: object) -> bool:
        if type(other) is ById:
            return self.reference() is other.value
        if type(other) is WeakById and other is not self:
            return self.key == other.key and self.reference() is other.reference() is not None
        return self is other


def kept(tokens: Iterable[Any], died: Callable[[Any], None]) -> tuple[Any, ...]:
    """Return `tokens` for keeping: objects known by identity are referred to weakly."""
    return tuple(_weak(token, died) if type(token) is ById else token for token in tokens)


def _weak(token: ById, died: Callable[[Any], None]) -> ById | WeakById:
    try:
        return WeakById(token.value, died)
    except TypeError:  # an object that cannot be referred to weakly, such as a ufunc
        return token
