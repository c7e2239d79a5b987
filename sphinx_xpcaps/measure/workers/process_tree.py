"""A process and its descendants: their memory and waiting time, from ``/proc``, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def descendants(process: int) -> list[int]:
    """Return the processes that a process started, directly or indirectly."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    waiting = [process]
    while waiting:
        more = children.get(waiting.pop(), [])
        found += more
        waiting += more
    return found


def memory_of(process: int) -> int:
    """Return the resident memory of a process and its descendants, in bytes; 0 if not known."""
    return sum(_resident(each) for each in (process, *descendants(process)))


def seconds_waiting(process: int) -> float:
    """Return how long a process was ready to run but waited for a processor; 0 if not known."""
    try:
        fields = (_PROC / str(process) / "schedstat").read_text().split()
        return int(fields[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def processor_seconds(process: int) -> float:
    """Return how long a process used processors; 0 if not known."""
    try:
        status = (_PROC / str(process) / "stat").read_bytes()
        fields = status[status.rindex(b")") + 2 :].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, ValueError, IndexError):
        return 0.0


def kill_tree(process: int) -> None:
    """Kill a process and its descendants."""
    for each in (process, *descendants(process)):
        with contextlib.suppress(OSError):
            os.kill(each, signal.SIGKILL)


def exit_with_parent() -> None:
    """Let the system kill this process when its parent exits, if the system supports that."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parents exit, if the system supports that."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _parents() -> Iterator[tuple[int, int]]:
    try:
        names = [name for name in os.listdir(_PROC) if name.isdigit()]
    except OSError:
        return
    for name in names:
        try:
            status = (_PROC / name / "stat").read_bytes()
            yield int(name), int(status[status.rindex(b")") + 2 :].split()[1])
        except (OSError, ValueError, IndexError):  # it has exited
            continue


def _resident(process: int) -> int:
    try:
        return int((_PROC / str(process) / "statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0
