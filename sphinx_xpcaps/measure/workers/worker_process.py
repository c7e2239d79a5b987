"""The parent's side of a worker process: send jobs, receive messages, enforce the limits."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec

from core.notes import Note
from sphinx_xpcaps.measure.workers import process_tree
from sphinx_xpcaps.measure.workers.channel import ChannelError
from sphinx_xpcaps.measure.workers.error_output import last_lines, size_of
from sphinx_xpcaps.measure.workers.errors import JobFailed, WorkerLost
from sphinx_xpcaps.measure.workers.messages import (
    CallRequest,
    Finished,
    Job,
    Progress,
    Reply,
    Started,
    decode_reply,
    decode_value,
    encode,
    encode_value,
)
from sphinx_xpcaps.measure.workers.servers import Server
from sphinx_xpcaps.results.model import Outcome
from sphinx_xpcaps.results.text import clean

_LOAD_LIMIT = 120.0
"""Seconds that a job may take at least until it starts something: it may import packages."""
_RECEIVE_LIMIT = 30.0
"""Seconds that a message may take from its first to its last byte."""
_BUSY_SHARE = 0.9
"""A process that used so much of its time has waited for nothing."""
_INTERVAL = 0.25
_MEMORY_INTERVAL = 0.02
"""Seconds between two checks of a worker's time and memory."""


class WorkerProcess:
    """A process that `ServerProcess` forks, and that runs jobs until it is ended or lost.

    Parameters
    ----------
    server : ServerProcess or SeparateProcesses
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
        """Run `job`; return its result and the last message, which has the state of the worker.

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
        written = size_of(self._server.errors_of(self._worker))
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
            raise WorkerLost(
                error.outcome,
                started,
                str(error),
                error.note,
                limit=error.limit,
                was_busy=error.was_busy,
            ) from None
        except (EOFError, OSError) as error:
            message = self._describe_exit()
            if started is None:  # it ended while it imported something
                output = last_lines(self._server.errors_of(self._worker), written)
                message += f" ({output})" if output else ""
            raise WorkerLost(Outcome.CRASH, started, message) from error
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
        request = CallRequest(
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
        waiting = process_tree.seconds_waiting(self._worker)
        used = process_tree.processor_seconds(self._worker)
        interval = _MEMORY_INTERVAL if self._memory_limit else _INTERVAL
        while not self._channel.wait(min(interval, limit)):
            if self._memory_limit and process_tree.memory_of(self._worker) > self._memory_limit:
                raise _LimitExceeded(Outcome.CRASH, str(Note.OUT_OF_MEMORY), Note.OUT_OF_MEMORY)
            elapsed = time.monotonic() - start
            if elapsed > limit:
                elapsed -= process_tree.seconds_waiting(self._worker) - waiting
                if elapsed > limit:
                    used = process_tree.processor_seconds(self._worker) - used
                    raise _LimitExceeded(
                        Outcome.TIMEOUT,
                        f"no answer after {limit:g} s",
                        limit=limit,
                        was_busy=used > _BUSY_SHARE * elapsed,
                    )

    def _describe_exit(self) -> str:
        self._channel.close()
        return describe_status(self._server.end(self._worker, kill=False))


class _LimitExceeded(Exception):
    def __init__(
        self,
        outcome: Outcome,
        message: str,
        note: Note | None = None,
        *,
        limit: float = 0.0,
        was_busy: bool = False,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.note = note
        self.limit = limit
        self.was_busy = was_busy


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
