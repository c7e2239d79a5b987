"""Profile of a batch: how much time each phase, library and target takes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

START = "starting workers"
EXPAND = "listing modules"
PROBE = "detecting libraries"
DESCRIBE = "describing targets"
OVERHEAD = "keys, judging, writing"
FIND = "finding cases"
REFERENCE = "running cases with NumPy"
LOAD = "loading cases"
LOST = "lost to timeouts and crashes"
"""Phases. Each mode is a further phase with the mode's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What time is spent on; without a backend or target, on several of them."""

    phase: str
    backend: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Time in seconds; ``compiling`` is the part of it in the library's compiler."""

    seconds: float = 0.0
    compiling: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        """Return the sum of both."""
        return Spent(
            seconds=self.seconds + other.seconds, compiling=self.compiling + other.compiling
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The time of a batch.

    ``wall`` is the duration in seconds, during which each of ``workers`` workers was available.
    """

    wall: float
    workers: int
    spent: dict[Activity, Spent]

    @property
    def idle(self) -> float:
        """Seconds in which workers had nothing to do, or waited for others."""
        busy = sum(spent.seconds for spent in self.spent.values())
        return max(self.wall * self.workers - busy, 0.0)

    def by(self, key: Callable[[Activity], str]) -> dict[str, Spent]:
        """Return the sums for each value of `key`, the largest first, without the value ""."""
        sums: defaultdict[str, Spent] = defaultdict(Spent)
        for activity, spent in self.spent.items():
            if name := key(activity):
                sums[name] += spent
        return dict(sorted(sums.items(), key=lambda item: -item[1].seconds))

    def only(self, predicate: Callable[[Activity], bool]) -> Profile:
        """Return the profile of the activities for which `predicate` is true."""
        spent = {activity: s for activity, s in self.spent.items() if predicate(activity)}
        return Profile(wall=self.wall, workers=self.workers, spent=spent)


class Clock:
    """Adds up the time that activities take, in all threads."""

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
        """Measure the time of a context."""
        lap = Lap(self, phase, backend, target)
        try:
            yield lap
        finally:
            lap.begin(phase)

    def profile(self, workers: int) -> Profile:
        """Return the profile until now, for so many workers at a time."""
        with self._lock:
            wall = time.monotonic() - self._began
            return Profile(wall=wall, workers=workers, spent=dict(self._spent))


class Lap:
    """The time that a thread spends on a target, in one phase after another."""

    def __init__(self, clock: Clock, phase: str, backend: str, target: str) -> None:
        self._clock = clock
        self._phase = phase
        self._backend = backend
        self._target = target
        self._since = time.monotonic()

    def begin(self, phase: str) -> None:
        """End the present phase and begin another."""
        now = time.monotonic()
        self._add(Spent(seconds=now - self._since))
        self._phase, self._since = phase, now

    def rename(self, phase: str) -> None:
        """Rename the present phase, from its beginning."""
        self._phase = phase

    def add_compiling(self, seconds: float) -> None:
        """Count a part of the present phase as compiling."""
        if seconds:
            self._add(Spent(compiling=seconds))

    def _add(self, spent: Spent) -> None:
        activity = Activity(phase=self._phase, backend=self._backend, target=self._target)
        self._clock.add(activity, spent)
