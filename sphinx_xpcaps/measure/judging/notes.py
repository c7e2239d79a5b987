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
    detail = _distinctive_argument(passing, failing)
    return QualifiedNote(note=Note.CASES, count=count, total=total, detail=detail)


def _distinctive_argument(passing: Sequence[CaseResult], failing: Sequence[CaseResult]) -> str:
    """Return which argument all failing cases have and no passing one; "" if none.

    If there are several, it is the one that was found to be the cause.
    """
    causes = {case.summary.cause for case in failing}
    if len(causes) == 1 and (cause := causes.pop()):
        return cause
    in_all = set.intersection(*(set(case.summary.arguments) for case in failing))
    in_none = in_all.difference(*(case.summary.arguments for case in passing))
    names = sorted(name for name in in_none if "=" not in name and " " not in name)
    if names:
        return f"works without {names[0]}="
    values = sorted(in_none, key=lambda value: ("=" not in value, value))
    return f"fails with {values[0]}" if values else ""


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
