"""Tables on a terminal."""

from __future__ import annotations

from rich.table import Table as Grid

from sphinx_xpcaps.results.labels import STATUSES, SYMBOLS, short_reason, title
from sphinx_xpcaps.results.model import Cell, Status
from sphinx_xpcaps.results.view import Table, TableCell


def grid(table: Table) -> Grid:
    """Return the table of a target with one row per library."""
    found = Grid("Library", "CPU", "GPU", title=table.target, title_justify="left")
    by_backend: dict[str, list[TableCell]] = {}
    for shown in table.cells:
        by_backend.setdefault(shown.cell.backend, []).append(shown)
    for backend, row in by_backend.items():
        found.add_row(title(backend), *(_cell_text(shown.cell) for shown in row))
    return found


def _cell_text(cell: Cell) -> str:
    if cell.status is Status.NOT_APPLICABLE:
        return SYMBOLS[cell.status]
    why = "; ".join(cell.notes) if cell.status.measured else short_reason(cell)
    text = f"{SYMBOLS[cell.status]} {STATUSES[cell.status]}" + (f": {why}" if why else "")
    if cell.expected is not None:
        reason = f": {cell.expected.reason}" if cell.expected.reason else ""
        text += f" (expected {SYMBOLS[cell.expected.status]}{reason})"
    return text
