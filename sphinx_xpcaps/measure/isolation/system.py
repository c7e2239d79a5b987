"""What the operating system keeps for a process, as aspects of its state."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sphinx_xpcaps.measure.isolation.aspect import Aspect, cannot_restore, ignore


def system_aspects() -> list[Aspect]:
    """Return the aspects that the operating system keeps."""
    found = [
        Aspect("umask", _umask, lambda value: ignore(os.umask(value))),
        Aspect("signal handlers", _handlers, _restore_handlers),
        Aspect("user", _user, cannot_restore),
    ]
    if hasattr(signal, "setitimer"):
        found.append(Aspect("timers", _timers, _restore_timers))
    if hasattr(signal, "pthread_sigmask"):
        found.append(Aspect("signal mask", _signal_mask, _restore_signal_mask))
    if _resource is not None:
        found.append(Aspect("resource limits", _limits, _restore_limits))
    if hasattr(os, "sched_getaffinity"):
        found.append(
            Aspect(
                "processor affinity",
                lambda: os.sched_getaffinity(0),
                lambda value: os.sched_setaffinity(0, value),
            )
        )
    if hasattr(os, "sched_getscheduler"):
        found.append(Aspect("scheduling", _scheduling, _restore_scheduling))
    if Path(_STATUS).exists():
        found.append(Aspect("signal handlers of C code", _signals_of_c, cannot_restore))
    if hasattr(os, "getpriority"):
        found.append(
            Aspect(
                "priority",
                lambda: os.getpriority(os.PRIO_PROCESS, 0),
                lambda value: os.setpriority(os.PRIO_PROCESS, 0, value),
            )
        )
    return found


def _umask() -> int:
    value = os.umask(0o077)
    os.umask(value)
    return value


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _restore_handlers(value: Mapping[int, Any]) -> None:
    for number, handler in value.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


_STATUS = "/proc/self/status"


def _signals_of_c() -> list[str]:
    """Return which signals the process ignores or handles, also where Python does not know."""
    lines = Path(_STATUS).read_text().splitlines()
    return [line for line in lines if line.startswith(("SigIgn", "SigCgt"))]


def _scheduling() -> tuple[int, int]:
    return os.sched_getscheduler(0), os.sched_getparam(0).sched_priority


def _restore_scheduling(value: tuple[int, int]) -> None:
    os.sched_setscheduler(0, value[0], os.sched_param(value[1]))


def _timers() -> tuple[bool, ...]:
    return tuple(signal.getitimer(which)[0] > 0 for which in _TIMERS)


def _restore_timers(_: object) -> None:
    for which in _TIMERS:
        signal.setitimer(which, 0)


_TIMERS = tuple(
    getattr(signal, name)
    for name in ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")
    if hasattr(signal, name)
)


def _signal_mask() -> set[Any]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def _restore_signal_mask(value: set[Any]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, value)


def _user() -> tuple[Any, ...]:
    names = ("getuid", "geteuid", "getgid", "getegid", "getpgrp", "getgroups")
    found = [getattr(os, name) for name in names if hasattr(os, name)]
    values = [get() for get in found]
    with contextlib.suppress(OSError):
        root = os.stat("/")
        values += [root.st_dev, root.st_ino]
    return tuple(values)


_resource: Any
try:
    import resource as _resource
except ImportError:  # not on Windows
    _resource = None


def _limits() -> dict[int, tuple[int, int]]:
    kinds = {getattr(_resource, name) for name in dir(_resource) if name.startswith("RLIMIT_")}
    return {kind: _resource.getrlimit(kind) for kind in sorted(kinds)}


def _restore_limits(value: Mapping[int, tuple[int, int]]) -> None:
    for kind, limit in value.items():
        if _resource.getrlimit(kind) != limit:
            _resource.setrlimit(kind, limit)
