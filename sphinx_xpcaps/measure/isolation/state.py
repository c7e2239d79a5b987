"""The state of a worker before a job, and what is left of the changes after it."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.backends import Backend
from sphinx_xpcaps._private.cpython import raw_thread_count
from sphinx_xpcaps.measure.isolation.aspect import Aspect
from sphinx_xpcaps.measure.isolation.aspects import WARNING_FILTERS, process_aspects
from sphinx_xpcaps.measure.isolation.namespaces import Namespaces

_THREAD_SECONDS = 0.05
"""How long to wait for each thread that is about to end."""
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
    folder : Path, optional
        The working directory, which is emptied after a job.
    parent_adopts : bool
        Whether other children of the parent process come from this process.
    """

    def __init__(
        self,
        backends: Iterable[Backend] = (),
        folder: Path | None = None,
        *,
        parent_adopts: bool = True,
    ) -> None:
        self._parent_adopts = parent_adopts
        adapters = tuple(backends)
        modules, classes = _compared(adapters)  # imports the libraries, which changes the state
        tempfile.gettempdir()  # so does the first use of the temporary folder
        self._aspects = [*_library_aspects(adapters), *process_aspects()]
        if folder is not None:
            self._aspects.append(_files_in(folder))
        self._audit_hooks = _AuditHooks()
        self._values = [aspect.capture() for aspect in self._aspects]
        self._namespaces = Namespaces(modules, classes)
        self._count()
        gc.collect()
        gc.freeze()

    def accept_import(self, package: str) -> tuple[str, ...]:
        """Expect what importing modules of a package has changed; return what that is.

        From now on the modules of the package are compared as well. Warning filters are restored,
        as measuring ignores all warnings, and many packages add filters.
        """
        if not self._namespaces.has_new_modules():
            return ()
        accepted = []
        for i, aspect in enumerate(self._aspects):
            if aspect.name == WARNING_FILTERS:
                aspect.restore(self._values[i])
            elif not _same(aspect, self._values[i]):
                self._values[i] = aspect.capture()
                accepted.append(aspect.name)
        accepted += self._namespaces.accept_import(package)
        self._count()
        return tuple(accepted)

    def _count(self) -> None:
        self._threads = raw_thread_count()
        self._children = frozenset(child_processes())
        self._standard = _standard_descriptors()
        self._descriptors = _number_of_descriptors()

    def restore(self) -> StateChange:
        """Restore the state; return what had changed and what could not be restored."""
        restored = self._namespaces.restore_builtins()
        remaining: list[str] = []
        faulthandler.cancel_dump_traceback_later()  # which may be set to exit
        gc.collect()  # runs finalizers of the job's objects now, not during another job
        functions = self._namespaces.changed()
        if functions:
            failed = self._namespaces.restore()
            restored += [name for name in functions if name not in failed]
            remaining += failed
        for aspect, value in zip(self._aspects, self._values, strict=True):
            try:
                if _same(aspect, value):
                    continue
                aspect.restore(value)
                fine = _same(aspect, value)
            except BaseException:
                fine = False
            (restored if fine else remaining).append(aspect.name)
        self._namespaces.update()
        if self._end_children():
            restored.append("child processes")
        remaining += self._other_changes()
        gc.freeze()  # the next collection looks at what the next job makes
        return StateChange(tuple(restored), tuple(remaining))

    def _other_changes(self) -> list[str]:
        changes = []
        end = time.monotonic() + _THREAD_SECONDS
        while (more := raw_thread_count() > self._threads) and time.monotonic() < end:
            time.sleep(0.001)
        if more or threading.active_count() > self._threads + 1:
            changes.append("threads")
        if self._audit_hooks.added:
            changes.append("audit hooks")
        if self._parent_adopts and _detached_processes():
            changes.append("detached processes")
        if _standard_descriptors() != self._standard:
            changes.append("standard streams")
        if not 0 <= _number_of_descriptors() <= self._descriptors + _MORE_DESCRIPTORS:
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
    with contextlib.suppress(OSError, ValueError):  # such as too many open files
        for thread in os.listdir("/proc/self/task"):
            found += map(int, Path(f"/proc/self/task/{thread}/children").read_text().split())
    return found


class _AuditHooks:
    """Notices audit hooks, which can neither be listed nor removed."""

    def __init__(self) -> None:
        self.added = False
        add = sys.addaudithook

        def addaudithook(hook: Any) -> None:
            self.added = True
            add(hook)

        sys.addaudithook = addaudithook


def _detached_processes() -> bool:
    """Return whether the fork server has adopted other processes than this worker."""
    try:
        parent = os.getppid()
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return False
    return any(int(child) != os.getpid() for child in children)


def _files_in(folder: Path) -> Aspect:
    def restore(_: object) -> None:
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry, ignore_errors=True)
            else:
                os.unlink(entry)

    return Aspect("files in the working directory", lambda: os.listdir(folder), restore)


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
        for name in backend.imports:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
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
    except FileNotFoundError:  # the system has no such folder
        return 0
    except OSError:  # such as too many open files
        return -1
