"""The tasks of a target in a worker: find its cases, run them, repeat what ends the worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sphinx_xpcaps.cases.model import CodeKind, CodePiece, Collected, WantedCases
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
from sphinx_xpcaps.measure.workers.errors import JobFailed, WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.worker import Worker
from sphinx_xpcaps.results.model import Outcome

_MAX_LOST_FINDING = 4
"""Maximum number of pieces of code to skip, as they end a worker, while cases are found."""
_MAX_LOST_CALLS = 2
"""Maximum number of calls of the target among them."""
_MAX_LOST_RUNNING = 8
"""Maximum number of workers that are lost while the cases of a target run in a group."""
_BUSY_LIMIT = 0.2
"""Share of the time limit for repeating a run that computed, and did not wait, until its limit.

If a process that another function has changed waits until the limit, the cause may be the change.
If it computes until the limit, the function itself takes too long, so that a short limit is enough.
"""


def find_cases(
    run: Callable[..., Any],
    target: str,
    wanted: WantedCases,
    sources: Sequence[str],
    file: Path,
) -> CollectedCases:
    """Find a target's cases; after a timeout or crash again, without the code that caused it."""
    from sphinx_xpcaps.cases.collect import collect  # imports what only workers need

    skip: list[str] = []
    lost: list[LostCall] = []

    def result(collected: Collected) -> CollectedCases:
        return CollectedCases(target=target, collected=collected, lost=tuple(lost))

    repeated = False
    while len(skip) <= _MAX_LOST_FINDING and len(lost) <= _MAX_LOST_CALLS:
        job = Job.calling(
            collect,
            started=CodePiece,
            result=Collected,
            imports=target,
            name=target,
            wanted=wanted,
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
            if not repeated and not error.fresh:  # again in a process that ran no other target
                repeated = True
                continue
            piece: CodePiece = error.started
            skip.append(piece.text)
            if piece.kind is CodeKind.CALL:
                lost.append(LostCall(piece.text, error.outcome, str(error)))
    file.write_bytes(b"")
    message = f"its examples timed out or crashed: {lost[0].message if lost else skip[0]}"
    return result(Collected(target=target, error=message))


def _phase_of_finding(piece: CodePiece) -> str:
    return profile.REFERENCE if piece.kind is CodeKind.CALL else profile.FIND


def run_cases(
    run: Callable[..., Any], worker: Worker, target: str, group: Group, file: Path
) -> GroupResult:
    """Run a target's cases; after a timeout or crash again, without the runs done before."""
    from sphinx_xpcaps.measure.case_runs import run_target  # imports what only workers need

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
                if _must_confirm(lost, error, [known[key] for key in confirmed]):
                    limit = error.limit * _BUSY_LIMIT if error.was_busy else None
                    lost = _confirm(run, worker, target, group, file, lost, limit)
                    confirmed.add(error.started)
                known[error.started] = lost
            continue
        failed_after_change = [
            r for r in runs.runs if worker.changed and _failed(r) and r.key not in confirmed
        ]
        for each in failed_after_change[: max(_MAX_LOST_RUNNING - len(confirmed), 0)]:
            confirmed.add(each.key)
            known[each.key] = _confirm(run, worker, target, group, file, each)
        if all(known[each.key] == each for each in failed_after_change if each.key in confirmed):
            return GroupResult(target=target, group=group, runs=runs)


def _must_confirm(lost: CaseRun, error: WorkerLost, confirmed: Sequence[CaseRun]) -> bool:
    """Return whether a run that ended its worker is repeated before it counts.

    Experiments are no evidence. A run that computed until its time limit is not repeated if
    another run of the target did the same.
    """
    if lost.key.is_experiment:
        return False
    return not (error.was_busy and any(_is_like(other, lost) for other in confirmed))


def _is_like(run: CaseRun, other: CaseRun) -> bool:
    """Return whether two runs of a target in the same mode timed out."""
    modes = {(each.key.variant, each.key.mode) for each in (run, other)}
    return len(modes) == 1 and run.outcome is other.outcome is Outcome.TIMEOUT


def _failed(run: CaseRun) -> bool:
    return not run.passed and run.applies and run.outcome is not Outcome.NOT_RUN


def _confirm(
    run: Callable[..., Any],
    worker: Worker,
    target: str,
    group: Group,
    file: Path,
    first: CaseRun,
    limit: float | None = None,
) -> CaseRun:
    """Return a failed run, repeated alone in a new process.

    The outcome of the repetition is used. If it does not agree with the first time, the run is
    repeated once more, and is flaky if both repetitions disagree.

    Parameters
    ----------
    limit : float, optional
        Seconds that the repetition may take, if it is certain that the first time took too long.
    """
    alone = _run_alone(run, worker, target, group, file, first.key, limit)
    if alone.outcome == first.outcome:
        return alone if limit is None else first
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
    limit: float | None = None,
) -> CaseRun:
    """Return one run in a process that has run and will run nothing else."""
    from sphinx_xpcaps.measure.case_runs import run_key  # imports what only workers need

    worker.restart()
    job = Job.calling(
        run_key,
        started=CaseRunKey,
        result=CaseRun | None,
        imports=target,
        group=group,
        file=file,
        key=key,
        limit=limit,
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
