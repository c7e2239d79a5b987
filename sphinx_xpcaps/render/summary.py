"""How many functions work with which library, per module and per function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from docutils import nodes
from sphinx import addnodes

from sphinx_xpcaps.render.nodes import block, row_header
from sphinx_xpcaps.render.symbol import mark
from sphinx_xpcaps.results.labels import DEVICES, short_reason, title
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.view import Shown, Table

Place = tuple[str, str]
"""A backend and a column of devices."""
Link = Callable[[Table], nodes.Element]
"""Makes the name of a target, linked to its description."""

COUNTED = (Status.SUPPORTED, Status.PARTIAL, Status.UNSUPPORTED, Status.CONFLICT)


def summary(tables: Sequence[Table], link: Link) -> block:
    """Return counts per module and, below, the statuses of each function."""
    whole = block(classes=["xpcaps", "xpcaps-summary", "no-search"])
    places = _places(tables)
    if not places:
        whole += nodes.paragraph("", "Nothing was measured yet.")
        return whole
    whole += counts(tables, places)
    whole += functions(tables, places, link)
    return whole


def counts(tables: Sequence[Table], places: Sequence[Place]) -> nodes.table:
    """Return a row per module that counts statuses, and one for all if there are several."""
    modules: dict[str, list[Table]] = {}
    for table in tables:
        modules.setdefault(_module(table), []).append(table)
    rows = [
        _row(nodes.literal("", module), [_tally(group, place) for place in places])
        for module, group in sorted(modules.items())
    ]
    if len(modules) > 1:
        rows.append(_row(nodes.Text("all"), [_tally(tables, place) for place in places]))
    return _table("Module", places, rows, classes=["xpcaps-counts"])


def functions(tables: Sequence[Table], places: Sequence[Place], link: Link) -> nodes.table:
    """Return a row per target."""
    rows = []
    for table in tables:
        shown = {(one.cell.backend, one.column): one for one in table.cells}
        cells = [_cell(shown[place]) if place in shown else nodes.entry() for place in places]
        rows.append(_row(link(table), cells))
    return _table("Function", places, rows, classes=["xpcaps-functions"])


def reference(docname: str) -> Link:
    """Return a link that Sphinx resolves when `docname` is written."""

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


def _places(tables: Iterable[Table]) -> list[Place]:
    """Return the columns where anything was measured, in the order of the tables."""
    cells = [shown for table in tables for shown in table.cells]
    measured = {(one.cell.backend, one.column) for one in cells if one.cell.status.measured}
    order = dict.fromkeys((one.cell.backend, one.column) for one in cells)
    return [place for place in order if place in measured]


def _module(table: Table) -> str:
    owner = table.target.rpartition(".")[0]
    return owner.rpartition(".")[0] if table.kind == "method" else owner


def _tally(tables: Iterable[Table], place: Place) -> nodes.entry:
    found = Counter(
        shown.cell.status
        for table in tables
        for shown in table.cells
        if (shown.cell.backend, shown.column) == place
    )
    paragraph = nodes.paragraph()
    for status in COUNTED:
        if found[status]:
            if len(paragraph):
                paragraph += nodes.Text(", ")
            counted = nodes.inline("", f"{found[status]} ", mark(status), classes=["xpcaps-count"])
            paragraph += counted
    return nodes.entry("", paragraph if len(paragraph) else nodes.paragraph("", "—"))


def _cell(shown: Shown) -> nodes.entry:
    status = shown.cell.status
    said = "; ".join(shown.cell.notes)
    if status == Status.NOT_MEASURED:
        said = short_reason(shown.cell)
    paragraph = nodes.paragraph("", "", mark(status, ends=":" if said else ""))
    if said:
        paragraph += [nodes.Text(" "), nodes.inline("", said, classes=["xpcaps-note"])]
    return nodes.entry("", paragraph, classes=[f"xpcaps-{status.replace('_', '-')}"])


def _row(name: nodes.Node, cells: Iterable[nodes.entry]) -> nodes.row:
    return nodes.row("", row_header("", nodes.paragraph("", "", name)), *cells)


def _table(
    head: str, places: Sequence[Place], rows: Iterable[nodes.row], *, classes: list[str]
) -> nodes.table:
    several = len({column for _, column in places}) > 1
    names = [
        f"{title(backend)} {DEVICES.get(column, column)}" if several else title(backend)
        for backend, column in places
    ]
    group = nodes.tgroup("", nodes.colspec(colwidth=30, stub=1), cols=len(names) + 1)
    group += [nodes.colspec(colwidth=20) for _ in names]
    entries = [nodes.entry("", nodes.paragraph("", name)) for name in (head, *names)]
    group += [nodes.thead("", nodes.row("", *entries)), nodes.tbody("", *rows)]
    return nodes.table("", group, classes=["xp-capabilities", "no-search", *classes])
