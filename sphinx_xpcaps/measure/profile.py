"""Where the time of a batch goes: which phase, on which library, for which target."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

START = "starting workers"
EXPAND = "listing modules"
PROBE = "asking which libraries there are"
DESCRIBE = "describing targets"
OWN = "keys, judging, writing"
FIND = "finding cases"
REFERENCE = "running cases with NumPy"
LOAD = "loading cases"
LOST = "lost to timeouts and crashes"
"""Phases; each mode that is measured is one more, by its own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What time is spent on; without a backend or a target it is for all of them."""

    phase: str
    backend: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Time that went into something.

    ``compiling`` is the part of ``seconds`` in which the library's own compiler worked.
    """

    seconds: float = 0.0
    compiling: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        """Return the sum of both."""
        return Spent(
            seconds=self.seconds + other.seconds, compiling=self.compiling + other.compiling
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Where the time of a batch went.

    ``wall`` is in seconds from beginning to end, and ``workers`` side by side had that much each.
    """

    wall: float
    workers: int
    spent: dict[Activity, Spent]

    @property
    def idle(self) -> float:
        """Seconds in which workers had nothing to do, or waited for others to end."""
        busy = sum(spent.seconds for spent in self.spent.values())
        return max(self.wall * self.workers - busy, 0.0)

    def by(self, key: Callable[[Activity], str]) -> dict[str, Spent]:
        """Return the sums for each value of `key`, the largest first; activities with "" not."""
        sums: defaultdict[str, Spent] = defaultdict(Spent)
        for activity, spent in self.spent.items():
            if name := key(activity):
                sums[name] += spent
        return dict(sorted(sums.items(), key=lambda item: -item[1].seconds))

    def only(self, wanted: Callable[[Activity], bool]) -> Profile:
        """Return the part of the profile that is about some activities."""
        spent = {activity: s for activity, s in self.spent.items() if wanted(activity)}
        return Profile(wall=self.wall, workers=self.workers, spent=spent)


class Clock:
    """Adds up from any thread what time is spent on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._spent: defaultdict[Activity, Spent] = defaultdict(Spent)
        self._lock = threading.Lock()

    def add(self, activity: Activity, spent: Spent) -> None:
        """Add time to an activity."""
        with self._lock:
            self._spent[activity] += spent

    @contextmanager
    def lap(self, phase: str, backend: str = "", target: str = "") -> Iterator[Lap]:
        """Take the time of a context."""
        lap = Lap(self, phase, backend, target)
        try:
            yield lap
        finally:
            lap.turn(phase)

    def profile(self, workers: int) -> Profile:
        """Return where the time went until now, with so many workers side by side."""
        with self._lock:
            wall = time.monotonic() - self._began
            return Profile(wall=wall, workers=workers, spent=dict(self._spent))


class Lap:
    """The time that one thread spends on one target, in one phase after the other."""

    def __init__(self, clock: Clock, phase: str, backend: str, target: str) -> None:
        self._clock = clock
        self._phase = phase
        self._backend = backend
        self._target = target
        self._since = time.monotonic()

    def turn(self, phase: str) -> None:
        """End the present phase and begin another."""
        now = time.monotonic()
        self._add(Spent(seconds=now - self._since))
        self._phase, self._since = phase, now

    def rename(self, phase: str) -> None:
        """Say what the present phase turned out to be since its beginning."""
        self._phase = phase

    def compiled(self, seconds: float) -> None:
        """Say how much of the present phase a compiler took."""
        if seconds:
            self._add(Spent(compiling=seconds))

    def _add(self, spent: Spent) -> None:
        activity = Activity(phase=self._phase, backend=self._backend, target=self._target)
        self._clock.add(activity, spent)
