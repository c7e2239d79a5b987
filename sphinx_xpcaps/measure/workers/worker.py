"""A worker: it runs jobs in a worker process, which is replaced if it is lost or was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from core.backends import get_backend
from sphinx_xpcaps.measure.isolation.aspects import WARNING_FILTERS
from sphinx_xpcaps.measure.workers.child import set_up
from sphinx_xpcaps.measure.workers.errors import JobFailed, StartError, WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.servers import Server, Servers, start_server
from sphinx_xpcaps.measure.workers.worker_process import WorkerProcess
from sphinx_xpcaps.results.model import Outcome

_JOB_MODULES = ("sphinx_xpcaps.cases.collect", "sphinx_xpcaps.measure.case_runs")
"""Modules of the jobs that measure, which servers import once for all their workers."""
_LARGE = 3 * 2**30
"""A process with a larger peak memory is replaced after its job, in bytes."""
_SETUP_TIMEOUT = 120.0
"""Seconds that the set-up may take at least, as it imports libraries."""


class Worker:
    """Runs jobs one after another in a worker process, each in the same state of the process.

    The process is forked when it is needed, and replaced after a job that ended it or changed its
    state. What importing a module changes is part of the state for jobs that use this module; for
    others, the process is replaced.

    Parameters
    ----------
    environment : mapping
        Environment variables of the process.
    timeout : float
        Seconds until the next message, after which the process is killed.
    setup : str
        Code that each new process runs first.
    backends : iterable of str
        Backends, whose settings are compared after each job, and which are imported before the
        process is forked.
    modules : iterable of str
        Further modules to import in advance.
    memory_limit : int
        Bytes of memory that the process and its children may use; 0 for no limit.
    servers : Servers, optional
        Fork servers that can be used. Default: the worker starts its own one.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        timeout: float,
        *,
        setup: str = "",
        backends: Iterable[str] = (),
        modules: Iterable[str] = (),
        memory_limit: int = 0,
        servers: Servers | None = None,
    ) -> None:
        self._environment = environment
        self._timeout = timeout
        self._code = setup
        self._backends = tuple(backends)
        self._further_modules = tuple(modules)
        self._memory_limit = memory_limit
        self._servers = servers
        self._server: Server | None = None
        self._process: WorkerProcess | None = None
        self._error: StartError | None = None
        self._stopped = False
        self._changed_by_import_of = ""
        self.changed: tuple[str, ...] = ()
        """What the last job changed in its process, apart from warning filters."""

    @property
    def backends(self) -> tuple[str, ...]:
        """The backends that are imported in advance, with those that jobs have imported."""
        return self._backends

    def start(self) -> WorkerProcess:
        """Return the process, started and set up.

        Raises
        ------
        StartError
            No process can be started, now or before.
        WorkerLost, JobFailed
            The set-up fails; see `WorkerProcess.run`.
        """
        if self._error is not None:
            raise self._error
        if self._process is None:
            process = self._process = WorkerProcess(
                self._started_server(), max(self._timeout, _SETUP_TIMEOUT), self._memory_limit
            )
            job = Job.calling(
                set_up, code=self._code, modules=self._modules(), backends=self._backends
            )
            try:
                self._check_stopped()
                process.run(job)
            except BaseException:
                self.restart()
                raise
            process.timeout = self._timeout
        return self._process

    def run(
        self,
        job: Job,
        on_result: Callable[[Any], None] | None = None,
        on_start: Callable[[Any], None] | None = None,
    ) -> Any:
        """Run `job` in the process; see `WorkerProcess.run` and `start` for what is raised."""
        module = job.imports.rpartition(".")[0]
        if self._changed_by_import_of not in ("", module):
            self.restart()
        process = self.start()
        fresh, process.jobs = not process.jobs, process.jobs + 1
        try:
            result, finished = process.run(job, on_result, on_start)
        except BaseException as error:
            if isinstance(error, WorkerLost | JobFailed):
                error.fresh = fresh
            self.restart()
            raise
        self.changed = tuple(
            name for name in (*finished.restored, *finished.remaining) if name != WARNING_FILTERS
        )
        self._changed_by_import_of = module if finished.changed_by_import else ""
        if finished.imported:  # what the library's settings were before is not known
            self._backends = tuple(dict.fromkeys((*self._backends, *finished.imported)))
            self.close()
        elif self.changed or finished.peak_memory > _LARGE:
            # Also if all changes were restored, as there may be others that are not known.
            self.restart()
        return result

    def restart(self) -> None:
        """End the process; the next job gets another one."""
        process, self._process = self._process, None
        self._changed_by_import_of = ""
        if process is not None and not process.close():
            self.close()  # measured code has killed the server

    def release(self) -> None:
        """End the process; another worker may use the server."""
        self.restart()
        server, self._server = self._server, None
        if server is not None and self._servers is not None:
            self._servers.give_back(server)
        elif server is not None:
            server.close()

    def close(self) -> None:
        """End the process and its server; the next job starts others."""
        self._process = None
        self._changed_by_import_of = ""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def stop(self) -> None:
        """End the process permanently, also while another thread uses it or waits for its start."""
        self._stopped = True
        self.close()

    def _started_server(self) -> Server:
        if self._server is None:
            try:
                modules = self._modules()
                if self._servers is None:
                    self._server = start_server(self._environment, modules)
                else:
                    self._server = self._servers.take(self._environment, modules)
            except StartError as error:
                self._error = error
                raise
        self._check_stopped()
        return self._server

    def _modules(self) -> tuple[str, ...]:
        used = map(get_backend, self._backends)
        of_backends = (name for each in used for name in (each.module, *each.imports))
        return (*_JOB_MODULES, *of_backends, *self._further_modules)

    def _check_stopped(self) -> None:
        if self._stopped:
            raise WorkerLost(Outcome.CRASH, None, "the worker was stopped")
