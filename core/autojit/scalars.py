"""Numbers that are traced, and become static again where the function needs their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.autojit.cache import Key
from core.autojit.codec import Codec
from core.autojit.tokens import LEAF, SCALAR


@dataclass(frozen=True, slots=True)
class Pinned:
    """Which of the traced numbers are static: their places in the description of arguments."""

    places: frozenset[int]

    def static(self, key: Key, leaves: list[Any], codec: Codec) -> tuple[Key, list[Any]]:
        """Return the description with the values of these numbers in it, and the other leaves."""
        tokens: list[Any] = []
        left: list[Any] = []
        values = iter(leaves)
        for place, token in enumerate(key):
            if token is LEAF or token is SCALAR:
                value = next(values)
                if place in self.places:
                    codec.hashed.write((value,), left, tokens, {})
                    continue
                left.append(value)
            tokens.append(token)
        return tuple(tokens), left

    def origin(self, place: int, key: Key, leaves: list[Any], codec: Codec) -> int:
        """Return the place in `key` of what token number `place` of the static one says."""
        ends = range(1, len(key))
        return next(
            (end - 1 for end in ends if len(self.static(key[:end], leaves, codec)[0]) > place),
            len(key) - 1,
        )


def every(key: Key) -> Pinned:
    """Return all the numbers in `key`."""
    return Pinned(frozenset(place for place, token in enumerate(key) if token is SCALAR))


def needed(key: Key, works: Callable[[Pinned], bool]) -> Pinned | None:
    """Return which numbers must be static: one, if that is enough, or all; None if nothing is."""
    places = every(key).places
    choices = [Pinned(frozenset({place})) for place in sorted(places)]
    if len(places) > 1:
        choices.append(Pinned(places))
    return next(filter(works, choices), None)
