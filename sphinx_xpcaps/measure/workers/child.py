"""The child's side of a worker: run one job after another and send messages.

What a job prints or raises does not reach the parent, except in messages.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import threading
import time
import traceback
import warnings
from multiprocessing.connection import Client, Connection
from pkgutil import resolve_name
from typing import Any

from sphinx_xpcaps.measure.workers.messages import Errored, Finished, Job, Progress, Started

ADDRESS = "XPCAPS_WORKER_ADDRESS"
SECRET = "XPCAPS_WORKER_SECRET"


def main() -> None:
    """Connect to the parent and run jobs until it closes the connection."""
    secret = bytes.fromhex(os.environ.pop(SECRET))
    address: Any = os.environ.pop(ADDRESS)
    if ":" in address and not os.path.exists(address):
        host, _, port = address.rpartition(":")
        address = (host, int(port))
    parent = os.getppid()
    threading.Thread(target=_exit_with, args=(parent,), daemon=True).start()
    warnings.simplefilter("ignore")
    with Client(address, authkey=secret) as connection:
        while True:
            try:
                job = connection.recv()
            except (EOFError, OSError):
                return
            connection.send(_run(job, connection))


def set_up(*, code: str, modules: tuple[str, ...]) -> None:
    """Import modules and run the user's set-up code.

    Raises
    ------
    Exception
        Raised by the code. A module that cannot be imported is ignored.
    """
    for module in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    exec(compile(code, "<xpcaps_setup>", "exec"), {"__name__": "__xpcaps_setup__"})


def _run(job: Job, connection: Connection[Any, Any]) -> Finished | Errored:
    def on_start(what: Any, limit: float | None = None) -> None:
        connection.send(Started(what, limit))

    def on_result(value: Any) -> None:
        connection.send(Progress(value))

    try:
        function = resolve_name(job.function)
        parameters = inspect.signature(function).parameters
        callbacks = {"on_start": on_start, "on_result": on_result}
        accepted = {name: f for name, f in callbacks.items() if name in parameters}
        return Finished(function(**accepted, **job.arguments), _peak_memory())
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1:]
        where = f" ({last[0].filename}:{last[0].lineno})" if last else ""
        return Errored(f"{type(error).__name__}: {error}{where}")


def _peak_memory() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _exit_with(parent: int) -> None:
    """Exit when the parent process has exited, even during a call."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
