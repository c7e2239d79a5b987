"""What workers are hired for: describing targets, making cases, trying them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from core.backends import get_backend
from sphinx_xpcaps.cases.model import Collected, TargetInfo
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import profile
from sphinx_xpcaps.measure.judging.cells import LostCall
from sphinx_xpcaps.measure.model import CaseRun, CaseRunKey, Group, Job, TargetRuns
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.workers.pool import Pool, Worker
from sphinx_xpcaps.measure.workers.process import JobFailed, WorkerLost

_CASES = "cases"
"""The group of work that makes cases, which comes first."""

_MOST_LOSSES = 4
"""A target that loses so many workers is given up, and its cases after half as many."""


class Report(Protocol):
    """Hears of what a crew has done, from any of its threads."""

    def collected(self, name: str, result: Collected, stuck: tuple[LostCall, ...]) -> None:
        """Take the word that a target's cases were looked for."""

    def tried(self, name: str, group: Group, result: TargetRuns | str) -> None:
        """Take a target's trials in a group, or the words of why there are none."""


class Runner:
    """Hires workers for a batch.

    Parameters
    ----------
    config : Config
        Variables, set-up line, time limit and number of workers.
    clock : Clock, optional
        Takes the time of everything.
    """

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.jobs = workers(config)

    def hire(self, group: Group | str = "") -> Worker:
        """Return a worker for a group, or one for NumPy alone."""
        variables = dict(self.config.environment)
        modules: tuple[str, ...] = ()
        if isinstance(group, Group):
            backend = get_backend(group.backend)
            variables = {**backend.environment, **variables}
            modules = (backend.module,)
        setup = Job(
            function="sphinx_xpcaps.measure.workers.child.run_setup",
            arguments={"code": self.config.setup, "modules": modules},
        )
        return Worker(variables, setup, self.config.timeout)

    start_worker = hire

    def expand(self, names: Sequence[str]) -> list[tuple[str, ...] | str]:
        """Return for each name the targets that it stands for, or a line saying why none.

        Raises
        ------
        JobFailed, WorkerLost
            The set-up line raises, or importing a package ends the interpreter.
        """
        found: list[tuple[str, ...] | str] = []
        worker = self.hire()
        try:
            arguments = {"names": tuple(names)}
            job = Job(function="sphinx_xpcaps.cases.resolve.expand_all", arguments=arguments)
            self.run(worker, job, found.append, phase=profile.EXPAND)
        finally:
            worker.close()
        return found

    def describe(self, names: Sequence[str]) -> dict[str, TargetInfo]:
        """Say what each name stands for; importing happens in a child."""
        found: dict[str, TargetInfo] = {}
        left = list(names)
        worker = self.hire()

        def give(info: TargetInfo) -> None:
            found[info.name] = info
            left.remove(info.name)

        try:
            while left:
                try:
                    job = Job(
                        function="sphinx_xpcaps.cases.resolve.describe_all",
                        arguments={"names": tuple(left)},
                    )
                    self.run(worker, job, give, phase=profile.DESCRIBE)
                except (WorkerLost, JobFailed) as error:
                    setup_failed = isinstance(error, JobFailed)
                    for name in list(left) if setup_failed else left[:1]:
                        words = f"the set-up failed: {error}" if setup_failed else str(error)
                        give(missing(name, words))
        finally:
            worker.close()
        return {name: found[name] for name in names}

    def measure(
        self,
        targets: Mapping[str, Sequence[Group]],
        bodies: Mapping[str, tuple[str, ...]],
        folder: Path,
        report: Report,
    ) -> None:
        """Make the cases of each target, and try them in each of its groups.

        Parameters
        ----------
        targets : mapping
            The groups of each target.
        bodies : mapping
            Code from directives for each target.
        folder : Path
            Where cases are kept meanwhile.
        report : Report
            Hears of everything that is done.
        """
        files = {name: folder / f"{i}.cases" for i, name in enumerate(targets)}
        groups = {group for each in targets.values() for group in each}
        heavy_first = sorted(groups, key=lambda g: (-_weight(g), g.backend, g.device))

        def work(worker: Worker, group: Group | str, name: str) -> None:
            run = partial(self.run, worker, target=name)
            if isinstance(group, Group):
                tried = _try(run, name, group, files[name])
                with self.clock.lap(profile.OWN, target=name):
                    report.tried(name, group, tried)
                return
            arguments = {
                "name": name,
                "bodies": bodies[name],
                "sources": tuple(self.config.cases),
                "file": files[name],
            }
            found, stuck = _collect(run, arguments)
            with self.clock.lap(profile.OWN, target=name):
                report.collected(name, found, stuck)
            if found.cases:
                for each in targets[name]:
                    pool.add(each, [name])

        pool: Pool[Group | str, str] = Pool([_CASES, *heavy_first], self.hire, work)
        pool.add(_CASES, targets)
        pool.run(self.jobs)

    def run(
        self,
        worker: Worker,
        job: Job,
        give: Callable[[Any], None] | None = None,
        *,
        phase: str,
        turn: Callable[[Any], str] | None = None,
        backend: str = "",
        target: str = "",
    ) -> Any:
        """Run a job and take its time.

        Parameters
        ----------
        worker : Worker
            Who runs it.
        job : Job
            What to run.
        give : callable, optional
            Called with each part of the result; see `Process.run`, also for what is raised.
        phase : str
            What the job does at first.
        turn : callable, optional
            Says which phase follows from what the job begins.
        backend, target : str
            What it is for.
        """
        with self.clock.lap(profile.START, backend):
            worker.start()
        with self.clock.lap(phase, backend, target) as lap:

            def take(value: Any) -> None:
                lap.compiled(getattr(value, "compile_seconds", 0.0))
                if give is not None:
                    give(value)

            try:
                return worker.run(job, take, lambda what: lap.turn(turn(what)) if turn else None)
            except WorkerLost:
                lap.rename(profile.LOST)
                raise


