"""A worker: a child process that is started when needed and replaced when it is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sphinx_xpcaps.measure.workers.child import set_up
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.process import Process, WorkerLost
from sphinx_xpcaps.results.model import Outcome

_MEMORY_LIMIT = 3 * 2**30
"""A child with a larger peak memory is replaced, in bytes."""
_SETUP_TIMEOUT = 60.0
"""Seconds that the set-up may take at least, as it imports libraries."""


class Worker:
    """A child process that is replaced when it is lost or uses too much memory.

    Parameters
    ----------
    environment : mapping
        Environment variables of the child.
    timeout : float
        Seconds until the next message, after which the child is killed.
    setup : str
        Code that each new child runs first.
    modules : tuple of str
        Modules that each new child imports first.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        timeout: float,
        *,
        setup: str = "",
        modules: tuple[str, ...] = (),
    ) -> None:
        self._environment = environment
        self._timeout = timeout
        self._setup = Job.calling(set_up, code=setup, modules=modules)
        self._process: Process | None = None
        self._stopped = False

    def start(self) -> Process:
        """Return the child process, started and set up; raises what `Process.run` raises."""
        process = self._process
        if process is None:
            process = self._process = Process(self._environment, max(self._timeout, _SETUP_TIMEOUT))
            try:
                if self._stopped:  # now, so that either this or `stop` ends the new process
                    raise WorkerLost(Outcome.CRASH, None, "the worker was stopped")
                process.connect()
                process.run(self._setup)
            except BaseException:
                process.close()
                self._process = None
                raise
            process.timeout = self._timeout
        return process

    def run(
        self,
        job: Job,
        on_result: Callable[[Any], None] | None = None,
        on_start: Callable[[Any], None] | None = None,
    ) -> Any:
        """Run `job` in the child; see `Process.run`."""
        process = self.start()
        try:
            result = process.run(job, on_result, on_start)
        except BaseException:
            self.close()
            raise
        if process.peak_memory > _MEMORY_LIMIT:
            self.close()
        return result

    def close(self) -> None:
        """End the child; the next job starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def stop(self) -> None:
        """End the child for good, also while another thread uses it or waits for its start."""
        self._stopped = True
        self.close()
