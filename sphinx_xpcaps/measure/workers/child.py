"""The child process: runs one job after the other and says what it is doing.

Nothing that a job prints, raises or leaves behind reaches the parent but what it sends.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Client
from typing import Any

ADDRESS = "XPCAPS_WORKER_ADDRESS"
SECRET = "XPCAPS_WORKER_SECRET"


@dataclass(frozen=True, slots=True)
class At:
    """A worker's word that it begins something, and how long that may take at most."""

    what: Any
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a job's result that is sent as soon as it is there."""

    value: Any


@dataclass(frozen=True, slots=True)
class Done:
    """A job's result."""

    value: Any
    memory: int
    """Resident memory at its highest, in bytes."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that raised: our mistake or a broken setup, not a function's failure."""

    message: str


def main() -> None:
    """Connect to the parent and work until it hangs up."""
    secret = bytes.fromhex(os.environ.pop(SECRET))
    address: Any = os.environ.pop(ADDRESS)
    if ":" in address and not os.path.exists(address):
        host, _, port = address.rpartition(":")
        address = (host, int(port))
    parent = os.getppid()
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    warnings.simplefilter("ignore")
    with Client(address, authkey=secret) as connection:
        while True:
            try:
                job = connection.recv()
            except (EOFError, OSError):
                return
            connection.send(_answer(job, connection))


def run_setup(*, code: str, modules: tuple[str, ...]) -> None:
    """Import what the worker needs once and run the user's set-up line.

    Raises
    ------
    Exception
        What the line raises.
    """
    for module in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    exec(compile(code, "<xpcaps_setup>", "exec"), {"__name__": "__xpcaps_setup__"})


def _answer(job: Any, connection: Any) -> Done | Failed:
    module, _, name = job.function.rpartition(".")
    try:
        function = getattr(importlib.import_module(module), name)
        arguments: Mapping[str, Any] = job.arguments

        def at(what: Any, limit: float | None = None) -> None:
            connection.send(At(what, limit))

        def give(value: Any) -> None:
            connection.send(Item(value))

        callbacks = {"at": at, "on_start": at, "give": give, "on_result": give}
        extra = {name: f for name, f in callbacks.items() if _wants(function, name)}
        return Done(function(**extra, **arguments), _peak_memory())
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1:]
        where = f" ({last[0].filename}:{last[0].lineno})" if last else ""
        return Failed(f"{type(error).__name__}: {error}{where}")


def _wants(function: Any, name: str) -> bool:
    code = function.__code__
    return name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _peak_memory() -> int:
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _leave_with(parent: int) -> None:
    """End this process when its parent is gone, even in the middle of a call."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
