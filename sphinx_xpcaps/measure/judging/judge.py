"""Judge a target on a device: from the runs of its cases to a cell."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.backends import Backend, get_backend
from core.notes import CapabilityNote, Note, QualifiedNote
from sphinx_xpcaps.cases.model import Origin, VariantName
from sphinx_xpcaps.measure.judging.case_result import CaseResult, case_results
from sphinx_xpcaps.measure.judging.cells import not_run, with_lost_calls
from sphinx_xpcaps.measure.judging.notes import (
    cases_note,
    cause,
    failure_note,
    missing_functions_note,
    mode_note,
)
from sphinx_xpcaps.measure.model import GroupResult, TargetRuns
from sphinx_xpcaps.results.labels import TRACE
from sphinx_xpcaps.results.model import Cell, Graph, Outcome, Reason, Status

_logger = logging.getLogger(__name__)

_VARIANT_NOTES = {VariantName.FLOAT64: Note.FLOATING_ONLY, VariantName.REAL: Note.REAL_ONLY}
"""The note on cases that pass in a variant and not as written."""

_VARIANT_CAUSES = {
    VariantName.FLOAT64: "integer input",
    VariantName.REAL: "complex input",
    VariantName.FLOAT32: "float32 input",
}
"""What makes cases fail that pass in a variant; for float32, that fail in it."""

_CONTRADICTIONS = (Outcome.RAISED, Outcome.WRONG_VALUES, Outcome.FOREIGN_OUTPUT)
"""Outcomes of NumPy's own cases that mean that the case is wrong."""
_NOT_REPEATED = "NumPy gives other results when its calls are repeated"

