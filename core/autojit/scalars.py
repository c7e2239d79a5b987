"""Numbers that are traced, and become static again where the function needs their values."""

from __future__ import annotations

from cmath import isnan
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.autojit.cache import Key
from core.autojit.tokens import LEAF, SCALAR


@dataclass(frozen=True, slots=True)
class Pinned:
    """Which of the traced numbers are static: their places in the description of arguments."""

    places: frozenset[int]

    def static(self, key: Key, leaves: list[Any]) -> tuple[Key, list[Any]]:
        """Return the description with the values of these numbers in it, and the other leaves."""
        tokens: list[Any] = []
        left = []
        values = iter(leaves)
        for place, token in enumerate(key):
            if token is LEAF or token is SCALAR:
                value = next(values)
                if place in self.places:
                    # As a static number is written: 0.0 is not -0.0, and NaN is NaN.
                    same = value if value and not isnan(value) else repr(value)
                    tokens += (type(value), same)
                    continue
                left.append(value)
            tokens.append(token)
        return tuple(tokens), left


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
