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
from sphinx_xpcaps.cases.model import Collected, TargetInfo
from sphinx_xpcaps.cases.resolve import describe_all, expand_all
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import profile
from sphinx_xpcaps.measure.model import (
    CaseRun,
    CaseRunKey,
    CollectedCases,
    Group,
    GroupResult,
    LostCall,
    TargetRuns,
)
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.pool import Pool
from sphinx_xpcaps.measure.workers.process import JobFailed, StartError, WorkerLost
from sphinx_xpcaps.measure.workers.worker import Worker
from sphinx_xpcaps.results.model import Outcome

_MAX_LOST_FINDING = 4
"""So many pieces of code that end a worker are skipped while the cases of a target are found."""
_MAX_LOST_CALLS = 2
"""So many of these may be calls of the target."""
_MAX_LOST_RUNNING = 8
"""So many workers may be lost while the cases of a target run in a group."""


_FIND_CASES = "find cases"
"""The group of tasks that find cases. They run under NumPy, before all others."""


Targets: TypeAlias = tuple[str, ...] | str
"""The targets that a name includes, or a message if there are none."""
Result: TypeAlias = CollectedCases | GroupResult
"""What one task of measuring returns."""


class Runner:
    """Runs the jobs of a batch in workers.

    Parameters
    ----------
    config : Config
        Environment variables, set-up code, time limit and number of workers.
    clock : Clock, optional
        Measures where the time goes.
    """

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.jobs = worker_count(config)

    def start_worker(self, group: Group | str = _FIND_CASES) -> Worker:
        """Return a worker for a group; by default one for NumPy only."""
        variables = dict(self.config.environment)
        used = _reference()
        if isinstance(group, Group):
            used = get_backend(group.backend)
            variables = {**used.environment, **variables}
        else:  # the library that a target needs may be the reference
            for backend in backends().values():
                variables = {**backend.environment, **variables}
        return Worker(
            variables,
            self.config.timeout,
            setup=_setup_of(self.config.setup, used),
            backends={used.name: used.module},
            memory_limit=self.config.memory_limit,
        )

    def expand(self, names: Sequence[str]) -> list[tuple[str, ...] | str]:
        """Return for each name the targets that it includes, or a message if there are none.

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
            worker.close()

    def _expand(self, worker: Worker, name: str) -> Targets:
        found: list[Targets] = []
        job = Job.calling(expand_all, progress=Targets, names=(name,))
        try:
            self._run(worker, job, found.append, phase=profile.EXPAND)
        except WorkerLost as error:
            if not error.fresh:
                return self._expand(worker, name)
            return f"{name}: importing it: {error}"
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
        finally:
            worker.close()
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

    def measure(
        self,
        groups: Mapping[str, Sequence[Group]],
        bodies: Mapping[str, tuple[str, ...]],
        folder: Path,
    ) -> Generator[Result, None, None]:
        """Find the cases of each target, run them in each of its groups, and yield the results.

        Parameters
        ----------
        groups : mapping
            The groups of each target.
        bodies : mapping
            Code from directives for each target.
        folder : Path
            A folder for files with the cases.
        """
        files = {target: folder / f"{i}.cases" for i, target in enumerate(groups)}
        all_groups = {group for each in groups.values() for group in each}
        slow_first = sorted(all_groups, key=lambda g: (-_estimated_time(g), g.backend, g.device))

        def run_task(worker: Worker, group: Group | str, target: str) -> Result:
            run = partial(self._run, worker, target=target)
            if isinstance(group, Group):
                return _run_cases(run, worker, target, group, files[target])
            return _find_cases(run, target, bodies[target], self.config.cases, files[target])

        pool: Pool[Group | str, str, Result] = Pool(
            [_FIND_CASES, *slow_first], self.start_worker, run_task
        )
        pool.add(_FIND_CASES, groups)
        lost: dict[str, tuple[LostCall, ...]] = {}
        with closing(pool.run(self.jobs)) as results:
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
            Called with each part of the result; see `Process.run`, also for what is raised.
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
    )


def _find_cases(
    run: Callable[..., Any],
    target: str,
    bodies: tuple[str, ...],
    sources: Sequence[str],
    file: Path,
) -> CollectedCases:
    """Find a target's cases; after a timeout or crash again, without the code that caused it."""
    from sphinx_xpcaps.cases.collect import collect  # late, as only the worker runs it

    skip: list[str] = []
    lost: list[LostCall] = []

    def result(collected: Collected) -> CollectedCases:
        return CollectedCases(target=target, collected=collected, lost=tuple(lost))

    repeated = False
    while len(skip) <= _MAX_LOST_FINDING and len(lost) <= _MAX_LOST_CALLS:
        job = Job.calling(
            collect,
            started=tuple[str, str],
            result=Collected,
            imports=target,
            name=target,
            bodies=bodies,
            sources=tuple(sources),
            skip=tuple(skip),
            file=file,
        )
        try:
            return result(run(job, phase=profile.FIND, phase_of=_phase_of_finding))
        except JobFailed as error:
            if not error.fresh and not repeated:
                repeated = True
                continue
            lost.clear()
            return result(Collected(target=target, error=str(error)))
        except WorkerLost as error:
            if not error.started and (error.fresh or repeated):
                lost.clear()
                return result(Collected(target=target, error=f"importing it: {error}"))
            if not repeated:  # again in a process that has run nothing but this target
                repeated = True
                continue
            kind, text = error.started
            skip.append(text)
            if kind == "call":
                lost.append(LostCall(text, error.outcome, str(error)))
    file.write_bytes(b"")
    message = f"its examples timed out or crashed: {lost[0].message if lost else skip[0]}"
    return result(Collected(target=target, error=message))