def missing(name: str, words: str) -> TargetInfo:
    """Return the description of a target that could not be looked at."""
    return TargetInfo(
        name=name,
        kind="missing",
        package=name.partition(".")[0],
        error=words,
        error_type="TargetError",
    )


def workers(config: Config) -> int:
    """Return how many workers stand side by side."""
    return config.jobs or processors()


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _collect(
    run: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[Collected, tuple[LostCall, ...]]:
    """Make a target's cases; a piece of code that never comes back is left out next time."""
    name, file = arguments["name"], arguments["file"]
    skip: list[str] = []
    stuck: list[LostCall] = []
    while len(skip) <= _MOST_LOSSES and len(stuck) <= _MOST_LOSSES // 2:
        try:
            job = Job(
                function="sphinx_xpcaps.cases.collect.collect",
                arguments={**arguments, "skip": tuple(skip)},
            )
            return run(job, phase=profile.FIND, turn=_phase_of_finding), tuple(stuck)
        except JobFailed as error:
            return Collected(target=name, error=str(error)), ()
        except WorkerLost as lost:
            kind, text = lost.at or ("", "")
            if not kind:
                return Collected(target=name, error=f"importing it: {lost}"), ()
            skip.append(text)
            if kind == "call":
                stuck.append(LostCall(text, lost.outcome, str(lost)))
    file.write_bytes(b"")
    words = f"its examples never come back: {stuck[0].message if stuck else skip[0]}"
    return Collected(target=name, error=words), tuple(stuck)


def _phase_of_finding(at: tuple[str, str]) -> str:
    return profile.REFERENCE if at[0] == "call" else profile.FIND


def _phase_of_trying(at: CaseRunKey) -> str:
    return at.mode


def _try(run: Callable[..., Any], name: str, group: Group, file: Path) -> TargetRuns | str:
    """Try a target's cases; return the words of what went wrong if nothing can be said."""
    known: dict[CaseRunKey, CaseRun] = {}

    def give(trial: CaseRun) -> None:
        known[trial.key] = trial

    losses = 0
    while True:
        arguments = {"target": name, "group": group, "file": file, "known": dict(known)}
        try:
            tried: TargetRuns = run(
                Job(function="sphinx_xpcaps.measure.case_runs.run_target", arguments=arguments),
                give,
                phase=profile.LOAD,
                turn=_phase_of_trying,
                backend=group.backend,
            )
            return tried
        except JobFailed as error:
            return str(error)
        except WorkerLost as lost:
            losses += 1
            if lost.at is None or losses > 2 * _MOST_LOSSES:
                return f"the worker was lost: {lost}"
            known[lost.at] = CaseRun(key=lost.at, outcome=lost.outcome, message=str(lost))


def _weight(group: Group) -> int:
    return 1 + 4 * ("jit" in group.modes) + len(group.modes)
