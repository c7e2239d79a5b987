"""The summary of many targets: counts per module, and the status of each function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from docutils import nodes
from sphinx import addnodes

from sphinx_xpcaps.render.cells import status_entry, status_symbol
from sphinx_xpcaps.render.nodes import block, column_header, row_header, scrolling
from sphinx_xpcaps.render.words import _, device_word, unmeasured_words
from sphinx_xpcaps.results.labels import title
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.view import Table, TableCell

Column: TypeAlias = tuple[str, str]
"""A backend and a device, as in the columns of a table of one target."""
Link: TypeAlias = Callable[[Table], nodes.Element]
"""Returns the name of a target, linked to its description."""

COUNTED = (Status.SUPPORTED, Status.PARTIAL, Status.UNSUPPORTED, Status.CONFLICT)


def summary(tables: Sequence[Table], link: Link) -> block:
    """Return the counts per module, followed by the statuses of each function."""
    whole = block(classes=["xpcaps", "xpcaps-summary", "no-search"])
    columns = _columns(tables)
    if not columns:
        whole += nodes.paragraph("", str(_("Nothing was measured yet.")))
        return whole
    whole += scrolling(counts(tables, columns))
    whole += scrolling(functions(tables, columns, link))
    return whole


def counts(tables: Sequence[Table], columns: Sequence[Column]) -> nodes.table:
    """Return the counts of statuses, with a row per module and, if useful, one for all."""
    modules: dict[str, list[Table]] = {}
    for table in tables:
        modules.setdefault(module_of(table), []).append(table)
    rows = [
        _row(nodes.literal("", module), [_tally(group, column) for column in columns])
        for module, group in sorted(modules.items())
    ]
    if len(modules) > 1:
        rows.append(_row(nodes.Text(str(_("all"))), [_tally(tables, column) for column in columns]))
    return _table(str(_("Module")), columns, rows, classes=["xpcaps-counts"])


def functions(tables: Sequence[Table], columns: Sequence[Column], link: Link) -> nodes.table:
    """Return the statuses, with a row per target."""
    rows = []
    for table in tables:
        shown = {(one.cell.backend, one.column): one for one in table.cells}
        cells = [_cell(shown[column]) if column in shown else nodes.entry() for column in columns]
        rows.append(_row(link(table), cells))
    return _table(str(_("Function")), columns, rows, classes=["xpcaps-functions"])


def reference(docname: str) -> Link:
    """Return a function that creates links, which Sphinx resolves when it writes `docname`."""

    def link(table: Table) -> nodes.Element:
        return addnodes.pending_xref(
            "",
            nodes.literal("", table.target),
            refdomain="py",
            reftype="obj",
            reftarget=table.target,
            refdoc=docname,
            refexplicit=True,
            refwarn=False,
        )

    return link


def _columns(tables: Iterable[Table]) -> list[Column]:
    """Return the columns in which anything was measured, in the order of the tables."""
    cells = [shown for table in tables for shown in table.cells]
    measured = {(one.cell.backend, one.column) for one in cells if one.cell.status.measured}
    order = dict.fromkeys((one.cell.backend, one.column) for one in cells)
    return [column for column in order if column in measured]


def module_of(table: Table) -> str:
    """Return the name of the module of a target."""
    owner = table.target.rpartition(".")[0]
    return owner.rpartition(".")[0] if table.kind in ("method", "property") else owner


def _tally(tables: Iterable[Table], column: Column) -> nodes.entry:
    found = Counter(
        shown.cell.status
        for table in tables
        for shown in table.cells
        if (shown.cell.backend, shown.column) == column
    )
    paragraph = nodes.paragraph()
    for status in COUNTED:
        if found[status]:
            if len(paragraph):
                paragraph += nodes.Text(", ")
            symbol = status_symbol(status)
            paragraph += nodes.inline("", f"{found[status]} ", symbol, classes=["xpcaps-count"])
    return nodes.entry("", paragraph if len(paragraph) else nodes.paragraph("", "—"))


def _cell(shown: TableCell) -> nodes.entry:
    cell = shown.cell
    unmeasured = cell.status == Status.NOT_MEASURED
    why = unmeasured_words(cell) if unmeasured else ""
    notes = () if unmeasured else cell.notes
    return status_entry(cell.status, notes, shown=why, focusable=False)


def _row(name: nodes.Node, cells: Iterable[nodes.entry]) -> nodes.row:
    return nodes.row("", row_header("", nodes.paragraph("", "", name)), *cells)


def _table(
    head: str, columns: Sequence[Column], rows: Iterable[nodes.row], *, classes: list[str]
) -> nodes.table:
    several = len({column for _backend, column in columns}) > 1
    names = [
        f"{title(backend)} {device_word(column)}" if several else title(backend)
        for backend, column in columns
    ]
    group = nodes.tgroup("", nodes.colspec(colwidth=30, stub=1), cols=len(names) + 1)
    group += [nodes.colspec(colwidth=20) for _ in names]
    entries = [column_header("", nodes.paragraph("", name)) for name in (head, *names)]
    group += [nodes.thead("", nodes.row("", *entries)), nodes.tbody("", *rows)]
    return nodes.table("", group, classes=["xp-capabilities", "no-search", *classes])
