"""The command ``show``: print the tables of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.table import Table as Grid

from sphinx_xpcaps.cli.formats import Code, Format, Value, format_option, json_text, table
from sphinx_xpcaps.cli.records import FILE, check_backends, read_all, select, tables_of
from sphinx_xpcaps.cli.run import plain_console
from sphinx_xpcaps.cli.target_details import lines
from sphinx_xpcaps.results.labels import DEVICES, STATUSES, SYMBOLS, one_line, short_reason, title
from sphinx_xpcaps.results.model import Cell, Status
from sphinx_xpcaps.results.view import Table, TableCell, backends_of

_HEADER = (
    "Target",
    "Library",
    "Device",
    "Status",
    "Notes",
    "Modes",
    "Passed",
    "Total",
    "Version",
    "Date",
    "Reason",
)
_LONGEST_LINE = 2000
"""Number of characters in a line of the overview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which cells are shown; an empty filter shows all."""

    backends: Sequence[str] = ()
    statuses: Sequence[str] = ()
    notes: Sequence[str] = ()

    def apply(self, content: Table) -> Table:
        """Return a table with only the cells that match."""
        return replace(content, cells=tuple(filter(self._matches, content.cells)))

    def _matches(self, shown: TableCell) -> bool:
        cell = shown.cell
        if self.backends and cell.backend not in self.backends:
            return False
        if self.statuses and cell.status not in self.statuses:
            return False
        notes = "\n".join(cell.notes).casefold()
        return not self.notes or any(text.casefold() in notes for text in self.notes)


@click.command()
@click.argument("file", type=FILE, metavar="FILE...")
@click.argument("arguments", nargs=-1, metavar="[TARGET]...")
@click.option("--backend", "names", multiple=True, metavar="NAME", help="Only this library.")
@click.option(
    "--status",
    "statuses",
    type=click.Choice([str(status) for status in Status]),
    multiple=True,
    help="Only cells with this status. Repeatable.",
)
@click.option(
    "--note", "notes", multiple=True, metavar="TEXT", help="Only cells with TEXT in a note."
)
@format_option(*Format)
def show(
    file: Path,
    arguments: tuple[str, ...],
    names: tuple[str, ...],
    statuses: tuple[str, ...],
    notes: tuple[str, ...],
    style: Format,
) -> None:
    """Show the tables of the records in each FILE.

    Without a TARGET, there is one line per function; with TARGETS, the reasons and calls of each.
    A TARGET may be a module, whose functions have one line each.
    """
    more_files = [name for name in arguments if _is_file(name)]
    targets = [name for name in arguments if not _is_file(name)]
    records = read_all([file, *map(Path, more_files)])
    check_backends(names, records)
    derived = tables_of(records, names or backends_of(records))
    chosen = Filter(backends=names, statuses=statuses, notes=notes)
    tables = [chosen.apply(derived[name]) for name in select(targets, derived) or derived]
    if statuses or notes:
        tables = [each for each in tables if each.cells]
    if style is Format.JSON:
        click.echo(json_text([_plain(each) for each in tables]), nl=False)
    elif style is Format.CSV:
        click.echo(table(style, _HEADER, _cell_rows(tables)), nl=False)
    elif style is not Format.TEXT:
        click.echo(table(style, *_overview(tables)), nl=False)
    elif any(name in derived for name in targets):
        for each in tables:
            click.echo("\n".join(lines(each)))
    else:
        _print_overview(tables)


def _is_file(name: str) -> bool:
    """Return whether an argument is a file or a pattern, and not the name of a target."""
    is_dotted_name = all(part.isidentifier() for part in name.split("."))
    return Path(name).is_file() or name.endswith(".json") or not is_dotted_name


def _print_overview(tables: Sequence[Table]) -> None:
    header, rows = _overview(tables)
    console = plain_console()
    grid = Grid(box=None, pad_edge=False)
    for index, text in enumerate(header):
        grid.add_column(text, no_wrap=index == 0 or not console.is_terminal)
    for row in rows:
        grid.add_row(*(value.text if isinstance(value, Code) else value for value in row))
    # Rich cuts words that do not fit. Programs that read the output have no width.
    size = console.measure(grid, options=console.options.update(width=_LONGEST_LINE))
    console.width = max(console.width, size.minimum if console.is_terminal else size.maximum)
    console.print(grid)
    counts = Counter(shown.cell.status for each in tables for shown in each.cells)
    summary = ", ".join(
        f"{counts[status]} {STATUSES[status]}"
        for status in Status
        if counts[status] and status is not Status.NOT_APPLICABLE
    )
    noun = "target" if len(tables) == 1 else "targets"
    console.print(f"{len(tables)} {noun}" + (f": {summary}" if summary else ""))


def _overview(tables: Sequence[Table]) -> tuple[list[str], list[list[Value]]]:
    """Return the header and rows of a table with one row per target.

    Columns without a measurement are left out, unless there are no others.
    """
    columns = dict.fromkeys(_position(shown) for each in tables for shown in each.cells)
    measured = {
        _position(shown) for each in tables for shown in each.cells if shown.cell.status.measured
    }
    used = [column for column in columns if column in measured or not measured]
    rows: list[list[Value]] = []
    for each in tables:
        cells = {_position(shown): shown.cell for shown in each.cells}
        texts = [_cell_text(cells[at]) if at in cells else "" for at in used]
        rows.append([Code(each.target), *texts])
    return ["Target", *(_column_title(*column) for column in used)], rows


def _column_title(backend: str, device: str) -> str:
    return title(backend) + ("" if device == "cpu" else f" {DEVICES.get(device, device)}")


def _position(shown: TableCell) -> tuple[str, str]:
    return shown.cell.backend, shown.column


def _cell_text(cell: Cell) -> str:
    """Return the symbol, the status in words, and the notes or the reason."""
    if cell.status is Status.NOT_APPLICABLE:
        return SYMBOLS[cell.status]
    why = "; ".join(cell.notes) if cell.status.measured else short_reason(cell)
    text = f"{SYMBOLS[cell.status]} {STATUSES[cell.status]}"
    return one_line(f"{text}: {why}" if why else text)


def _cell_rows(tables: Sequence[Table]) -> Iterator[tuple[Value, ...]]:
    for each in tables:
        for shown in each.cells:
            cell, environment = shown.cell, shown.environment
            measured = environment is not None and cell.status.measured
            yield (
                Code(each.target),
                cell.backend,
                cell.device,
                cell.status,
                "; ".join(cell.notes),
                "; ".join(f"{mode}={status}" for mode, status in cell.modes.items()),
                str(cell.passed),
                str(cell.total),
                environment.packages.get(cell.backend, "") if measured and environment else "",
                environment.date if measured and environment else "",
                next((reason.message for reason in cell.reasons), ""),
            )


def _plain(content: Table) -> dict[str, object]:
    return {
        "target": content.target,
        "kind": content.kind,
        "cells": [
            {
                "column": shown.column,
                "cell": shown.cell,
                "environment": shown.environment,
                "others": [
                    {"cell": other.cell, "environment": other.environment} for other in shown.others
                ],
            }
            for shown in content.cells
        ],
    }
