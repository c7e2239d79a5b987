"""The table of one target: a row per backend, a column per device, and the evidence below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docutils import nodes

from sphinx_xpcaps.render import evidence
from sphinx_xpcaps.render.cells import paragraph, status_entry, status_symbol
from sphinx_xpcaps.render.graph import graph
from sphinx_xpcaps.render.nodes import block, details, row_header, scrolling
from sphinx_xpcaps.results.labels import DEVICES, one_line, short_reason, title
from sphinx_xpcaps.results.model import Expected, Outcome, Status
from sphinx_xpcaps.results.view import Shown, Table


def table(
    content: Table,
    *,
    backends: Sequence[str] = (),
    devices: Sequence[str] = (),
    with_title: bool = False,
    with_graph: bool = False,
) -> block:
    """Return the nodes of a table.

    Parameters
    ----------
    content : Table
        The cells.
    backends, devices : sequence of str, optional
        Rows and columns to show. Default: all.
    with_title : bool, optional
        Whether there is a title above the table.
    with_graph : bool, optional
        Whether the graph of an example is shown below the table.
    """
    cells = [
        cell
        for cell in content.cells
        if (not backends or cell.cell.backend in backends)
        and (not devices or cell.column in devices)
    ]
    whole = block(classes=["xpcaps", "no-search"])
    if with_title:
        whole += nodes.rubric("", "Array library support")
    whole += scrolling(_grid(cells))
    problem = _no_case_reason(cells)
    if problem:
        whole += nodes.paragraph("", f"Not measured: {problem}.", classes=["xpcaps-where"])
        return whole
    if with_graph:
        whole += graph(content.cells)
    whole += evidence.provenance(cells)
    items = evidence.results(cells)
    if items:
        whole += details("", *items, summary="How this was measured", classes=["xpcaps-how"])
    return whole


def _no_case_reason(cells: Sequence[Shown]) -> str | None:
    """Return why nothing was measured, if it is because there is no case for any backend."""
    if any(shown.cell.status.measured for shown in cells):
        return None
    reasons = [reason for shown in cells for reason in shown.cell.reasons]
    messages = {reason.message for reason in reasons if reason.outcome == Outcome.NO_CASE}
    return one_line(messages.pop()).rstrip(".") if len(messages) == 1 else None


def _grid(cells: Sequence[Shown]) -> nodes.table:
    columns = list(dict.fromkeys(cell.column for cell in cells))
    rows = list(dict.fromkeys(cell.cell.backend for cell in cells))
    by_position = {(cell.cell.backend, cell.column): cell for cell in cells}
    head = _row([nodes.entry("", paragraph("Library"))])
    head += [nodes.entry("", paragraph(DEVICES.get(column, column))) for column in columns]
    body = nodes.tbody()
    for backend in rows:
        row = _row([row_header("", paragraph(title(backend)))])
        row += [_entry(by_position[backend, column]) for column in columns]
        body += row
    group = nodes.tgroup("", nodes.colspec(colwidth=18, stub=1), cols=len(columns) + 1)
    group += [nodes.colspec(colwidth=27) for _ in columns]
    group += [nodes.thead("", head), body]
    return nodes.table("", group, classes=["xp-capabilities", "no-search"])


def _row(entries: Iterable[nodes.entry]) -> nodes.row:
    return nodes.row("", *entries)


def _entry(shown: Shown) -> nodes.entry:
    cell = shown.cell
    measured = cell.status.measured
    notes = [short_reason(cell)] if cell.status == Status.NOT_MEASURED else list(cell.notes)
    if shown.column != cell.device and measured:
        notes.append(f"on its {DEVICES.get(cell.device, cell.device)}")
    entry = status_entry(cell.status, "; ".join(filter(None, notes)))
    if shown.outdated:
        entry["classes"].append("xpcaps-outdated")
        text = f"outdated: {shown.outdated}"
        entry += paragraph(nodes.inline("", text, classes=["xpcaps-aside"]))
    if cell.expected and not measured:
        entry += _expected(cell.expected)
    return entry


def _expected(expected: Expected) -> nodes.paragraph:
    symbol = status_symbol(expected.status)
    text = nodes.inline("", "expected ", symbol, classes=["xpcaps-expected"])
    if expected.reason:
        text += nodes.Text(f": {expected.reason}")
    return paragraph(text)