def _phase_of_finding(started: tuple[str, str]) -> str:
    return profile.REFERENCE if started[0] == "call" else profile.FIND


def _run_cases(
    run: Callable[..., Any], worker: Worker, target: str, group: Group, file: Path
) -> GroupResult:
    """Run a target's cases; after a timeout or crash again, without the runs done before."""
    from sphinx_xpcaps.measure.case_runs import run_target  # late, as only the worker runs it

    known: dict[CaseRunKey, CaseRun] = {}

    def on_result(case_run: CaseRun) -> None:
        known[case_run.key] = case_run

    def failed(error: str) -> GroupResult:
        return GroupResult(target=target, group=group, runs=None, error=error)

    losses = 0
    confirmed: set[CaseRunKey] = set()
    while True:
        job = Job.calling(
            run_target,
            started=CaseRunKey,
            progress=CaseRun,
            result=TargetRuns,
            imports=target,
            target=target,
            group=group,
            file=file,
            known=tuple(known.values()),
        )
        try:
            runs: TargetRuns = run(
                job,
                on_result,
                phase=profile.LOAD,
                phase_of=lambda key: key.mode,
                backend=group.backend,
            )
        except JobFailed as error:
            losses += 1
            if error.fresh or losses > _MAX_LOST_RUNNING:
                return failed(str(error))
            continue
        except WorkerLost as error:
            losses += 1
            if losses > _MAX_LOST_RUNNING or (error.started is None and error.fresh):
                return failed(f"the worker was lost: {error}")
            if error.started is not None:
                lost = _lost_run(error.started, error)
                known[error.started] = _confirm(run, worker, target, group, file, lost)
                confirmed.add(error.started)
            continue
        doubtful = [
            r for r in runs.runs if worker.changed and _failed(r) and r.key not in confirmed
        ]
        for each in doubtful[: max(_MAX_LOST_RUNNING - len(confirmed), 0)]:
            confirmed.add(each.key)
            known[each.key] = _confirm(run, worker, target, group, file, each)
        if all(known[each.key] == each for each in doubtful if each.key in confirmed):
            return GroupResult(target=target, group=group, runs=runs)


def _failed(run: CaseRun) -> bool:
    return not run.passed and run.applies and run.outcome is not Outcome.NOT_RUN


def _confirm(
    run: Callable[..., Any],
    worker: Worker,
    target: str,
    group: Group,
    file: Path,
    first: CaseRun,
) -> CaseRun:
    """Return a failed run, repeated alone in a new process.

    What the repetition gives counts. If it does not agree with the first time, it is repeated once
    more, and is flaky if both repetitions disagree.
    """
    alone = _run_alone(run, worker, target, group, file, first.key)
    if alone.outcome == first.outcome:
        return alone
    again = _run_alone(run, worker, target, group, file, first.key)
    if again.outcome == alone.outcome:
        return alone
    message = f"{alone.message or alone.outcome}, then {again.message or again.outcome}"
    return CaseRun(key=first.key, outcome=Outcome.FLAKY, message=message)


def _run_alone(
    run: Callable[..., Any],
    worker: Worker,
    target: str,
    group: Group,
    file: Path,
    key: CaseRunKey,
) -> CaseRun:
    """Return one run in a process that has run and will run nothing else."""
    from sphinx_xpcaps.measure.case_runs import run_key  # late, as only the worker runs it

    worker.restart()
    job = Job.calling(
        run_key,
        started=CaseRunKey,
        result=CaseRun | None,
        imports=target,
        group=group,
        file=file,
        key=key,
    )
    try:
        found: CaseRun | None = run(
            job, phase=profile.LOAD, phase_of=lambda key: key.mode, backend=group.backend
        )
    except WorkerLost as error:
        return _lost_run(key, error)
    finally:
        worker.restart()
    return found or CaseRun(key=key, outcome=Outcome.NOT_RUN, message="it was not run again")


def _lost_run(key: CaseRunKey, error: WorkerLost) -> CaseRun:
    return CaseRun(key=key, outcome=error.outcome, message=str(error), note=error.note)


def _reference() -> Backend:
    return next(backend for backend in backends().values() if backend.is_reference)


def _estimated_time(group: Group) -> int:
    """Return a rough measure of how long the runs in a group take; compiling is slow."""
    return len(group.modes) + (5 if "jit" in group.modes else 1)
