"""The runner: describe targets, find their cases and run these, all in workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

from core.backends import Backend, backends, get_backend
from sphinx_xpcaps.cases.model import TargetInfo, WantedCases
from sphinx_xpcaps.cases.resolve import describe_all, expand_all
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import profile
from sphinx_xpcaps.measure.compilation_cache import compilation_cache
from sphinx_xpcaps.measure.model import (
    FindingGroup,
    Group,
    GroupResult,
    LostCall,
    Result,
)
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.tasks import find_cases, run_cases
from sphinx_xpcaps.measure.workers.errors import JobFailed, StartError, WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.pool import Pool
from sphinx_xpcaps.measure.workers.servers import Servers
from sphinx_xpcaps.measure.workers.worker import Worker

_FINDING = FindingGroup()

Targets: TypeAlias = tuple[str, ...] | str
"""The targets that a name includes, or the reason if there are none."""


class Runner:
    """Runs the jobs of a batch in workers.

    Parameters
    ----------
    config : Config
        Environment variables, set-up code, time limit and number of workers.
    clock : Clock, optional
        Measures where the time goes.
    servers : Servers, optional
        Fork servers that can be used. Default: they are started when needed, and none is kept.
    """

    def __init__(
        self, config: Config, clock: Clock | None = None, servers: Servers | None = None
    ) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.servers = servers
        self.worker_count = worker_count(config)
        self._imported_backends: tuple[str, ...] = ()
        """Backends that the modules of the targets import."""

    def start_worker(self, group: Group | FindingGroup = _FINDING) -> Worker:
        """Return a worker for a group; by default one for NumPy only."""
        variables = dict(self.config.environment)
        used = _reference()
        modules: list[str] = []
        if isinstance(group, Group):
            used = get_backend(group.backend)
            modules = [name for mode in group.modes for name in used.mode_imports.get(mode, ())]
            variables = {**used.worker_environment(), **compilation_cache(used), **variables}
        else:  # the library that a target needs may be the reference
            for backend in backends().values():
                variables = {
                    **backend.worker_environment(),
                    **compilation_cache(backend),
                    **variables,
                }
        return Worker(
            variables,
            self.config.timeout,
            setup=_setup_of(self.config.setup, used),
            backends=dict.fromkeys((used.name, *self._imported_backends)),
            modules=modules,
            servers=self.servers,
            memory_limit=self.config.memory_limit,
        )

    def expand(self, names: Sequence[str]) -> list[Targets]:
        """Return for each name the targets that it includes, or the reason if there are none.

        Raises
        ------
        JobFailed, WorkerLost
            The set-up code raised or ended the interpreter.
        """
        worker = self.start_worker()
        try:
            worker.start()
            return [self._expand(worker, name) for name in names]
        finally:
            worker.release()

    def _expand(self, worker: Worker, name: str) -> Targets:
        found: list[Targets] = []
        job = Job.calling(expand_all, progress=Targets, names=(name,))
        try:
            self._run(worker, job, found.append, phase=profile.EXPAND)
        except WorkerLost as error:
            if not error.fresh:
                return self._expand(worker, name)
            return f"importing it: {error}"
        return found[0]

    def describe(self, names: Sequence[str]) -> dict[str, TargetInfo]:
        """Return what each target is; a target that cannot be imported has an error.

        If importing the modules of the targets changes the state of the process, each module is
        imported in a new process, so that no module affects another one's targets.
        """
        worker = self.start_worker()
        try:
            found, changed = self._describe(worker, names)
            if changed:
                for _, of_module in groupby(sorted(names), key=_module):
                    worker.restart()
                    found |= self._describe(worker, tuple(of_module))[0]
            # Otherwise each group would import them twice: in a worker, then before it is forked.
            self._imported_backends = tuple(
                name for name in worker.backends if name != _reference().name
            )
        finally:
            worker.release()
        return {name: found[name] for name in names}

    def _describe(self, worker: Worker, names: Sequence[str]) -> tuple[dict[str, TargetInfo], bool]:
        """Return what each target is, and whether the state of a process was changed."""
        found: dict[str, TargetInfo] = {}
        changed = False

        def on_result(info: TargetInfo) -> None:
            found[info.name] = info

        while remaining := [name for name in names if name not in found]:
            job = Job.calling(describe_all, progress=TargetInfo, names=tuple(remaining))
            try:
                self._run(worker, job, on_result, phase=profile.DESCRIBE)
                changed = changed or bool(worker.changed)
            except StartError:
                raise
            except JobFailed as error:
                for name in remaining:
                    found.setdefault(name, _unknown(name, f"the set-up failed: {error}"))
            except WorkerLost as error:
                changed = True
                name = next(name for name in remaining if name not in found)
                if error.fresh and name == remaining[0]:  # it ends a process that did nothing else
                    for other in remaining:
                        if _module(other) == _module(name):
                            found.setdefault(other, _unknown(other, str(error)))
        return found, changed

    def run_task(
        self,
        worker: Worker,
        group: Group | FindingGroup,
        target: str,
        wanted: WantedCases,
        file: Path,
    ) -> Result:
        """Return the result of one task: find the cases of a target, or run them in a group.

        Parameters
        ----------
        worker : Worker
            A worker for the group.
        group : Group or FindingGroup
            Which task it is.
        target : str
            Dotted name.
        wanted : WantedCases
            Which cases are used, for finding them.
        file : Path
            The file with the cases, which finding writes and running reads.
        """
        run = partial(self._run, worker, target=target)
        if isinstance(group, Group):
            return run_cases(run, worker, target, group, file)
        return find_cases(run, target, wanted, self.config.cases, file)

    def measure(
        self,
        groups: Mapping[str, Sequence[Group]],
        wanted: Mapping[str, WantedCases],
        folder: Path,
        *,
        new_processes: bool = False,
    ) -> Generator[Result, None, None]:
        """Find and run the cases of each target; see `Executor.measure`.

        Parameters
        ----------
        folder : Path
            A folder for files with the cases.
        """
        files = {target: folder / f"{i}.cases" for i, target in enumerate(groups)}
        all_groups = {group for each in groups.values() for group in each}
        slow_first = sorted(all_groups, key=lambda g: (-_estimated_time(g), g.backend, g.device))

        def run_task(worker: Worker, group: Group | FindingGroup, target: str) -> Result:
            if new_processes:
                worker.restart()
            return self.run_task(worker, group, target, wanted[target], files[target])

        pool: Pool[Group | FindingGroup, str, Result] = Pool(
            [_FINDING, *slow_first], self.start_worker, run_task
        )
        pool.add(_FINDING, groups)
        lost: dict[str, tuple[LostCall, ...]] = {}
        with closing(pool.run(self.worker_count)) as results:
            for result in results:
                if isinstance(result, GroupResult):
                    yield replace(result, lost=lost[result.target])
                    continue
                lost[result.target] = result.lost
                if result.collected.cases:
                    for group in groups[result.target]:
                        pool.add(group, [result.target])
                yield result

    def _run(
        self,
        worker: Worker,
        job: Job,
        on_result: Callable[[Any], None] | None = None,
        *,
        phase: str,
        phase_of: Callable[[Any], str] | None = None,
        backend: str = "",
        target: str = "",
    ) -> Any:
        """Run a job and measure its time.

        Parameters
        ----------
        worker : Worker
            The worker that runs it.
        job : Job
            The job.
        on_result : callable, optional
            Called with each part of the result; see `WorkerProcess.run`, also for what is raised.
        phase : str
            The phase that the job begins with.
        phase_of : callable, optional
            Returns the phase of each part of its work that the job starts.
        backend, target : str
            What the time is spent on.
        """
        with self.clock.lap(profile.START, backend):
            worker.start()
        with self.clock.lap(phase, backend, target) as lap:

            def receive(value: Any) -> None:
                lap.add_compiling(getattr(value, "compile_seconds", 0.0))
                if on_result is not None:
                    on_result(value)

            def on_start(what: Any) -> None:
                if phase_of is not None:
                    lap.begin(phase_of(what))

            try:
                return worker.run(job, receive, on_start)
            except WorkerLost:
                lap.rename(profile.LOST)
                raise


def _setup_of(code: str, backend: Backend) -> str:
    """Return the set-up code for a backend, whose name and module it may contain."""
    return code.replace("{backend}", backend.name).replace("{module}", backend.module)


def worker_count(config: Config) -> int:
    """Return how many workers run at a time."""
    return config.jobs or _processors()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _module(name: str) -> str:
    """Return the name of the module or class of a target."""
    return name.rpartition(".")[0]


def _unknown(name: str, error: str) -> TargetInfo:
    """Return the description of a target that could not be imported."""
    return TargetInfo(
        name=name,
        kind="missing",
        package=name.partition(".")[0],
        error=error,
        error_type="TargetError",
        imported=False,
    )


def _reference() -> Backend:
    return next(backend for backend in backends().values() if backend.is_reference)


def _estimated_time(group: Group) -> int:
    """Return a rough measure of how long the runs in a group take; compiling is slow."""
    return len(group.modes) + (5 if "jit" in group.modes else 1)
