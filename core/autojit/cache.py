"""A bounded cache of the compiled versions of one function."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from core.autojit.keys import Key, WeakIdentityKey, with_weak_references


class VersionCache:
    """At most `maxsize` versions by key. Keeps no object alive that a key compares by identity.

    Parameters
    ----------
    maxsize : int
        How many versions are kept.
    on_removal : callable
        Called after versions were removed or replaced, at any time and in any thread.
    """

    __slots__ = ("lock", "maxsize", "on_removal", "versions")

    def __init__(self, maxsize: int, on_removal: Callable[[], None]) -> None:
        self.maxsize = maxsize
        self.on_removal = on_removal
        self.lock = threading.Lock()
        self.versions: dict[Key, Any] = {}

    def get_or_create(self, key: Key, create: Callable[[Key], Any]) -> Any:
        """Return the version for `key`, created if it is missing.

        If the cache is full, the oldest version is removed, used or not. Recording each use would
        take time in every call; compiling a version again that is still used takes time once in
        `maxsize` versions.
        """
        versions, on_removal = self.versions, self.on_removal  # `self` must not be kept alive

        def on_death(_: Any) -> None:
            _remove_dead(versions)
            on_removal()

        with self.lock:
            version = versions.get(key)
            if version is None:
                for oldest in list(versions)[: len(versions) + 1 - self.maxsize]:
                    versions.pop(oldest, None)
                    on_removal()
                key = with_weak_references(key, on_death)
                version = versions[key] = create(key)
        return version

    def replace(self, key: Key, version: Any) -> None:
        """Replace the version for `key`, if it is still there."""
        with self.lock:
            if key in self.versions:
                self.versions[key] = version
        self.on_removal()

    def clear(self) -> None:
        """Remove all versions."""
        with self.lock:
            self.versions.clear()
        self.on_removal()


def _remove_dead(versions: dict[Key, Any]) -> None:
    """Remove the versions that no call can have again, as an object in their key was destroyed.

    The garbage collector calls this at any time and in any thread, so it takes no lock.
    """
    for key in list(versions):
        if any(type(entry) is WeakIdentityKey and entry.reference() is None for entry in key):
            versions.pop(key, None)
