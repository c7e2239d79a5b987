"""Write the report page, unless a document has the report, and the files with its data."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes

from sphinx_xpcaps.extension.domain import XpcapsDomain, domain_of
from sphinx_xpcaps.extension.links import DATA, REPORT, WITH_REPORT, to_root
from sphinx_xpcaps.extension.warnings import warn
from sphinx_xpcaps.files import write_atomically
from sphinx_xpcaps.render.report import report
from sphinx_xpcaps.render.summary import Link
from sphinx_xpcaps.render.words import translated
from sphinx_xpcaps.results.labels import MODES, version
from sphinx_xpcaps.results.merge_records import merge_records
from sphinx_xpcaps.results.record import limited_to, write_bundle
from sphinx_xpcaps.results.view import Table

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains.python import PythonDomain

CSV = "xpcaps.csv"
"""The name of the file with a line per cell."""


def on_collect_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Add the report to the pages of an HTML builder, unless a document has all of it."""
    domain = domain_of(app.env)
    tables = domain.tables_below()
    whole = any(not request.package for request in domain.tables.reports)
    if not tables or whole or app.builder.name not in WITH_REPORT:
        return
    content = report(tables, _link(app, domain), downloads(app, REPORT))
    body = app.builder.render_partial(content)["fragment"]  # type: ignore[attr-defined]
    title = translated("Array library support")
    yield REPORT, {"title": title, "body": f"<h1>{title}</h1>\n{body}"}, "page.html"


def downloads(app: Sphinx, docname: str) -> list[nodes.reference]:
    """Return links from the page of a document to the data of all tables."""
    if app.builder.name not in WITH_REPORT:
        return []
    root = to_root(app, docname)
    return [
        nodes.reference("", name.rpartition(".")[2].upper(), refuri=root + name, internal=True)
        for name in (CSV, DATA)
    ]


def write_files(app: Sphinx) -> None:
    """Write the data of all tables next to the pages, as CSV and as records."""
    domain = domain_of(app.env)
    tables = domain.tables_below()
    if not tables or app.builder.name not in WITH_REPORT:
        return
    _write(Path(app.outdir) / CSV, lambda path: write_atomically(path, as_csv(tables).encode()))
    targets = {table.target for table in tables}
    shown = (limited_to(record, targets) for record in domain.tables.records)
    merged = merge_records(record for record in shown if record.targets)
    _write(Path(app.outdir) / DATA, lambda path: write_bundle(merged, path))


def _write(path: Path, write: Callable[[Path], None]) -> None:
    try:
        write(path)
    except OSError as error:
        warn("report", f"the file cannot be written: {error.strerror or error}", path)


def as_csv(tables: Iterable[Table]) -> str:
    """Return tables as CSV, with a line per cell."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {"notes": "; ".join(row["notes"])} for row in _rows(tables))
    return text.getvalue()


COLUMNS = (
    "function", "backend", "device", "status", "notes", *MODES, "passed", "cases",
    "package_version", "backend_version", "date",
)  # fmt: skip
"""Names of the values of a cell in a line."""


def _rows(tables: Iterable[Table]) -> Iterator[dict[str, Any]]:
    for table in tables:
        for shown in table.cells:
            cell, environment, package = shown.cell, shown.environment, shown.package
            yield {
                "function": table.target,
                "backend": cell.backend,
                "device": shown.column,
                "status": str(cell.status),
                "notes": list(cell.notes),
                **{mode: str(cell.modes[mode]) if mode in cell.modes else "" for mode in MODES},
                "passed": cell.passed,
                "cases": cell.total,
                "package_version": package.version if package else None,
                "backend_version": version(cell.backend, environment) if environment else None,
                "date": environment.date if environment else None,
            }


def _link(app: Sphinx, domain: XpcapsDomain) -> Link:
    """Return a function that links a target to its description, or else to its table's page."""
    pages = {request.target: request.docname for request in reversed(domain.shown())}
    described = cast("PythonDomain", app.env.get_domain("py")).objects

    def link(table: Table) -> nodes.Element:
        entry = described.get(table.target)
        docname = entry.docname if entry else pages[table.target]
        anchor = f"#{entry.node_id}" if entry else ""
        uri = app.builder.get_relative_uri(REPORT, docname) + anchor
        name = nodes.literal("", table.target)
        return nodes.reference("", "", name, refuri=uri, internal=True)

    return link
