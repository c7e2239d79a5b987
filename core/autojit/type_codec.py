"""How the values of one type are flattened and rebuilt, and how generated code compares them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from core.autojit.keys import REPEATED
from core.typing import Array

Leaves = list[Array]
"""The arrays found so far, and the numbers that are traced like arrays."""
LeafIterator = Iterator[Array]
"""The arrays of a key that were not used yet for rebuilding values."""
Entries = list[Any]
"""The entries of a key found so far."""
Memo = dict[int, Any]
"""The mutable objects found so far, by their ids."""
Rebuilt = list[Any]
"""The mutable objects rebuilt so far, in the order in which they were found."""


class Unmatchable(Exception):
    """No code is generated that compares arguments with a key."""


class Flattening(Protocol):
    """The methods of `Flattener` that a codec needs for nested values."""

    @property
    def hashable(self) -> Flattening:
        """The flattener for values that are hashed: keys of dicts and elements of sets."""

    def flatten(self, values: Iterable[Any], leaves: Leaves, entries: Entries, memo: Memo) -> None:
        """Append the arrays in `values` to `leaves`, and the rest to `entries`."""

    def unflatten(self, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt) -> Any:
        """Return the next value that `entries` describe, with its arrays from `leaves`."""


class Matching(Protocol):
    """The methods of `Matcher` that a codec needs to generate code."""

    def next_entry(self) -> Any:
        """Return the next entry of the key."""

    def constant(self, value: Any) -> str:
        """Return an expression for an object in the generated code."""

    def require(self, condition: str) -> None:
        """Generate code that returns `NO_MATCH` unless a condition holds."""

    def variable(self, expression: str) -> str:
        """Generate code that evaluates an expression; return the variable with its value."""

    def unpack(self, expression: str, count: int) -> list[str]:
        """Generate code that unpacks an iterable of `count` values; return the variables."""

    def require_distinct(self, value: str, cls: type) -> None:
        """Generate code that returns `NO_MATCH` if a value is an earlier object of `cls`."""

    def match(self, value: str) -> None:
        """Generate code that compares the variable `value` with the next entries of the key."""


class TypeCodec:
    """Flattens and rebuilds the values of one type. In a key it is the first entry of a value.

    Parameters
    ----------
    name : str
        The name of the type, for ``repr``.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        """Append the arrays in `x` to `leaves`, and this codec and the rest to `entries`."""
        raise NotImplementedError

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        """Return a value rebuilt from the entries that follow this codec."""
        raise NotImplementedError

    def match(self, matcher: Matching, value: str) -> None:
        """Generate code that compares the variable `value` with the entries after this codec.

        Raises
        ------
        Unmatchable
            Values of this type are compared by flattening them.
        """
        raise Unmatchable


def is_repeated(x: Any, entries: Entries, memo: Memo) -> bool:
    """Return whether `x` occurred before, and append its number if so; remember it otherwise."""
    key = id(x)
    if key in memo:
        entries.append(REPEATED)
        entries.append(list(memo).index(key))
        return True
    memo[key] = x  # kept alive, so that no other object gets the same id
    return False
