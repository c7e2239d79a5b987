"""The table of one target: a row per backend, columns of devices or modes, evidence below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from docutils import nodes

from core.notes import MODE_NOTES, QualifiedNote, parse_note
from sphinx_xpcaps.render import evidence
from sphinx_xpcaps.render.appearance import Appearance, TableOptions
from sphinx_xpcaps.render.cells import paragraph, status_entry, status_symbol
from sphinx_xpcaps.render.graph import graph
from sphinx_xpcaps.render.legend import legend
from sphinx_xpcaps.render.limits import limits_section
from sphinx_xpcaps.render.nodes import (
    block,
    column_header,
    details,
    labelled_table,
    row_header,
    scrolling,
)
from sphinx_xpcaps.render.words import (
    _,
    device_word,
    mode_word,
    note_words,
    translated,
    unmeasured_words,
)
from sphinx_xpcaps.results.labels import MODES, one_line, title
from sphinx_xpcaps.results.model import Expected, Outcome, Status
from sphinx_xpcaps.results.view import Table, TableCell


class Column(NamedTuple):
    """A device, and a mode if each has a column."""

    device: str
    mode: str = ""


def table(
    content: Table,
    *,
    appearance: Appearance,
    options: TableOptions,
    identifier: str = "",
    heading: str = "",
    with_legend: bool = False,
    links: Sequence[nodes.reference] = (),
    body: Sequence[nodes.Node] = (),
) -> block:
    """Return the nodes of a table.

    Parameters
    ----------
    content : Table
        The cells.
    appearance, options : Appearance, TableOptions
        How all tables look, and how this one does.
    identifier : str, optional
        The anchor of the table, from which those of rows are made.
    heading : str, optional
        A title above the table.
    with_legend : bool, optional
        Whether a legend is below the table.
    links : sequence of reference, optional
        Links below the table.
    body : sequence of Node, optional
        The page with the code of the cases, if it is on another page.
    """
    cells = [
        cell
        for cell in content.cells
        if (not options.backends or cell.cell.backend in options.backends)
        and (not options.devices or cell.column in options.devices)
    ]
    whole = block(classes=["xpcaps", "no-search"])
    inner: nodes.Element = whole
    name = str(_("Array library support"))
    if appearance.collapse and appearance.interactive:
        inner = details("", summary=heading or name, classes=["xpcaps-folded"])
        whole += inner
    elif heading:
        whole += nodes.rubric("", heading)
    grid = _grid(cells, _columns(cells, appearance, options), identifier)
    if options.caption:
        grid.insert(0, nodes.title("", options.caption))
    elif appearance.interactive:
        label = str(_("Array library support of {target}")).format(target=content.target)
        grid = labelled_table("", *grid.children, label=label, classes=grid["classes"])
    inner += scrolling(grid)
    problem = _no_case_reason(cells)
    if problem:
        text = str(_("Not measured: {reason}.")).format(reason=problem)
        inner += nodes.paragraph("", text, classes=["xpcaps-where"])
    else:
        if options.graph:
            inner += graph(content.cells)
        inner += evidence.provenance(cells)
        extent = options.evidence or appearance.evidence
        if extent != "none":
            inner += limits_section(cells)
        inner += _evidence(cells, extent, appearance, body)
    if with_legend and cells and appearance.interactive:
        inner += details("", legend(cells), summary=str(_("Legend")), classes=["xpcaps-meaning"])
    if links and appearance.interactive:
        inner += _links(links)
    return whole


def _evidence(
    cells: Sequence[TableCell], extent: str, appearance: Appearance, body: Sequence[nodes.Node]
) -> list[nodes.Element]:
    if extent == "none":
        return []
    items = evidence.results(
        cells,
        only_failures=extent == "failures",
        with_programs=appearance.interactive,
        body=body,
    )
    if not items:
        return []
    return [details("", *items, summary=str(_("How this was measured")), classes=["xpcaps-how"])]


def _links(links: Sequence[nodes.reference]) -> nodes.paragraph:
    line = nodes.paragraph(classes=["xpcaps-links"])
    for index, link in enumerate(links):
        line += [nodes.Text(" · "), link] if index else [link]
    return line


def _no_case_reason(cells: Sequence[TableCell]) -> str | None:
    """Return why nothing was measured, if it is because there is no case for any backend."""
    if any(shown.cell.status.measured for shown in cells):
        return None
    reasons = [reason for shown in cells for reason in shown.cell.reasons]
    messages = {reason.message for reason in reasons if reason.outcome == Outcome.NO_CASE}
    return one_line(messages.pop()).rstrip(".") if len(messages) == 1 else None


def _columns(
    cells: Sequence[TableCell], appearance: Appearance, options: TableOptions
) -> list[Column]:
    devices = list(dict.fromkeys(cell.column for cell in cells))
    kind = options.columns or ("modes" if options.modes else appearance.columns)
    if kind == "devices":
        return [Column(device) for device in devices]
    return [
        Column(device, mode)
        for device in devices
        for mode in _modes(cells, device)
        if not options.modes or mode in options.modes
    ]


def _modes(cells: Sequence[TableCell], device: str) -> list[str]:
    """Return the modes in which anything was measured on a device; "eager" if nothing was."""
    found = {mode for shown in cells if shown.column == device for mode in shown.cell.modes}
    return [*(mode for mode in MODES if mode in found), *sorted(found - set(MODES))] or ["eager"]


def _grid(cells: Sequence[TableCell], columns: Sequence[Column], identifier: str) -> nodes.table:
    rows = list(dict.fromkeys(cell.cell.backend for cell in cells))
    by_position = {(cell.cell.backend, cell.column): cell for cell in cells}
    several = len({column.device for column in columns}) > 1
    heads = [str(_("Library")), *(_head(column, several) for column in columns)]
    head = nodes.row("", *(column_header("", paragraph(text)) for text in heads))
    body = nodes.tbody()
    for backend in rows:
        row = nodes.row("", row_header("", paragraph(title(backend))))
        row += [_entry(by_position[backend, column.device], column.mode) for column in columns]
        if identifier:
            row["ids"].append(f"{identifier}-{nodes.make_id(backend)}")
        body += row
    group = nodes.tgroup("", nodes.colspec(colwidth=18, stub=1), cols=len(columns) + 1)
    group += [nodes.colspec(colwidth=27) for _column in columns]
    group += [nodes.thead("", head), body]
    return nodes.table("", group, classes=["xp-capabilities", "no-search"])


def _head(column: Column, several: bool) -> str:
    if not column.mode:
        return device_word(column.device)
    mode = mode_word(column.mode)
    return f"{device_word(column.device)}, {mode}" if several else mode


def _entry(shown: TableCell, mode: str) -> nodes.entry:
    cell = shown.cell
    measured = cell.status.measured
    if mode and measured:
        return _mode_entry(shown, mode)
    notes = cell.notes if cell.status != Status.NOT_MEASURED else ()
    extra = unmeasured_words(cell) if cell.status == Status.NOT_MEASURED else ""
    if shown.column != cell.device and measured:
        extra = str(_("on its {device}")).format(device=device_word(cell.device))
    entry = status_entry(cell.status, notes, shown=extra)
    if shown.outdated:
        entry["classes"].append("xpcaps-outdated")
        text = f"{translated('outdated')}: {shown.outdated}"
        entry += paragraph(nodes.inline("", text, classes=["xpcaps-aside"]))
    if cell.expected and not measured:
        entry += _expected(cell.expected)
    return entry


def _mode_entry(shown: TableCell, mode: str) -> nodes.entry:
    """Return the entry for one mode of a cell, with the notes that are about this mode."""
    cell = shown.cell
    if mode not in cell.modes:
        return status_entry(Status.NOT_APPLICABLE, ())
    status = cell.modes[mode]
    if mode == "eager":
        others = frozenset(MODE_NOTES.values())
        notes = [note for note in cell.notes if _kind(note) not in others]
    else:
        reasons = [reason for reason in cell.reasons if reason.mode == mode]
        notes = [reason.exception for reason in reasons if reason.exception][:1]
        notes = notes or [note for note in cell.notes if _kind(note) is MODE_NOTES.get(mode)]
    return status_entry(status, notes if status is not Status.SUPPORTED or mode == "eager" else ())


def _kind(text: str) -> object:
    note = parse_note(text)
    return note.note if isinstance(note, QualifiedNote) else note


def _expected(expected: Expected) -> nodes.paragraph:
    before, _found, after = str(_("expected {status}")).partition("{status}")
    symbol = status_symbol(expected.status)
    text = nodes.inline("", before, symbol, classes=["xpcaps-expected"])
    text += nodes.Text(after + (f": {note_words(expected.reason)}" if expected.reason else ""))
    return paragraph(text)


def inline(content: Table, name: nodes.Node) -> list[nodes.Element]:
    """Return the name of a target and its statuses, for a sentence."""
    whole = nodes.inline("", "", name, nodes.Text(": "), classes=["xpcaps-inline"])
    best: dict[str, TableCell] = {}
    for shown in content.cells:
        if shown.cell.status.measured:
            best.setdefault(shown.cell.backend, shown)
    for index, (backend, shown) in enumerate(best.items()):
        cell = shown.cell
        whole += nodes.Text(f"{', ' if index else ''}{title(backend)} ")
        whole += status_symbol(cell.status)
        if cell.notes:
            whole += nodes.Text(f" ({'; '.join(map(note_words, cell.notes))})")
    if not best:
        whole += nodes.Text(translated("not measured"))
    return [whole]
