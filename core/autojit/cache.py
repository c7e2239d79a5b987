"""Compiled versions of one function: a bounded number, found by a description of arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from core.autojit.tokens import WeakById, kept

Key = tuple[Any, ...]


class Cache:
    """At most `maxsize` versions; keeps no object alive that only its keys refer to."""

    __slots__ = ("entries", "lock", "maxsize")

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.lock = threading.Lock()
        self.entries: dict[Key, Any] = {}

    def add(self, key: Key, make: Callable[[Key], Any]) -> Any:
        """Return what is there for `key`, else what `make` returns for it.

        The oldest goes where there is no room, used or not: to keep count of uses would take time
        in every call, to compile again what was still used takes time once in `maxsize` times.
        """
        entries = self.entries  # not `self`: a dying object must not keep it alive

        def died(_: Any) -> None:
            _forget_dead(entries)

        with self.lock:
            entry = entries.get(key)
            if entry is None:
                for oldest in list(entries)[: len(entries) + 1 - self.maxsize]:
                    entries.pop(oldest, None)
                key = kept(key, died)
                entry = entries[key] = make(key)
        return entry

    def replace(self, key: Key, entry: Any) -> None:
        """Put `entry` where `key` is, if it is still there."""
        with self.lock:
            if key in self.entries:
                self.entries[key] = entry

    def clear(self) -> None:
        """Forget all."""
        with self.lock:
            self.entries.clear()


def _forget_dead(entries: dict[Key, Any]) -> None:
    """Drop what can never be asked for again: its key has an object that is no more.

    The garbage collector calls this, at any time and in any thread, so it takes no lock.
    """
    for key in list(entries):
        if any(type(token) is WeakById and token.reference() is None for token in key):
            entries.pop(key, None)
