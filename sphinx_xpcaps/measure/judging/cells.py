"""Cells that need no trial: not applicable, not measured and why, and what to expect there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sphinx_xpcaps.results.model import Cell, Expected, Outcome, Reason, Status


@dataclass(frozen=True, slots=True)
class LostCall:
    """A call that never came back under NumPy, or ended the interpreter."""

    text: str
    outcome: Outcome
    message: str


def not_applicable(backend: str, column: str) -> Cell:
    """Return the cell of a device that the library does not have by nature."""
    return Cell(backend=backend, device=column, status=Status.NOT_APPLICABLE)


def not_run(backend: str, device: str, reason: str, *, key: str | None = None) -> Cell:
    """Return the cell of a backend that cannot be used here."""
    return _unmeasured(backend, device, Outcome.NOT_RUN, reason, note=reason, key=key)


def no_case(
    backend: str,
    device: str,
    message: str,
    *,
    exception: str | None = None,
    origin: str | None = None,
    key: str | None = None,
) -> Cell:
    """Return the cell of a target of which no call could be made."""
    cell = _unmeasured(backend, device, Outcome.NO_CASE, message, note=message, key=key)
    reason = replace(cell.reasons[0], exception=exception)
    return replace(cell, reasons=(reason,), origin=origin)


def stuck_everywhere(
    backend: str, device: str, stuck: Sequence[LostCall], *, reference: bool, key: str
) -> Cell:
    """Return the cell where every call was lost under NumPy already.

    NumPy's own cell says so; of the others nothing is known, since nothing can be compared.
    """
    reasons = tuple(_reason(each) for each in stuck)
    if reference:
        return Cell(
            backend=backend,
            device=device,
            status=Status.UNSUPPORTED,
            notes=(str(stuck[0].outcome),),
            modes={"eager": Status.UNSUPPORTED},
            origin="docstring",
            total=len(stuck),
            reasons=reasons,
            key=key,
        )
    message = f"{stuck[0].outcome} under NumPy already: {stuck[0].text}"
    return no_case(backend, device, message, origin="docstring", key=key)


def with_stuck(cell: Cell, stuck: Sequence[LostCall]) -> Cell:
    """Return NumPy's cell with the calls that were lost counted in."""
    if not stuck:
        return cell
    total = cell.total + len(stuck)
    return replace(
        cell,
        status=Status.PARTIAL if cell.status is Status.SUPPORTED else cell.status,
        total=total,
        notes=(*cell.notes, f"{cell.passed} of {total} cases"),
        reasons=(*cell.reasons, *(_reason(each) for each in stuck)),
    )


def with_expectation(cell: Cell, on_cpu: Cell | None) -> Cell:
    """Add to a GPU cell that cannot be measured here what the CPU's measurement lets expect.

    A call that turns its inputs into NumPy arrays on the way raises where they are not in host
    memory.
    """
    if on_cpu is None or on_cpu.host_transfer is None:
        return cell
    if on_cpu.status not in (Status.SUPPORTED, Status.PARTIAL):
        return cell
    if on_cpu.host_transfer:
        expected = Expected(status=Status.UNSUPPORTED, reason="converts to NumPy")
    else:
        expected = Expected(status=Status.SUPPORTED)
    return replace(cell, expected=expected)


def _unmeasured(
    backend: str, device: str, outcome: Outcome, message: str, *, note: str, key: str | None
) -> Cell:
    return Cell(
        backend=backend,
        device=device,
        status=Status.NOT_MEASURED,
        notes=(note,),
        reasons=(Reason(mode="eager", outcome=outcome, message=message),),
        key=key,
    )


def _reason(stuck: LostCall) -> Reason:
    return Reason(
        mode="eager",
        outcome=stuck.outcome,
        message=f"under NumPy: {stuck.message}",
        call=stuck.text,
    )
