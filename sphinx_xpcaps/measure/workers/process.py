"""The parent's side of a worker: start the process, exchange messages, enforce the time limit."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, Listener
from typing import Any

from sphinx_xpcaps._private.cpython import set_accept_timeout
from sphinx_xpcaps.measure.workers import child
from sphinx_xpcaps.measure.workers.messages import Errored, Finished, Job, Progress, Started
from sphinx_xpcaps.results.model import Outcome

_START_LIMIT = 120.0
"""Seconds that the interpreter may take to start."""
_START_INTERVAL = 0.2
"""Seconds between checks whether an interpreter that starts has exited."""
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
    f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    f"from {child.__name__} import main; main()"
)


class WorkerLost(Exception):
    """A worker exceeded its time limit and was killed, or it crashed.

    Attributes
    ----------
    outcome : Outcome
        ``timeout`` or ``crash``.
    started : object
        What the job started last; None if nothing.
    """

    def __init__(self, outcome: Outcome, started: Any, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.started = started


class JobFailed(Exception):
    """A job raised an exception, which is the message."""


class Process:
    """A child process that runs jobs; call `connect` before the first one.

    Parameters
    ----------
    environment : mapping
        Environment variables of the child, besides those of this process.
    timeout : float
        Seconds until the next message, after which the child is killed.
    """

    def __init__(self, environment: Mapping[str, str], timeout: float) -> None:
        self.timeout = timeout
        self.peak_memory = 0
        self._directory = tempfile.TemporaryDirectory(prefix="xpcaps-", ignore_cleanup_errors=True)
        secret = secrets.token_bytes(16)
        self._listener = Listener(authkey=secret)
        self._connection: Connection[Any, Any] | None = None
        self._child = subprocess.Popen(
            [sys.executable, "-c", _BOOTSTRAP, _search_path()],
            cwd=self._directory.name,
            env={
                **os.environ,
                **_ENVIRONMENT,
                **environment,
                child.ADDRESS: _format_address(self._listener.address),
                child.SECRET: secret.hex(),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def connect(self) -> None:
        """Wait until the child has started.

        Raises
        ------
        WorkerLost
            The child exited or did not start in time.
        """
        with self._listener:
            set_accept_timeout(self._listener, _START_INTERVAL)
            deadline = time.monotonic() + _START_LIMIT
            while self._connection is None:
                try:
                    self._connection = self._listener.accept()
                except TimeoutError:
                    if self._child.poll() is None and time.monotonic() < deadline:
                        continue
                    raise WorkerLost(Outcome.CRASH, None, "a worker did not start") from None
                except OSError as error:
                    raise WorkerLost(Outcome.CRASH, None, "a worker did not start") from error

    def run(
        self,
        job: Job,
        on_result: Callable[[Any], None] | None = None,
        on_start: Callable[[Any], None] | None = None,
    ) -> Any:
        """Run `job` and return its result.

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
            The child sent no message in time, or crashed.
        JobFailed
            The job raised.
        """
        connection = self._connection
        assert connection is not None, "connect() was not called"
        started: Any = None
        limit = self.timeout
        try:
            connection.send(job)
            while True:
                if not connection.poll(limit):
                    self.close()
                    message = f"no answer after {limit:g} s"
                    raise WorkerLost(Outcome.TIMEOUT, started, message)
                match connection.recv():
                    case Started(what, shorter):
                        started = what
                        limit = min(self.timeout, shorter or self.timeout)
                        if on_start is not None:
                            on_start(what)
                    case Progress(value):
                        if on_result is not None:
                            on_result(value)
                    case Finished(value, peak_memory):
                        self.peak_memory = peak_memory
                        return value
                    case Errored(message):
                        raise JobFailed(message)
        except (EOFError, ConnectionError) as error:
            raise WorkerLost(Outcome.CRASH, started, self._describe_exit()) from error

    def close(self) -> None:
        """Kill the child and all processes that it started, and delete its directory."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._child.pid, signal.SIGKILL)
            else:
                self._child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(10)
        if self._connection is not None:
            self._connection.close()
        self._listener.close()
        self._directory.cleanup()

    def _describe_exit(self) -> str:
        try:
            code = self._child.wait(10)
        except subprocess.TimeoutExpired:
            code = 0
        self.close()
        if code < 0:
            return f"the interpreter was killed by {signal.Signals(-code).name}"
        return f"the interpreter exited with status {code}"


def _search_path() -> str:
    here = os.getcwd()
    return json.dumps([os.path.join(here, entry) for entry in sys.path])


def _format_address(address: Any) -> str:
    return address if isinstance(address, str) else f"{address[0]}:{address[1]}"
