"""The table of one target: a row per library, a column per device, and how it was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docutils import nodes

from sphinx_xpcaps.render import evidence
from sphinx_xpcaps.render.graph import graph
from sphinx_xpcaps.render.nodes import block, details, row_header
from sphinx_xpcaps.render.symbol import mark
from sphinx_xpcaps.results.labels import DEVICES, one_line, short_reason, title
from sphinx_xpcaps.results.model import Expected, Outcome, Status
from sphinx_xpcaps.results.view import Shown, Table


def table(
    shown: Table,
    *,
    backends: Sequence[str] = (),
    devices: Sequence[str] = (),
    titled: bool = False,
    drawn: bool = False,
) -> block:
    """Return the nodes of a table, of some rows and columns if these are named.

    With `drawn`, the graph of an example is below.
    """
    cells = [
        cell
        for cell in shown.cells
        if (not backends or cell.cell.backend in backends)
        and (not devices or cell.column in devices)
    ]
    whole = block(classes=["xpcaps", "no-search"])
    if titled:
        whole += nodes.rubric("", "Array library support")
    whole += _grid(cells)
    caseless = _caseless(cells)
    if caseless:
        whole += nodes.paragraph("", f"Not measured: {caseless}.", classes=["xpcaps-where"])
        return whole
    if drawn:
        whole += graph(shown.cells)
    whole += evidence.where(cells)
    how = evidence.how(cells)
    if how:
        whole += details("", *how, summary="How this was measured", classes=["xpcaps-how"])
    return whole


def _caseless(cells: Sequence[Shown]) -> str | None:
    """Return why there is no case, which is the same on every library, if nothing was measured."""
    if any(shown.cell.status.measured for shown in cells):
        return None
    reasons = [reason for shown in cells for reason in shown.cell.reasons]
    found = {reason.message for reason in reasons if reason.outcome == Outcome.NO_CASE}
    return one_line(found.pop()).rstrip(".") if len(found) == 1 else None


def _grid(cells: Sequence[Shown]) -> nodes.table:
    columns = list(dict.fromkeys(cell.column for cell in cells))
    rows = list(dict.fromkeys(cell.cell.backend for cell in cells))
    by_place = {(cell.cell.backend, cell.column): cell for cell in cells}
    head = _row([nodes.entry("", _paragraph("Library"))])
    head += [nodes.entry("", _paragraph(DEVICES.get(column, column))) for column in columns]
    body = nodes.tbody()
    for backend in rows:
        row = _row([row_header("", _paragraph(title(backend)))])
        row += [_entry(by_place[backend, column]) for column in columns]
        body += row
    group = nodes.tgroup("", nodes.colspec(colwidth=18, stub=1), cols=len(columns) + 1)
    group += [nodes.colspec(colwidth=27) for _ in columns]
    group += [nodes.thead("", head), body]
    return nodes.table("", group, classes=["xp-capabilities", "no-search"])


def _row(entries: Iterable[nodes.entry]) -> nodes.row:
    return nodes.row("", *entries)


def _paragraph(*content: str | nodes.Node) -> nodes.paragraph:
    paragraph = nodes.paragraph()
    for part in content:
        paragraph += nodes.Text(part) if isinstance(part, str) else part
    return paragraph


def _entry(shown: Shown) -> nodes.entry:
    cell = shown.cell
    status = cell.status
    said = list(cell.notes)
    if status == Status.NOT_MEASURED:
        said = [short_reason(cell)]
    if shown.column != cell.device and status.measured:
        said.append(f"on its {DEVICES.get(cell.device, cell.device)}")
    words = "; ".join(text for text in said if text)
    paragraph = _paragraph(mark(status, ends=":" if words else ""))
    if words:
        paragraph += [nodes.Text(" "), nodes.inline("", words, classes=["xpcaps-note"])]
    entry = nodes.entry("", paragraph, classes=[f"xpcaps-{status.replace('_', '-')}"])
    if shown.outdated:
        entry["classes"].append("xpcaps-outdated")
        entry += _aside(f"outdated: {shown.outdated}")
    if cell.expected and not status.measured:
        entry += _expected(cell.expected)
    return entry


def _expected(expected: Expected) -> nodes.paragraph:
    said = nodes.inline("", "expected ", mark(expected.status), classes=["xpcaps-expected"])
    if expected.reason:
        said += nodes.Text(f": {expected.reason}")
    return _paragraph(said)


def _aside(text: str) -> nodes.paragraph:
    return _paragraph(nodes.inline("", text, classes=["xpcaps-aside"]))
