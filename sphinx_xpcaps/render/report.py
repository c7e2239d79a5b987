"""The report: all functions and the modules that they are in, in views for devices and modes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from docutils import nodes

from sphinx_xpcaps.render import evidence
from sphinx_xpcaps.render.cells import status_entry
from sphinx_xpcaps.render.failures import failures
from sphinx_xpcaps.render.legend import legend
from sphinx_xpcaps.render.nodes import block, column_header, details, row_header, scrolling
from sphinx_xpcaps.render.summary import Link, module_of
from sphinx_xpcaps.render.words import (
    _,
    device_word,
    mode_word,
    plural,
    status_word,
    unmeasured_words,
)
from sphinx_xpcaps.results.labels import DEVICES, title
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.view import Table, TableCell

AT_FIRST = 200
"""How many functions the script shows until the reader scrolls further."""
MODE_VIEWS = ("jit", "lazy", "grad", "vmap")
"""Modes that have a view, besides the devices."""


class Column(NamedTuple):
    """A view and a backend: ``("cpu", "torch")`` or ``("jit", "jax")``."""

    view: str
    backend: str


@dataclass(frozen=True, slots=True)
class Result:
    """A status with what is shown after it."""

    status: Status
    notes: tuple[str, ...] = ()
    shown: str = ""


def report(tables: Sequence[Table], link: Link, downloads: Sequence[nodes.reference]) -> block:
    """Return the tables of modules and functions, with a legend, versions and downloads.

    Parameters
    ----------
    tables : sequence of Table
        All tables, sorted by target.
    link : callable
        Returns the name of a target, linked to its description.
    downloads : sequence of reference
        Links to the same data in files.
    """
    words = json.dumps(script_words(), ensure_ascii=False)
    whole = block(classes=["xpcaps", "xpcaps-report", "no-search"], words=words)
    results = [dict(_results(table)) for table in tables]
    columns = _columns(results)
    if not columns:
        whole += nodes.paragraph("", str(_("Nothing was measured yet.")))
        return whole
    cells = [shown for table in tables for shown in table.cells]
    whole += evidence.provenance(cells)
    whole += _totals(tables, downloads)
    whole += details("", legend(cells), summary=str(_("Legend")), classes=["xpcaps-meaning"])
    whole += scrolling(_modules(tables, results, columns))
    whole += scrolling(_functions(tables, results, columns, link))
    whole += failures(tables, link)
    return whole


def _totals(tables: Sequence[Table], downloads: Sequence[nodes.reference]) -> nodes.paragraph:
    unmeasured = sum(not table.measured for table in tables)
    text = plural("{count} function", "{count} functions", len(tables))
    if unmeasured:
        text += ", " + str(_("{count} of them not measured")).format(count=unmeasured)
    line = nodes.paragraph("", f"{text}. ", classes=["xpcaps-where"])
    for index, download in enumerate(downloads):
        line += [nodes.Text(" · "), download] if index else [download]
    return line


def _results(table: Table) -> Iterator[tuple[Column, Result]]:
    """Yield the result of a table in each column: devices first, then modes."""
    for shown in table.cells:
        cell = shown.cell
        unmeasured = cell.status is Status.NOT_MEASURED
        why = unmeasured_words(cell) if unmeasured else ""
        notes = () if unmeasured else cell.notes
        yield Column(shown.column, cell.backend), Result(cell.status, notes, why)
    for shown in reversed(table.cells):  # of several devices, the first counts
        for mode, status in shown.cell.modes.items():
            if mode in MODE_VIEWS:
                yield Column(mode, shown.cell.backend), Result(status, _mode_notes(shown, mode))


def _mode_notes(shown: TableCell, mode: str) -> tuple[str, ...]:
    reasons = (reason for reason in shown.cell.reasons if reason.mode == mode)
    return tuple(reason.exception for reason in reasons if reason.exception)[:1]


def _columns(results: Iterable[dict[Column, Result]]) -> list[Column]:
    """Return the columns in which anything was measured."""
    found = dict.fromkeys(
        column for each in results for column, result in each.items() if result.status.measured
    )
    order = {view: index for index, view in enumerate((*DEVICES, *MODE_VIEWS))}
    return sorted(found, key=lambda column: order.get(column.view, len(order)))


def _modules(
    tables: Sequence[Table], results: Sequence[dict[Column, Result]], columns: Sequence[Column]
) -> nodes.table:
    modules: dict[str, list[dict[Column, Result]]] = {}
    for table, each in zip(tables, results, strict=True):
        modules.setdefault(module_of(table), []).append(each)
    rows = [
        _row(nodes.literal("", module), len(group), [_share(group, column) for column in columns])
        for module, group in sorted(modules.items())
    ]
    if len(modules) > 1:
        shares = [_share(results, column) for column in columns]
        rows.append(_row(nodes.Text(str(_("all"))), len(results), shares))
    return _table([str(_("Module")), str(_("Functions"))], columns, rows, "xpcaps-counts")


def _share(results: Iterable[dict[Column, Result]], column: Column) -> nodes.entry:
    """Return how many functions work in a column, without or with limitations."""
    found = Counter(each[column].status for each in results if column in each)
    measured = sum(count for status, count in found.items() if status.measured)
    if not measured:
        return nodes.entry("", nodes.paragraph("", "—"))
    supported, partial = found[Status.SUPPORTED], found[Status.PARTIAL]
    text = f"{100 * supported // measured} % ({supported}/{measured})"
    entry = nodes.entry("", nodes.paragraph("", text))
    if partial:
        entry += nodes.paragraph(
            "", f"+ {partial} {status_word(Status.PARTIAL)}", classes=["xpcaps-aside"]
        )
    return entry


def _functions(
    tables: Sequence[Table],
    results: Sequence[dict[Column, Result]],
    columns: Sequence[Column],
    link: Link,
) -> nodes.table:
    rows = []
    for table, each in zip(tables, results, strict=True):
        cells = [_cell(each.get(column)) for column in columns]
        rows.append(_row(link(table), None, cells))
    for row in rows[AT_FIRST:]:
        row["classes"].append("xpcaps-later")
    return _table([str(_("Function"))], columns, rows, "xpcaps-functions")


def _cell(result: Result | None) -> nodes.entry:
    if result is None:
        return status_entry(Status.NOT_APPLICABLE, (), focusable=False, explain=False)
    return status_entry(
        result.status, result.notes, shown=result.shown, focusable=False, explain=False
    )


def _row(name: nodes.Node, count: int | None, cells: Iterable[nodes.entry]) -> nodes.row:
    row = nodes.row("", row_header("", nodes.paragraph("", "", name)))
    if count is not None:
        row += nodes.entry("", nodes.paragraph("", str(count)))
    row += list(cells)
    return row


def _table(
    heads: Sequence[str], columns: Sequence[Column], rows: Iterable[nodes.row], kind: str
) -> nodes.table:
    """Return a table whose columns have the classes of their views, which a script can hide."""
    entries = [column_header("", nodes.paragraph("", head)) for head in heads]
    entries += [
        column_header(
            "",
            nodes.paragraph("", f"{title(column.backend)} "),
            nodes.paragraph("", view_word(column.view), classes=["xpcaps-aside"]),
            classes=[f"xpcaps-view-{column.view}"],
        )
        for column in columns
    ]
    body = nodes.tbody()
    for row in rows:
        for entry, column in zip(row.children[len(heads) :], columns, strict=True):
            assert isinstance(entry, nodes.Element)
            entry["classes"].append(f"xpcaps-view-{column.view}")
        body += row
    group = nodes.tgroup("", nodes.colspec(colwidth=30, stub=1), cols=len(entries))
    group += [nodes.colspec(colwidth=20) for _entry in entries[1:]]
    group += [nodes.thead("", nodes.row("", *entries)), body]
    return nodes.table("", group, classes=["xp-capabilities", "no-search", kind])


def view_word(view: str) -> str:
    """Return the word for a view."""
    return device_word(view) if view in DEVICES else mode_word(view)


def script_words() -> dict[str, str]:
    """Return the words that the script of the report shows."""
    words: dict[str, Callable[[], object]] = {
        "search": lambda: _("Search functions"),
        "library": lambda: _("Library"),
        "anyLibrary": lambda: _("any library"),
        "status": lambda: _("Status"),
        "anyStatus": lambda: _("any status"),
        "note": lambda: _("Note"),
        "anyNote": lambda: _("any note"),
        "view": lambda: _("View"),
        "allViews": lambda: _("all views"),
        "count": lambda: _("{shown} of {total} functions"),
        "nothing": lambda: _("No function matches."),
        "sort": lambda: _("Sort by this column"),
        "more": lambda: _("Show more functions"),
    }
    found = {name: str(word()) for name, word in words.items()}
    return found | {status.replace("_", "-"): status_word(status) for status in Status}
