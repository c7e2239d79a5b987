"""The parent's side of a worker: start it, talk with a time limit, kill it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, Listener
from typing import Any

from sphinx_xpcaps.measure.model import Job
from sphinx_xpcaps.measure.workers.child import ADDRESS, SECRET, At, Done, Failed, Item
from sphinx_xpcaps.results.model import Outcome

_START_LIMIT = 120.0
_PINNED = {
    # One thread each: several workers share the processors, and sums come out the same.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
}
_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {0} import main; main()"


class WorkerLost(Exception):
    """A worker was killed for being late, or died.

    Attributes
    ----------
    outcome : Outcome
        ``timeout`` or ``crash``.
    at : object
        What it had last begun.
    """

    def __init__(self, outcome: Outcome, at: Any, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.at = at


class JobFailed(Exception):
    """A job raised; the message says what."""


class Process:
    """A child process that runs jobs.

    Parameters
    ----------
    environment : mapping
        Variables for the child, besides those of this process.
    timeout : float
        Seconds that the child may be silent.
    """

    def __init__(self, environment: Mapping[str, str], timeout: float) -> None:
        self.timeout = timeout
        self.memory = 0
        self._home = tempfile.TemporaryDirectory(prefix="xpcaps-", ignore_cleanup_errors=True)
        secret = secrets.token_bytes(16)
        with Listener(authkey=secret) as listener:
            address = listener.address
            shown = address if isinstance(address, str) else f"{address[0]}:{address[1]}"
            self._child = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _BOOT.format("sphinx_xpcaps.measure.workers.child"),
                    _search_path(),
                ],
                cwd=self._home.name,
                env={
                    **os.environ,
                    **_PINNED,
                    **environment,
                    ADDRESS: shown,
                    SECRET: secret.hex(),
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._connection = _accept(listener, self._child)

    def run(
        self,
        job: Job,
        give: Callable[[Any], None] | None = None,
        begin: Callable[[Any], None] | None = None,
    ) -> Any:
        """Run `job` and return its result.

        Parameters
        ----------
        job : Job
            What to run.
        give : callable, optional
            Called with each part of the result that the job sends on its way.
        begin : callable, optional
            Called with what the job says that it begins.

        Raises
        ------
        WorkerLost
            The child was silent for too long, or died.
        JobFailed
            The job raised.
        """
        at: Any = None
        limit = self.timeout
        try:
            self._connection.send(job)
            while True:
                if not self._connection.poll(limit):
                    self.close()
                    late = f"no answer after {limit:g} s"
                    raise WorkerLost(Outcome.TIMEOUT, at, late)
                message = self._connection.recv()
                match message:
                    case At(what, shorter):
                        at = what
                        limit = min(self.timeout, shorter or self.timeout)
                        if begin is not None:
                            begin(what)
                    case Item(value):
                        if give is not None:
                            give(value)
                    case Done(value, memory):
                        self.memory = memory
                        return value
                    case Failed(words):
                        raise JobFailed(words)
        except (EOFError, ConnectionError) as error:
            raise WorkerLost(Outcome.CRASH, at, self._epitaph()) from error

    def close(self) -> None:
        """Kill the child, with everything that it started, and clean up after it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._child.pid, signal.SIGKILL)
            else:
                self._child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(10)
        self._connection.close()
        self._home.cleanup()

    def _epitaph(self) -> str:
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


def _accept(listener: Listener, child: subprocess.Popen[bytes]) -> Connection[Any, Any]:
    """Wait for the child to connect, but not for one that is already dead."""
    inner = listener._listener  # type: ignore[attr-defined]
    socket = getattr(inner, "_socket", None)
    if socket is not None:
        socket.settimeout(_START_LIMIT)
    try:
        return listener.accept()
    except OSError as error:
        child.kill()
        raise WorkerLost(Outcome.CRASH, None, "a worker did not start") from error
