"""Traced numbers that become static again, as the function needs their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.autojit.flattening import Flattener
from core.autojit.keys import LEAF, SCALAR_LEAF, Key
from core.autojit.type_codec import Entries, Leaves


@dataclass(frozen=True, slots=True)
class StaticScalars:
    """Which of the traced numbers in a key are static."""

    indices: frozenset[int]
    """The indices of their entries in the key."""

    def make_static(self, key: Key, leaves: Leaves, flattener: Flattener) -> tuple[Key, Leaves]:
        """Return the key with the values of these numbers, and the remaining leaves."""
        entries: Entries = []
        remaining: Leaves = []
        values = iter(leaves)
        for index, entry in enumerate(key):
            if entry is LEAF or entry is SCALAR_LEAF:
                value = next(values)
                if index in self.indices:
                    flattener.hashable.flatten((value,), remaining, entries, {})
                    continue
                remaining.append(value)
            entries.append(entry)
        return tuple(entries), remaining

    def original_index(self, index: int, key: Key, leaves: Leaves, flattener: Flattener) -> int:
        """Return the index in `key` of what is at `index` in the key of `make_static`."""
        for end in range(1, len(key)):
            static, _ = self.make_static(key[:end], leaves, flattener)
            if len(static) > index:
                return end - 1
        return len(key) - 1


def all_scalars(key: Key) -> StaticScalars:
    """Return all traced numbers in `key`."""
    return StaticScalars(frozenset(i for i, entry in enumerate(key) if entry is SCALAR_LEAF))


def find_static_scalars(
    key: Key, can_trace: Callable[[StaticScalars], bool]
) -> StaticScalars | None:
    """Return which of the traced numbers in `key` must be static.

    Parameters
    ----------
    key : tuple
        The key of the arguments.
    can_trace : callable
        Returns whether the function can be traced with these numbers static.

    Returns
    -------
    StaticScalars or None
        One number if that is enough, otherwise all; None if that is not enough either.
    """
    every = all_scalars(key)
    choices = [StaticScalars(frozenset({index})) for index in sorted(every.indices)]
    if len(every.indices) > 1:
        choices.append(every)
    return next(filter(can_trace, choices), None)
