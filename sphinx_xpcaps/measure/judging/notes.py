"""Notes on what the runs of a target's cases show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core.backends import Backend
from core.notes import MODE_NOTES, CapabilityNote, MissingFunctions, Note, QualifiedNote
from sphinx_xpcaps.measure.judging.case_result import CaseResult
from sphinx_xpcaps.measure.model import CaseRun
from sphinx_xpcaps.results.labels import TRACE
from sphinx_xpcaps.results.model import Outcome

OUTCOME_NOTES: Mapping[Outcome, Note] = MappingProxyType(
    {
        Outcome.FOREIGN_OUTPUT: Note.RETURNS_NUMPY,
        Outcome.WRONG_VALUES: Note.WRONG_VALUES,
        Outcome.TIMEOUT: Note.TIMEOUT,
        Outcome.CRASH: Note.CRASH,
        Outcome.FLAKY: Note.FLAKY,
        Outcome.NOT_RUN: Note.NOT_RUN,
    }
)
"""The note on a run by its outcome; for a run that raised, the exception's name is shown."""

_WRONG_RESULT_NOTES: Mapping[str, Note] = MappingProxyType(
    {"grad": Note.WRONG_GRADIENT, "vmap": Note.WRONG_UNDER_VMAP}
)
"""By mode, the note on a function that returns something in it, but not what it should."""


def failure_note(run: CaseRun) -> Note | str:
    """Return the note on a failed run: its exception's name if it raised."""
    returned = f"returns {run.returned} arrays" if run.returned else None
    return (
        run.note or returned or run.exception or OUTCOME_NOTES.get(run.outcome) or str(run.outcome)
    )


def missing_functions_note(
    failing: Sequence[CaseResult], backend: Backend
) -> MissingFunctions | None:
    """Return the note on functions that the library lacks and that cases fail without."""
    names = sorted({name for case in failing for name in case.missing_functions})
    return MissingFunctions(tuple(names), backend.title) if names else None


def cases_note(passing: Sequence[CaseResult], failing: Sequence[CaseResult]) -> QualifiedNote:
    """Return the note on how many cases pass, and which argument the failing ones share."""
    count, total = len(passing), len(passing) + len(failing)
    causes = {case.summary.cause for case in failing}
    cause = causes.pop() if len(causes) == 1 else ""
    detail = _detail(cause) if cause else _shared_detail(passing, failing)
    return QualifiedNote(note=Note.CASES, count=count, total=total, detail=detail)


def cause(passing: Sequence[CaseResult], failing: CaseResult) -> str:
    """Return the argument that makes a case fail; "" if it is not known."""
    if failing.summary.cause or not passing:
        return failing.summary.cause
    from sphinx_xpcaps.measure.causes import differing_arguments  # it imports what finds cases

    others = (case.summary.arguments for case in passing)
    differing = differing_arguments(failing.summary.arguments, others)
    return next(iter(differing.values())) if len(differing) == 1 else ""


def _shared_detail(passing: Sequence[CaseResult], failing: Sequence[CaseResult]) -> str:
    """Return which argument all failing cases have and no passing one; "" if not a single one."""
    from sphinx_xpcaps.measure.causes import differing_arguments  # it imports what finds cases

    in_all = set.intersection(*(set(case.summary.arguments) for case in failing))
    others = [case.summary.arguments for case in passing]
    differing = differing_arguments(in_all, others)
    if len(differing) != 1:
        return ""
    [(name, found)] = differing.items()
    is_new = name in in_all.difference(*others)
    return _detail(f"{name}=" if is_new else found)


def _detail(cause: str) -> str:
    if cause.startswith("without "):
        return f"fails {cause}"
    return f"works without {cause}" if cause.endswith("=") else f"fails with {cause}"


def mode_note(
    mode: str, failures: Sequence[CaseRun], total: int, backend: Backend
) -> CapabilityNote | str:
    """Return the note on a mode.

    Parameters
    ----------
    mode : str
        A mode other than eager.
    failures : sequence of CaseRun
        A failed run for each case that fails in the mode.
    total : int
        The number of cases that the mode applies to.
    backend : Backend
        The backend.
    """
    note: Note | str = backend.limits.get(mode) or MODE_NOTES.get(mode) or f"no {mode}"
    detail = ""
    if any(run.outcome is Outcome.WRONG_VALUES for run in failures):
        note = _WRONG_RESULT_NOTES.get(mode, note)
    refused = next((run for run in failures if run.exception in backend.tracing_errors), None)
    if mode == TRACE and refused is not None:
        note, detail = Note.DATA_DEPENDENT, refused.message.partition(": ")[0]
    in_all = len(failures) == total
    if not isinstance(note, Note):  # a mode of another package's adapter
        return note if in_all else f"{note} in {len(failures)} of {total} cases"
    if in_all:
        return QualifiedNote(note=note, detail=detail) if detail else note
    return QualifiedNote(note=note, count=len(failures), total=total, detail=detail)
