"""The state of a worker before a job, and what is left of the changes after it."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.backends import Backend
from sphinx_xpcaps.measure.isolation.aspects import Aspect, process_aspects
from sphinx_xpcaps.measure.isolation.namespaces import Namespaces

_THREAD_SECONDS = 0.05
"""How long to wait for threads that are about to end."""
_MORE_DESCRIPTORS = 100
"""Number of additional open files at which a worker is replaced."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """What a job changed in its process."""

    restored: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    """What could not be restored; the process must not run further jobs."""


class WorkerState:
    """The state of this process, to be compared with its state after a job.

    Parameters
    ----------
    backends : iterable of Backend
        The array libraries whose settings and functions are compared. They are imported.
    """

    def __init__(self, backends: Iterable[Backend] = ()) -> None:
        adapters = tuple(backends)
        modules, classes = _compared(adapters)  # imports the libraries, which changes the state
        tempfile.gettempdir()  # so does the first use of the temporary folder
        self._aspects = [*_library_aspects(adapters), *process_aspects()]
        self._values = [aspect.capture() for aspect in self._aspects]
        self._namespaces = Namespaces(modules, classes)
        self._threads = frozenset(threading.enumerate())
        self._children = frozenset(child_processes())
        self._standard = _standard_descriptors()
        self._descriptors = _number_of_descriptors()

    def restore(self) -> StateChange:
        """Restore the state; return what had changed and what could not be restored."""
        restored: list[str] = []
        remaining: list[str] = []
        for aspect, value in zip(self._aspects, self._values, strict=True):
            try:
                if _same(aspect, value):
                    continue
                aspect.restore(value)
                fine = _same(aspect, value)
            except BaseException:
                fine = False
            (restored if fine else remaining).append(aspect.name)
        functions = self._namespaces.changed()
        if functions:
            failed = self._namespaces.restore()
            restored += [name for name in functions if name not in failed]
            remaining += failed
        remaining += self._other_changes()
        if self._end_children():
            restored.append("child processes")
        return StateChange(tuple(restored), tuple(remaining))

    def _other_changes(self) -> list[str]:
        changes = []
        threads = [each for each in threading.enumerate() if each not in self._threads]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(_THREAD_SECONDS)
        if any(each.is_alive() for each in threads):
            changes.append("threads")
        if _standard_descriptors() != self._standard:
            changes.append("standard streams")
        if _number_of_descriptors() > self._descriptors + _MORE_DESCRIPTORS:
            changes.append("open files")
        return changes

    def _end_children(self) -> bool:
        """End child processes that the job left; return whether there were any."""
        left = set(child_processes()) - self._children
        for process in left:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(process, 0)
        return bool(left)


def child_processes() -> list[int]:
    """Return the process ids of this process's children, where the system tells."""
    found: list[int] = []
    for file in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError, ValueError):
            found += map(int, file.read_text().split())
    return found


def _same(aspect: Aspect, value: Any) -> bool:
    return bool(aspect.capture() == value)


def _library_aspects(backends: Iterable[Backend]) -> list[Aspect]:
    return [
        Aspect(f"settings of {backend.title}", backend.settings, backend.restore_settings)
        for backend in backends
    ]


def _compared(backends: Iterable[Backend]) -> tuple[list[str], list[type]]:
    """Return the names of the libraries' modules, and their array classes."""
    modules: list[str] = []
    classes: list[type] = []
    for backend in backends:
        modules += [backend.module, backend.namespace().__name__]
        device = next(iter(backend.columns.values()))
        with contextlib.suppress(Exception):  # no such device
            array = backend.from_numpy(np.zeros(1), device)
            classes += [cls for cls in type(array).__mro__ if cls is not object]
    return modules, classes


def _standard_descriptors() -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for number in (0, 1, 2):
        try:
            status = os.fstat(number)
            found.append((status.st_dev, status.st_ino))
        except OSError:
            found.append(None)
    return found


def _number_of_descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0
