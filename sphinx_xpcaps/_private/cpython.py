"""Private interfaces of CPython's standard library."""

from __future__ import annotations

import _thread
import sys

_DEFAULT_POLICIES = (
    "NoneType",
    "_UnixDefaultEventLoopPolicy",
    "DefaultEventLoopPolicy",
    "_DefaultEventLoopPolicy",
)


def raw_thread_count() -> int:
    """Return the number of threads, with those that `threading` does not know."""
    return _thread._count()


def event_loop_state() -> tuple[bool, str]:
    """Return whether an event loop is marked as running, and the class of the loop policy.

    The class is "" for the default policy, and if `asyncio` is not imported.
    """
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False, ""
    name = type(getattr(asyncio.events, "_event_loop_policy", None)).__name__
    running = asyncio._get_running_loop() is not None
    return running, "" if name in _DEFAULT_POLICIES else name


def reset_event_loop() -> None:
    """Mark no event loop as running, and set the default policy; `asyncio` must be imported."""
    asyncio = sys.modules["asyncio"]
    asyncio._set_running_loop(None)
    asyncio.set_event_loop_policy(None)
