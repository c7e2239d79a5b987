"""The command ``show``: print the tables of a record."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table as Grid

from sphinx_xpcaps.cli.run import plain_console
from sphinx_xpcaps.results.labels import STATUSES, SYMBOLS, short_reason, title
from sphinx_xpcaps.results.model import Cell, Status
from sphinx_xpcaps.results.record import RecordError, read
from sphinx_xpcaps.results.view import Shown, Table, backends_of, derive


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("targets", nargs=-1)
def show(file: Path, targets: tuple[str, ...]) -> None:
    """Show the tables of all TARGETS in the record FILE, or of those given."""
    try:
        record = read(file)
    except RecordError as error:
        raise click.ClickException(str(error)) from None
    unknown = [name for name in targets if name not in record.targets]
    if unknown:
        raise click.ClickException(f"{file} has no target {unknown[0]!r}")
    tables = derive(
        [record],
        backends=backends_of([record]),
        devices=["cpu", "gpu"],
        is_current=lambda *_: True,
    )
    console = plain_console()
    for name in targets or tables:
        console.print(_grid(tables[name]))


def _grid(table: Table) -> Grid:
    grid = Grid("Library", "CPU", "GPU", title=table.target, title_justify="left")
    by_backend: dict[str, list[Shown]] = {}
    for shown in table.cells:
        by_backend.setdefault(shown.cell.backend, []).append(shown)
    for backend, row in by_backend.items():
        grid.add_row(title(backend), *(_cell_text(shown.cell) for shown in row))
    return grid


def _cell_text(cell: Cell) -> str:
    if cell.status is Status.NOT_APPLICABLE:
        return SYMBOLS[cell.status]
    why = "; ".join(cell.notes) if cell.status.measured else short_reason(cell)
    text = f"{SYMBOLS[cell.status]} {STATUSES[cell.status]}" + (f": {why}" if why else "")
    if cell.expected is not None:
        reason = f": {cell.expected.reason}" if cell.expected.reason else ""
        text += f" (expected {SYMBOLS[cell.expected.status]}{reason})"
    return text
