"""The links below a table: to itself, to the report, and to report a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from docutils import nodes

from sphinx_xpcaps.extension.domain import domain_of
from sphinx_xpcaps.render.words import translated

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DATA = "xpcaps.json"
"""The name of the file with the records of a site."""
REPORT = "xpcaps-report"
"""The name of the report page."""
WITH_REPORT = frozenset({"html", "dirhtml"})
"""Builders that write a page with the report, and its data, even if no document requests it."""


def links(app: Sphinx, docname: str, target: str, identifier: str) -> list[nodes.reference]:
    """Return the links below a table.

    Parameters
    ----------
    app : Sphinx
    docname : str
        The document with the table.
    target : str
        The target of the table.
    identifier : str
        The anchor of the table.
    """
    found = [_link(translated("Link to this table"), f"#{identifier}")]
    domain = domain_of(app.env)
    report = domain.report_document(target)
    if report is None and app.builder.name in WITH_REPORT:
        report = REPORT
    if report is not None:
        uri = app.builder.get_relative_uri(docname, report)
        found.append(_link(translated("All functions"), uri))
    data = domain.tables.published.get(target)
    if data is None and app.builder.name in WITH_REPORT:
        data = f"{to_root(app, docname)}{DATA}"
    if data is not None:
        found.append(_link(translated("Record"), data))
    address = app.config.xpcaps_report_url
    if address:
        uri = address.replace("{target}", quote(target))
        found.append(_link(translated("Report a problem"), uri))
    return found


def to_root(app: Sphinx, docname: str) -> str:
    """Return the relative address of the site's root from the page of a document."""
    return "../" * app.builder.get_target_uri(docname).count("/")


def _link(text: str, uri: str) -> nodes.reference:
    internal = ":" not in uri
    return nodes.reference("", text, refuri=uri, internal=internal)
