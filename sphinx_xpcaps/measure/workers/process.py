"""The parent's side of a worker: start the process, exchange messages, enforce the limits."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.notes import Note
from sphinx_xpcaps.files import create_folder
from sphinx_xpcaps.measure.workers import fork_server, processes
from sphinx_xpcaps.measure.workers.channel import Channel, ChannelError
from sphinx_xpcaps.measure.workers.messages import (
    Finished,
    Job,
    Progress,
    Reply,
    Request,
    Started,
    decode_reply,
    decode_value,
    encode,
    encode_value,
)
from sphinx_xpcaps.results.model import Outcome
from sphinx_xpcaps.results.text import clean

_START_LIMIT = 600.0
"""Seconds that a server may take to import its modules."""
_LOAD_LIMIT = 120.0
"""Seconds that a job may take at least until it starts something: it may import packages."""
_RECEIVE_LIMIT = 30.0
"""Seconds that a message may take from its first to its last byte."""
_CONTROL_LIMIT = 120.0
"""Seconds that a server may take to start or end a worker, on a busy machine."""
_INTERVAL = 0.25
_MEMORY_INTERVAL = 0.02
"""Seconds between two looks at a worker's time and memory."""
_ENVIRONMENT = {
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


class WorkerLost(Exception):
    """A worker exceeded a limit and was killed, or it crashed.

    Attributes
    ----------
    outcome : Outcome
        ``timeout`` or ``crash``.
    started : object
        What the job started last; None if nothing.
    note : Note or None
        A note that is more specific than that of the outcome.
    fresh : bool
        Whether the process had run no other job.
    """

    fresh = False

    def __init__(
        self, outcome: Outcome, started: Any, message: str, note: Note | None = None
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.started = started
        self.note = note


class JobFailed(Exception):
    """A job raised an exception, which is the message.

    Attributes
    ----------
    fresh : bool
        Whether the process had run no other job.
    """

    fresh = False


class StartError(JobFailed):
    """A worker cannot be started; the message has the last line of its error output."""


class Server:
    """A fork server; see `fork_server`.

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
        self._folder = str(create_folder("worker"))
        self._errors = Path(self._folder, "stderr")
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs, self._errors.open("wb") as errors:
            arguments = [str(theirs.fileno()), ",".join(modules), self._folder]
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOTSTRAP, _search_path(), *arguments],
                cwd=self._folder,
                env={**os.environ, **_ENVIRONMENT, **environment},
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
            message = self._last_error()
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

    def close(self) -> None:
        """End the server with all workers and what they started."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            processes.kill_tree(self._process.pid)
            self._process.wait()
        self._channel.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answer(self, seconds: float) -> int:
        content = self._channel.receive(seconds)
        return msgspec.msgpack.decode(content, type=fork_server.Answer).value

    def _last_error(self) -> str:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._process.wait(1)
            lines = self._errors.read_text(errors="replace").strip().splitlines()
            errors = [line for line in lines if "Error" in line or "error" in line]
            if lines:
                return clean((errors or lines)[-1].strip())
        return f"the interpreter exited with status {self._process.poll()}"


class Process:
    """A worker's process that runs jobs.

    Parameters
    ----------
    server : Server
        The server that forks it.
    timeout : float
        Seconds until the next message, after which the worker is killed. Time in which it waits
        for a processor does not count.
    memory_limit : int
        Bytes of memory of the worker and the processes that it starts; 0 for no limit.
    """

    def __init__(self, server: Server, timeout: float, memory_limit: int = 0) -> None:
        self.timeout = timeout
        self._memory_limit = memory_limit
        self._server = server
        self._worker, self._channel = server.fork()
        self._number = 0
        self.jobs = 0
        """The number of jobs that were run, apart from the first, which sets the worker up."""

    def run(
        self,
        job: Job,
        on_result: Callable[[Any], None] | None = None,
        on_start: Callable[[Any], None] | None = None,
    ) -> tuple[Any, Finished]:
        """Run `job`; return its result and the last message, which tells about the worker.

        Parameters
        ----------
        job : Job
            The job.
        on_result : callable, optional
            Called with each part of the result that the job sends.
        on_start : callable, optional
            Called with each part of its work that the job starts.

        Raises
        ------
        WorkerLost
            The worker exceeded a limit, crashed, or sent something else than valid messages.
        JobFailed
            The job raised.
        """
        started: Any = None
        self._number = secrets.randbits(63)
        try:
            self._channel.send(self._request(job))
            limit = max(self.timeout, _LOAD_LIMIT)
            while True:
                reply = self._reply(limit)
                if isinstance(reply, Started):
                    started = decode_value(reply.what, job.started)
                    limit = min(self.timeout, reply.limit or self.timeout)
                    if on_start is not None:
                        on_start(started)
                elif isinstance(reply, Progress):
                    value = decode_value(reply.value, job.progress)
                    if on_result is not None:
                        on_result(value)
                elif isinstance(reply, Finished):
                    return decode_value(reply.value, job.result), reply
                else:
                    raise JobFailed(clean(reply.message))
        except _LimitExceeded as error:
            self.close()
            raise WorkerLost(error.outcome, started, str(error), error.note) from None
        except (EOFError, OSError) as error:
            raise WorkerLost(Outcome.CRASH, started, self._describe_exit()) from error
        except (ChannelError, msgspec.MsgspecError) as error:
            self.close()
            message = f"the worker sent invalid data: {clean(str(error))}"
            raise WorkerLost(Outcome.CRASH, started, message) from error

    def close(self) -> bool:
        """Kill the worker and all processes that it started; return whether the server runs."""
        self._channel.close()
        return self._server.end(self._worker, kill=True) is not None

    def _request(self, job: Job) -> bytes:
        arguments = {name: encode_value(value) for name, value in job.arguments.items()}
        request = Request(
            number=self._number, function=job.function, arguments=arguments, imports=job.imports
        )
        return encode(request)

    def _reply(self, limit: float) -> Reply:
        """Return the next message of the present job."""
        self._wait(limit)
        reply = decode_reply(self._channel.receive(_RECEIVE_LIMIT))
        if reply.number != self._number:
            raise ChannelError(f"a message has the number {reply.number}")
        return reply

    def _wait(self, limit: float) -> None:
        """Wait for the next message."""
        start = time.monotonic()
        waiting = processes.seconds_waiting(self._worker)
        interval = _MEMORY_INTERVAL if self._memory_limit else _INTERVAL
        while not self._channel.wait(min(interval, limit)):
            if self._memory_limit and processes.memory_of(self._worker) > self._memory_limit:
                raise _LimitExceeded(Outcome.CRASH, str(Note.OUT_OF_MEMORY), Note.OUT_OF_MEMORY)
            elapsed = time.monotonic() - start
            if elapsed > limit:
                elapsed -= processes.seconds_waiting(self._worker) - waiting
                if elapsed > limit:
                    raise _LimitExceeded(Outcome.TIMEOUT, f"no answer after {limit:g} s")

    def _describe_exit(self) -> str:
        self._channel.close()
        return describe_status(self._server.end(self._worker, kill=False))


class _LimitExceeded(Exception):
    def __init__(self, outcome: Outcome, message: str, note: Note | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.note = note


def describe_status(code: int | None) -> str:
    """Return how an interpreter ended, from its exit status."""
    import signal

    if code is None:
        return "the interpreter ended"
    if code >= 0:
        return f"the interpreter exited with status {code}"
    try:
        return f"the interpreter was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"the interpreter was killed by signal {-code}"


def _search_path() -> str:
    here = os.getcwd()
    return json.dumps([os.path.join(here, entry) for entry in sys.path])
