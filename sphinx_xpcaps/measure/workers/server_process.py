"""The parent's side of a fork server: start it, and have it fork and end worker processes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sphinx_xpcaps.files import create_folder
from sphinx_xpcaps.measure.workers import fork_server, process_tree
from sphinx_xpcaps.measure.workers.channel import Channel, ChannelError
from sphinx_xpcaps.measure.workers.errors import StartError
from sphinx_xpcaps.results.text import clean

_START_LIMIT = 300.0
"""Seconds that a server may take to import its modules."""
_CONTROL_LIMIT = 30.0
"""Seconds that a server may take to start or end a worker, on a busy machine."""
_UNUSUAL = 1.0
"""Seconds without an answer after which a server is continued, as measured code may stop it."""
ENVIRONMENT = {
    # One thread each: several workers share the processors, and sums are reproducible.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
}
_BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    f"from {fork_server.__name__} import main; main()"
)


class ServerProcess:
    """A process that runs `fork_server`.

    Parameters
    ----------
    environment : mapping
        Environment variables, besides those of this process.
    modules : tuple of str
        Modules to import before workers are forked.

    Raises
    ------
    StartError
        The interpreter does not start.
    """

    def __init__(self, environment: Mapping[str, str], modules: tuple[str, ...] = ()) -> None:
        self.environment = environment
        self.modules = modules
        self._folder = str(create_folder("worker"))
        self._errors = Path(self._folder, "stderr")
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs, self._errors.open("wb") as errors:
            arguments = [str(theirs.fileno()), ",".join(modules), self._folder]
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOTSTRAP, search_path(), *arguments],
                cwd=self._folder,
                env={**os.environ, **ENVIRONMENT, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[theirs.fileno()],
            )
        self._socket = ours
        self._channel = Channel(ours)
        try:
            self._answer(_START_LIMIT)
        except (EOFError, OSError, ChannelError, msgspec.MsgspecError) as error:
            message = last_error(self._process, self._errors)
            self.close()
            raise StartError(f"a worker cannot start: {message}") from error

    def fork(self) -> tuple[int, Channel]:
        """Return the process id of a new worker and the connection to it.

        Raises
        ------
        StartError
            The server has ended.
        """
        ours, theirs = socket.socketpair()
        try:
            with self._lock, theirs:
                command = msgspec.msgpack.encode(fork_server.Fork())
                socket.send_fds(self._socket, [command], [theirs.fileno()])
                worker = self._answer(_CONTROL_LIMIT)
        except (EOFError, OSError, ChannelError, msgspec.MsgspecError) as error:
            ours.close()
            raise StartError("a worker cannot start: its server has ended") from error
        return worker, Channel(ours)

    def end(self, worker: int, *, kill: bool) -> int | None:
        """End a worker and return its exit status, or None if the server has ended."""
        command = msgspec.msgpack.encode(fork_server.End(worker, kill))
        try:
            with self._lock:
                self._socket.sendall(command)
                return self._answer(_CONTROL_LIMIT)
        except (EOFError, OSError, ChannelError, msgspec.MsgspecError):
            return None

    def errors_of(self, worker: int) -> Path:
        """Return the file with the error output of a worker while it imports packages."""
        return self._errors

    def is_running(self) -> bool:
        """Return whether the server has not ended."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the server with all workers and what they started."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._continue()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            process_tree.kill_tree(self._process.pid)
            self._process.wait()
        self._channel.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answer(self, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while not self._channel.wait(_UNUSUAL) and time.monotonic() < deadline:
            self._continue()
        content = self._channel.receive(max(deadline - time.monotonic(), _UNUSUAL))
        return msgspec.msgpack.decode(content, type=fork_server.Answer).value

    def _continue(self) -> None:
        """Continue the server if it was stopped."""
        self._process.send_signal(signal.SIGCONT)


def last_error(process: subprocess.Popen[bytes], file: Path) -> str:
    """Return the last error that a process wrote to a file, or else its exit status."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        process.wait(1)
        lines = file.read_text(errors="replace").strip().splitlines()
        errors = [line for line in lines if "Error" in line or "error" in line]
        if lines:
            return clean((errors or lines)[-1].strip())
    return f"the interpreter exited with status {process.poll()}"


def search_path() -> str:
    """Return this process's import path, with absolute folders, as JSON."""
    here = os.getcwd()
    return json.dumps([os.path.join(here, entry) for entry in sys.path])
