"""A worker: a child process that is started when needed and replaced when it is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sphinx_xpcaps.measure.workers.child import set_up
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.process import Process

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

    def start(self) -> Process:
        """Return the child process, started and set up; raises what `Process.run` raises."""
        if self._process is None:
            self._process = Process(self._environment, max(self._timeout, _SETUP_TIMEOUT))
            try:
                self._process.run(self._setup)
            except BaseException:
                self.close()
                raise
            self._process.timeout = self._timeout
        return self._process

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
        if self._process is not None:
            self._process.close()
            self._process = None
