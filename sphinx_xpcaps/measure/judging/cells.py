"""Cells that are not derived from runs, and what is added to cells afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.backends import get_backend
from core.notes import Note, QualifiedNote
from sphinx_xpcaps.cases.model import Origin
from sphinx_xpcaps.measure.judging.notes import OUTCOME_NOTES
from sphinx_xpcaps.measure.model import CollectedCases, Group, LostCall
from sphinx_xpcaps.results.model import Cell, Expected, Outcome, Reason, Status


def not_applicable(backend: str, column: str) -> Cell:
    """Return the cell of a device that the library never has."""
    return Cell(backend=backend, device=column, status=Status.NOT_APPLICABLE)


def not_run(backend: str, device: str, reason: str) -> Cell:
    """Return the cell of a device that cannot be used, or on which running failed."""
    return _not_measured(backend, device, Outcome.NOT_RUN, reason)


def no_case(
    backend: str,
    device: str,
    message: str,
    *,
    exception: str | None = None,
    line: int | None = None,
    origin: str | None = None,
    key: str | None = None,
) -> Cell:
    """Return the cell of a target for which no case could be made."""
    cell = _not_measured(backend, device, Outcome.NO_CASE, message)
    reason = replace(cell.reasons[0], exception=exception, line=line)
    return replace(cell, reasons=(reason,), origin=origin, key=key)


def without_cases(result: CollectedCases, group: Group, *, key: str) -> Cell:
    """Return the cell of a target for which no case was found.

    If its calls timed out or crashed under NumPy, NumPy's cell has the reason. Nothing is known
    about the other backends then, as there is nothing to compare with.
    """
    collected = result.collected
    if not result.lost:
        return no_case(
            group.backend,
            group.device,
            collected.error,
            exception=collected.error_type,
            line=collected.error_line,
            origin=Origin.DIRECTIVE.value if collected.origin is Origin.DIRECTIVE else None,
            key=key,
        )
    first = result.lost[0]
    if not get_backend(group.backend).is_reference:
        message = f"{first.outcome} with NumPy: {first.text}"
        return no_case(group.backend, group.device, message, origin=Origin.DOCSTRING.value, key=key)
    return Cell(
        backend=group.backend,
        device=group.device,
        status=Status.UNSUPPORTED,
        notes=(str(OUTCOME_NOTES[first.outcome]),),
        modes={"eager": Status.UNSUPPORTED},
        origin=Origin.DOCSTRING.value,
        total=len(result.lost),
        reasons=tuple(map(_reason, result.lost)),
        key=key,
    )


def with_lost_calls(cell: Cell, lost: Sequence[LostCall]) -> Cell:
    """Return NumPy's cell with the calls that timed out or crashed counted as failed cases."""
    if not lost:
        return cell
    total = cell.total + len(lost)
    return replace(
        cell,
        status=Status.PARTIAL if cell.status is Status.SUPPORTED else cell.status,
        total=total,
        notes=(
            *cell.notes,
            str(QualifiedNote(note=Note.CASES, count=cell.passed, total=total)),
        ),
        reasons=(*cell.reasons, *map(_reason, lost)),
    )


def with_expectation(cell: Cell, on_cpu: Cell | None) -> Cell:
    """Return an unmeasured GPU cell with the status that the CPU's measurement suggests.

    A call that converts its arguments to NumPy arrays raises if they are not in host memory.
    """
    if on_cpu is None or on_cpu.host_transfer is None:
        return cell
    if on_cpu.status not in (Status.SUPPORTED, Status.PARTIAL):
        return cell
    if on_cpu.host_transfer:
        expected = Expected(status=Status.UNSUPPORTED, reason=str(Note.CONVERTS_TO_NUMPY))
    else:
        expected = Expected(status=Status.SUPPORTED)
    return replace(cell, expected=expected)


def _not_measured(backend: str, device: str, outcome: Outcome, message: str) -> Cell:
    return Cell(
        backend=backend,
        device=device,
        status=Status.NOT_MEASURED,
        notes=(message,),
        reasons=(Reason(mode="eager", outcome=outcome, message=message),),
    )


def _reason(lost: LostCall) -> Reason:
    return Reason(
        mode="eager",
        outcome=lost.outcome,
        message=f"under NumPy: {lost.message}",
        call=lost.text,
    )