Notes = tuple[CapabilityNote | str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A status with its notes and reasons."""

    status: Status
    notes: Notes = ()
    reasons: tuple[Reason, ...] = ()


def judge(result: GroupResult, *, key: str) -> Cell:
    """Return the cell of a target on a device.

    Parameters
    ----------
    result : GroupResult
        The runs of the target's cases.
    key : str
        The key of the cell.
    """
    group = result.group
    if result.runs is None:
        return not_run(group.backend, group.device, result.error)
    backend = get_backend(group.backend)
    cell = _judge_runs(result.runs, backend, key)
    return with_lost_calls(cell, result.lost) if backend.is_reference else cell


def _judge_runs(runs: TargetRuns, backend: Backend, key: str) -> Cell:
    cases, wrong = _checked(case_results(runs), backend)
    for case in wrong:
        _logger.warning(
            "%s: NumPy gives another result when the call %s is repeated (%s); this is a bug in "
            "sphinx-xpcaps, please report it",
            runs.target,
            case.summary.text,
            case.failure.message or case.failure.outcome,
        )
    if not cases:
        return not_run(runs.group.backend, runs.group.device, _NOT_REPEATED)
    working = [case for case in cases if case.passed is not None]
    judgements = {"eager": _judge_eager(cases, backend)}
    for mode in runs.group.modes:
        if mode != "eager":
            judgements[mode] = _judge_mode(mode, working, backend)
    return Cell(
        backend=runs.group.backend,
        device=runs.group.device,
        status=_overall(judgements),
        notes=tuple(
            str(note)
            for mode, each in judgements.items()
            if not (mode == TRACE and runs.group.only_draws)
            for note in each.notes
        ),
        modes={mode: each.status for mode, each in judgements.items()},
        origin=cases[0].summary.origin if cases else None,
        passed=sum(case.passed_as_written is not None for case in cases),
        total=len(cases),
        reasons=(
            *(reason for each in judgements.values() for reason in each.reasons),
            *(_problems(cases) if backend.is_reference else ()),
        ),
        cases=tuple(case.recorded() for case in cases),
        host_transfer=any(_transfers(case, backend) for case in working),
        computes=sum(case.passed.computes for case in working if case.passed),
        graph=_graph(cases),
        key=key,
    )


def _checked(
    cases: Sequence[CaseResult], backend: Backend
) -> tuple[list[CaseResult], list[CaseResult]]:
    """Return the cases that NumPy may be judged by, and those that are wrong.

    A case repeats a call that NumPy made; if it fails with NumPy, it says nothing about the target.
    """
    wrong = [
        case
        for case in cases
        if backend.is_reference
        and case.summary.reference == backend.name
        and case.passed is None
        and case.failure.outcome in _CONTRADICTIONS
    ]
    right = [case for case in cases if case not in wrong]
    return [replace(case, number=i) for i, case in enumerate(right)], wrong


def _problems(cases: Sequence[CaseResult]) -> Iterable[Reason]:
    """Yield why code that should give cases gives none, although there are other cases."""
    for problem in dict.fromkeys(case.summary.problem for case in cases):
        if problem is not None:
            yield Reason(
                mode="eager",
                outcome=Outcome.NO_CASE,
                exception=problem.exception,
                message=problem.message,
                line=problem.line,
            )


def _overall(judgements: Mapping[str, Judgement]) -> Status:
    eager = judgements["eager"].status
    if eager is not Status.SUPPORTED:
        return eager
    bad = (Status.UNSUPPORTED, Status.PARTIAL)
    limited = any(j.status in bad for mode, j in judgements.items() if mode != TRACE)
    return Status.PARTIAL if limited else eager


def _judge_eager(cases: Sequence[CaseResult], backend: Backend) -> Judgement:
    failing = [case for case in cases if case.passed is None]
    passing = [case for case in cases if case.passed is not None]
    if not passing and all(case.failure.outcome is Outcome.NOT_RUN for case in failing):
        first = failing[0]
        reason = first.reason(first.failure)
        return Judgement(Status.NOT_MEASURED, (first.failure.message,), (reason,))
    failures = Judgement(
        Status.SUPPORTED,
        reasons=tuple(case.reason(case.failure, cause(passing, case)) for case in failing),
    )
    missing = missing_functions_note(failing, backend)
    if not passing:
        note = missing or _needed_library(cases, backend) or failure_note(cases[0].failure)
        return replace(failures, status=Status.UNSUPPORTED, notes=(note,))
    if failing:
        notes: Notes = (cases_note(passing, failing), *([missing] if missing else []))
        failures = replace(failures, status=Status.PARTIAL, notes=notes)
    return _combined(failures, *_judge_dtypes(cases), _judge_evidence(cases))


def _needed_library(cases: Sequence[CaseResult], backend: Backend) -> str | None:
    """Return the note that a target needs another library, if it raises for NumPy's arrays."""
    reference = cases[0].summary.reference
    raised = all(case.failure.outcome is Outcome.RAISED for case in cases)
    if not backend.is_reference or reference == backend.name or not raised:
        return None
    return f"needs {get_backend(reference).title}"


def _judge_dtypes(cases: Sequence[CaseResult]) -> Iterable[Judgement]:
    """Yield a partial judgement for each limit on dtypes."""
    for variant, note in _VARIANT_NOTES.items():
        only = [case for case in cases if case.passed and case.passed.key.variant == variant]
        if only:
            input_of = _VARIANT_CAUSES[variant]
            reasons = tuple(
                case.reason(case.eager(VariantName.AS_WRITTEN)[0], input_of) for case in only
            )
            in_some = QualifiedNote(note=note, count=len(only), total=len(cases))
            yield Judgement(
                Status.PARTIAL, (note if len(only) == len(cases) else in_some,), reasons
            )
    single = [(case, run) for case in cases for run in case.eager(VariantName.FLOAT32)]
    failed = [
        (case, run) for case, run in single if not run.passed and run.outcome is not Outcome.NOT_RUN
    ]
    if failed:
        count = len(single) - len(failed)
        some = QualifiedNote(note=Note.FLOAT32, count=count, total=len(single))
        input_of = _VARIANT_CAUSES[VariantName.FLOAT32]
        reasons = tuple(case.reason(run, input_of) for case, run in failed)
        yield Judgement(Status.PARTIAL, (some if count else Note.FLOAT64_ONLY,), reasons)
    changes = {run.dtype_change for _, run in single if run.passed and run.dtype_change}
    if changes:
        yield Judgement(Status.PARTIAL, tuple(sorted(changes, key=str)))


def _judge_evidence(cases: Sequence[CaseResult]) -> Judgement:
    """Return notes on how far the cases can be relied on, which do not change the status."""
    notes: list[Note | QualifiedNote] = []
    if any(not case.summary.reproducible for case in cases):
        notes.append(Note.RANDOM)
    if any(case.summary.made_up_data for case in cases):
        notes.append(Note.MADE_UP_DATA)
    problem = cases[0].summary.problem
    if problem is not None and cases[0].summary.origin == Origin.SIGNATURE:
        notes.append(QualifiedNote(note=Note.MADE_UP_CALLS, detail=problem.message))
    return Judgement(Status.SUPPORTED, tuple(notes))


def _combined(*judgements: Judgement) -> Judgement:
    partial = any(each.status is Status.PARTIAL for each in judgements)
    return Judgement(
        Status.PARTIAL if partial else Status.SUPPORTED,
        tuple(note for each in judgements for note in each.notes),
        tuple(reason for each in judgements for reason in each.reasons),
    )


def _judge_mode(mode: str, working: Sequence[CaseResult], backend: Backend) -> Judgement:
    """Judge a mode other than eager by the cases that work eagerly and that it applies to."""
    applicable = [case for case in working if case.applies_to(mode)]
    if not applicable:
        was_run = any(case.is_in_mode(mode) for case in working)
        return Judgement(Status.NOT_APPLICABLE if was_run else Status.NOT_MEASURED)
    failing = [(case, run) for case in applicable if (run := case.failure_in(mode)) is not None]
    if not failing:
        return Judgement(Status.SUPPORTED)
    passing = [case for case in applicable if case.failure_in(mode) is None]
    return Judgement(
        Status.UNSUPPORTED if len(failing) == len(applicable) else Status.PARTIAL,
        (mode_note(mode, [run for _, run in failing], len(applicable), backend),),
        tuple(case.reason(run, cause(passing, case)) for case, run in failing),
    )


def _graph(cases: Sequence[CaseResult]) -> Graph | None:
    """Return the first graph that can be drawn, with the functions that all cases call."""
    graphs = [run.graph for case in cases for run in case.runs if run.graph is not None]
    if not graphs:
        return None
    functions = {name for graph in graphs for name in graph.functions}
    first = next((graph for graph in graphs if graph.nodes), graphs[0])
    return replace(first, functions=tuple(sorted(functions)))


def _transfers(case: CaseResult, backend: Backend) -> bool:
    """Return whether the call transfers an argument to host memory."""
    errors = backend.host_transfer_errors
    counted = case.passed is not None and case.passed.host_transfers > 0
    return counted or any(run.exception in errors for run in case.runs)
