"""The links below a table: to itself, to the report, and to report a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from docutils import nodes

from sphinx_xpcaps.render.words import translated

if TYPE_CHECKING:
    from sphinx.application import Sphinx

REPORT = "xpcaps-report"
"""The name of the report page."""
WITH_REPORT = frozenset({"html", "dirhtml"})
"""Builders that write the report."""


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
    if app.builder.name in WITH_REPORT:
        uri = app.builder.get_relative_uri(docname, REPORT)
        found.append(_link(translated("All functions"), uri))
    address = app.config.xpcaps_report_url
    if address:
        uri = address.replace("{target}", quote(target))
        found.append(_link(translated("Report a problem"), uri))
    return found


def _link(text: str, uri: str) -> nodes.reference:
    internal = ":" not in uri
    return nodes.reference("", text, refuri=uri, internal=internal)
