"""Workers as separate interpreters, where the system has no fork or no ``/proc``.

Each worker imports the libraries itself, which takes seconds instead of tens of milliseconds.
Processes that measured code detaches are not found, memory is not limited, and time in which a
worker waits for a processor counts towards its time limit.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from sphinx_xpcaps.files import create_folder
from sphinx_xpcaps.measure.workers import child
from sphinx_xpcaps.measure.workers.channel import Channel
from sphinx_xpcaps.measure.workers.error_output import ErrorOutput
from sphinx_xpcaps.measure.workers.errors import StartError
from sphinx_xpcaps.measure.workers.server_process import (
    ENVIRONMENT,
    last_error,
    search_path,
)

_BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from {} import main; main()"
)
_SECRET = 32
"""Number of bytes by which the parent recognizes its worker."""
_START_LIMIT = 120.0
"""Seconds that an interpreter may take to start, on a busy machine."""
_WAIT = 10.0
"""Seconds that a killed process may take to end."""


class SeparateProcesses:
    """Starts an interpreter for each worker; has the methods of `ServerProcess`.

    Parameters
    ----------
    environment : mapping
        Environment variables, besides those of this process.
    modules : tuple of str
        Modules that a server would import.
    """

    def __init__(self, environment: Mapping[str, str], modules: tuple[str, ...] = ()) -> None:
        self.environment = environment
        self.modules = modules
        self._folder = Path(create_folder("worker"))
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._errors: dict[int, Path] = {}
        self._lock = threading.Lock()

    def fork(self) -> tuple[int, Channel]:
        """Return the process id of a new worker and the connection to it.

        Raises
        ------
        StartError
            The interpreter does not start.
        """
        secret = secrets.token_bytes(_SECRET)
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir()
        errors = folder.with_suffix(".stderr")
        with socket.create_server(("127.0.0.1", 0)) as listener, errors.open("wb") as stderr:
            bootstrap = _BOOTSTRAP.format(__name__)
            port = str(listener.getsockname()[1])
            process = subprocess.Popen(
                [sys.executable, "-c", bootstrap, search_path(), port],
                cwd=folder,
                env={**os.environ, **ENVIRONMENT, **self.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
            with self._lock:
                self._processes[process.pid] = process
                self._errors[process.pid] = errors
            assert process.stdin is not None
            with contextlib.suppress(OSError), process.stdin as stdin:
                stdin.write(secret)
            connection = _accept(listener, process, secret)
        if connection is None:
            message = last_error(process, errors)
            self.end(process.pid, kill=True)
            raise StartError(f"a worker cannot start: {message}")
        return process.pid, Channel(connection)

    def end(self, worker: int, *, kill: bool) -> int | None:
        """End a worker and return its exit status."""
        with self._lock:
            process = self._processes.pop(worker, None)
        if process is None:
            return 0
        if not kill:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_WAIT)
        _kill(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_WAIT)
        return process.returncode or 0

    def errors_of(self, worker: int) -> Path:
        """Return the file with the error output of a worker while it imports packages."""
        return self._errors[worker]

    def is_running(self) -> bool:
        """Return True, as there is no server that could have ended."""
        return True

    def close(self) -> None:
        """End all workers."""
        for worker in list(self._processes):
            self.end(worker, kill=True)
        shutil.rmtree(self._folder, ignore_errors=True)


def main() -> None:
    """Connect to the parent and serve it; the port is in ``sys.argv``."""
    secret = sys.stdin.buffer.read(_SECRET)
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), _START_LIMIT)
    connection.settimeout(None)
    connection.sendall(secret)
    errors = ErrorOutput()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    child.serve(connection, errors, forked=False)
    os._exit(0)


def _end_with(parent: int) -> None:
    """End this process when the parent has ended, if the system reports that."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _accept(
    listener: socket.socket, process: subprocess.Popen[bytes], secret: bytes
) -> socket.socket | None:
    """Return the connection of a worker; None if it ends or is too slow."""
    deadline = time.monotonic() + _START_LIMIT
    listener.settimeout(0.1)
    while process.poll() is None and time.monotonic() < deadline:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        connection.settimeout(1)
        with contextlib.suppress(OSError):
            if secrets.compare_digest(connection.recv(_SECRET, socket.MSG_WAITALL), secret):
                connection.settimeout(None)
                return connection
        connection.close()  # of another program
    return None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and those of its group where there are groups."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        process.kill()
