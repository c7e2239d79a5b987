"""All that is known of one target, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_xpcaps.results.labels import (
    DEVICES,
    MODES,
    ORIGINS,
    STATUSES,
    SYMBOLS,
    cell_text,
    one_line,
    reason_text,
    short_reason,
    title,
    version,
)
from sphinx_xpcaps.results.model import Cell, Status
from sphinx_xpcaps.results.view import Table, TableCell


def lines(table: Table) -> Iterator[str]:
    """Yield the target, then each cell with its modes, reasons, calls and other measurements."""
    yield f"{table.target} ({table.kind})"
    for shown in table.cells:
        if shown.cell.status is not Status.NOT_APPLICABLE:
            yield from _cell_lines(shown)


def _cell_lines(shown: TableCell) -> Iterator[str]:
    cell = shown.cell
    head = f"  {title(cell.backend)}, {DEVICES.get(cell.device, cell.device)}: "
    if not cell.status.measured:
        why = short_reason(cell)
        parts = [f"not measured: {why}" if why else "not measured"]
        parts += [cell_text(cell)] if cell.expected else []
        yield f"{head}{SYMBOLS[cell.status]} {'; '.join(parts)}"
        return
    yield f"{head}{SYMBOLS[cell.status]} {cell_text(cell)}"
    yield f"    {_summary(cell)}"
    yield f"    {_where(shown)}"
    for reason in cell.reasons:
        call = f"{one_line(reason.call, 120)}: " if reason.call else ""
        yield f"    {MODES.get(reason.mode, reason.mode)}: {call}{reason_text(reason)}"
    for other in shown.others:
        library = version(other.cell.backend, other.environment) or "unknown version"
        yield f"    also {cell_text(other.cell)}, {other.environment.date} with {library}"


def _summary(cell: Cell) -> str:
    modes = [f"{MODES.get(mode, mode)} {STATUSES[status]}" for mode, status in cell.modes.items()]
    origin = f" from {ORIGINS.get(cell.origin, cell.origin)}" if cell.origin else ""
    noun = "case" if cell.total == 1 else "cases"
    counts = f"{cell.passed} of {cell.total} {noun}{origin} passed"
    return "; ".join([counts, *modes])


def _where(shown: TableCell) -> str:
    environment = shown.environment
    if environment is None:
        return "environment unknown"
    known = version(shown.cell.backend, environment)
    library = f"{title(shown.cell.backend)} {known}" if known else title(shown.cell.backend)
    outdated = "outdated, " if shown.outdated else ""
    accelerator = f", {environment.accelerator}" if environment.accelerator else ""
    where = f"Python {environment.python}, {environment.platform}{accelerator}"
    return f"{outdated}measured {environment.date} with {library}, {where}"
