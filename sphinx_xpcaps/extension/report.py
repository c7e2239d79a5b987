"""The report: a page that lists all targets and can be searched and filtered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes

from sphinx_xpcaps.extension.domain import XpcapsDomain, domain_of
from sphinx_xpcaps.extension.links import REPORT, WITH_REPORT
from sphinx_xpcaps.render.summary import Link, summary
from sphinx_xpcaps.results.view import Table

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains.python import PythonDomain

TITLE = "Array library support"


def on_collect_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Add the report to the pages of an HTML builder if there are any tables."""
    domain = domain_of(app.env)
    tables = domain.tables_below()
    if not tables or app.builder.name not in WITH_REPORT:
        return
    content = summary(tables, _link(app, domain))
    content["classes"].append("xpcaps-report")
    body = app.builder.render_partial(content)["fragment"]  # type: ignore[attr-defined]
    context = {"title": TITLE, "body": f"<h1>{TITLE}</h1>\n{body}"}
    yield REPORT, context, "page.html"


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
