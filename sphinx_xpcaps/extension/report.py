"""The report: a page with all targets and the same data in files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes

from sphinx_xpcaps.extension.domain import XpcapsDomain, domain_of
from sphinx_xpcaps.extension.links import REPORT, WITH_REPORT
from sphinx_xpcaps.files import write_atomically
from sphinx_xpcaps.render.report import report, script_words
from sphinx_xpcaps.render.summary import Link
from sphinx_xpcaps.render.words import translated
from sphinx_xpcaps.results.labels import MODES, version
from sphinx_xpcaps.results.view import Table

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains.python import PythonDomain

FILES = ("xpcaps.csv", "xpcaps.json")
"""Names of the files with the data of the report."""


def on_collect_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Add the report to the pages of an HTML builder if there are any tables."""
    domain = domain_of(app.env)
    tables = domain.tables_below()
    if not tables or app.builder.name not in WITH_REPORT:
        return
    here = app.builder.get_target_uri(REPORT)
    up = "../" * here.count("/")
    downloads = [
        nodes.reference("", name.rpartition(".")[2].upper(), refuri=f"{up}{name}", internal=True)
        for name in FILES
    ]
    content = report(tables, _link(app, domain), downloads)
    body = app.builder.render_partial(content)["fragment"]  # type: ignore[attr-defined]
    words = escape(json.dumps(script_words(), ensure_ascii=False), quote=True)
    body = body.replace('<div class="xpcaps ', f'<div data-words="{words}" class="xpcaps ', 1)
    title = translated("Array library support")
    yield REPORT, {"title": title, "body": f"<h1>{title}</h1>\n{body}"}, "page.html"


def write_files(app: Sphinx) -> None:
    """Write the data of the report as CSV and JSON beside the pages."""
    tables = domain_of(app.env).tables_below()
    if not tables or app.builder.name not in WITH_REPORT:
        return
    for name, text in zip(FILES, (as_csv(tables), as_json(tables)), strict=True):
        write_atomically(Path(app.outdir) / name, text.encode())


def as_csv(tables: Iterable[Table]) -> str:
    """Return tables as CSV, with a line per cell."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {"notes": "; ".join(row["notes"])} for row in _rows(tables))
    return text.getvalue()


def as_json(tables: Iterable[Table]) -> str:
    """Return tables as JSON: a list with an object per cell."""
    return json.dumps(list(_rows(tables)), indent=1, ensure_ascii=False) + "\n"


COLUMNS = (
    "function", "backend", "device", "status", "notes", *MODES, "passed", "cases",
    "package_version", "backend_version", "date",
)  # fmt: skip
"""Names of the values of a cell in the files."""


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
