"""The steps of a build: tables are derived after reading, and inserted when pages are written."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from sphinx_xpcaps.extension import unmatched
from sphinx_xpcaps.extension.domain import (
    AnyRequest,
    LegendRequest,
    PackageRequest,
    ReportRequest,
    TableRequest,
    XpcapsDomain,
    domain_of,
    placeholder,
)
from sphinx_xpcaps.extension.links import links
from sphinx_xpcaps.extension.options import appearance
from sphinx_xpcaps.extension.page_digests import PageDigests
from sphinx_xpcaps.extension.report import downloads, write_files
from sphinx_xpcaps.extension.tables import build_tables, cache_folder
from sphinx_xpcaps.extension.warnings import warn_all
from sphinx_xpcaps.render.legend import legend
from sphinx_xpcaps.render.report import report
from sphinx_xpcaps.render.summary import reference, summary
from sphinx_xpcaps.render.table import inline, table
from sphinx_xpcaps.render.words import translated
from sphinx_xpcaps.results.view import Table, without_keys
from sphinx_xpcaps.version import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

WITHOUT_PAGES = frozenset({"changes", "coverage", "doctest", "gettext", "linkcheck"})
"""Builders that write no pages, for which nothing is measured."""


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Derive all tables; return the documents whose pages have to be written again."""
    domain = domain_of(env)
    if app.builder.name in WITHOUT_PAGES:
        return []
    warn_all(app, unmatched.patterns(app, domain))
    if not domain.by_document:
        return []
    built, problems = build_tables(app, list(domain.requests(TableRequest)))
    domain.tables = replace(built, reports=tuple(domain.requests(ReportRequest)))
    warn_all(app, [*problems, *unmatched.summaries(domain)])
    domain.page_digests = PageDigests.load(cache_folder(app), app.builder.name, Path(app.outdir))
    return sorted(
        docname
        for docname in domain.by_document
        if domain.page_digests.is_outdated(docname, digest(app, domain, docname))
    )


def on_build_finished(app: Sphinx, error: Exception | None) -> None:
    """Save the digests of the written pages."""
    domain = domain_of(app.env)
    if error is None and domain.page_digests is not None:
        domain.page_digests.save()
        write_files(app)


class InsertTables(SphinxPostTransform):
    """Replace placeholders by tables and summaries."""

    default_priority = 5  # before references are resolved, since summaries contain some

    def run(self, **kwargs: Any) -> None:
        """Replace all placeholders of a document."""
        domain = domain_of(self.env)
        found = list(self.document.findall(placeholder))
        assert domain.app is not None
        page = Page(domain.app, domain, self.env.docname)
        for node in found:
            content = page.render(node)
            for name in ("ids", "names", "classes"):
                if content:
                    content[0][name] += node.get(name, [])
            node.replace_self(content)
        if found and domain.page_digests is not None:
            docname = self.env.docname
            domain.page_digests.written(docname, digest(domain.app, domain, docname))


class Page:
    """Creates the nodes for the requests of one document."""

    def __init__(self, app: Sphinx, domain: XpcapsDomain, docname: str) -> None:
        self._app = app
        self._domain = domain
        self._docname = docname
        self._appearance = appearance(app)
        requests = domain.by_document.get(docname, [])
        self._has_legend = any(isinstance(request, LegendRequest) for request in requests)
        self._identifiers: set[str] = set()

    def render(self, node: placeholder) -> list[nodes.Element]:
        """Return the nodes for a placeholder; none for data that matches a pattern."""
        request: AnyRequest = node["request"]
        if isinstance(request, PackageRequest):
            tables = self._domain.tables_of(request)
            link = reference(request.docname)
            if isinstance(request, ReportRequest):
                return [report(tables, link, downloads(self._app, self._docname))]
            return [summary(tables, link)]
        if isinstance(request, LegendRequest):
            tables = tables_of_document(self._domain, self._docname)
            return [legend(shown for content in tables for shown in content.cells)]
        if request in self._domain.tables.hidden:
            return []
        content = self._domain.table(request.target)
        if request.inline:
            return inline(content, reference(self._docname)(content))
        return [self._table(node, request, content)]

    def _table(self, node: placeholder, request: TableRequest, content: Table) -> nodes.Element:
        identifier = self._identifier(node, request)
        if not node["ids"] and self._appearance.interactive:
            node["ids"] = [identifier]
        whole = table(
            content,
            appearance=self._appearance,
            options=request.options,
            identifier=identifier if self._appearance.interactive else "",
            heading=_heading(request),
            with_legend=not self._has_legend,
            links=links(self._app, self._docname, request.target, identifier),
            body=self._body(request),
        )
        if request.options.caption:  # Sphinx numbers tables, and refers to them by their own ids
            grid = next(whole.findall(nodes.table))
            grid["ids"], node["ids"] = node["ids"], []
            grid["names"], node["names"] = node["names"], []
        return whole

    def _identifier(self, node: placeholder, request: TableRequest) -> str:
        """Return an anchor that is unique on the page."""
        first = node["ids"][0] if node["ids"] else nodes.make_id(f"xpcaps-{request.target}")
        numbered = (f"{first}-{number}" for number in count(2))
        name = next(each for each in chain([first], numbered) if each not in self._identifiers)
        self._identifiers.add(name)
        return name

    def _body(self, request: TableRequest) -> list[nodes.Node]:
        """Return a link to the page with the code of a target's cases, if it is another page."""
        docname = self._domain.body_elsewhere(request)
        if docname is None:
            return []
        title = self._app.env.titles[docname].astext()
        return [
            addnodes.pending_xref(
                "",
                nodes.inline("", title),
                refdomain="std",
                reftype="doc",
                reftarget=f"/{docname}",
                refdoc=self._docname,
                refexplicit=True,
                refwarn=False,
            )
        ]


def _heading(request: TableRequest) -> str:
    if not request.injected:
        return ""
    if request.several:
        return translated("Array library support of {target}").format(target=request.target)
    return translated("Array library support")


def tables_of_document(domain: XpcapsDomain, docname: str) -> list[Table]:
    """Return the tables that a page shows, those of its summaries included."""
    requests = domain.by_document.get(docname, [])
    return [table for request in requests for table in _shown_tables(domain, request)]


def digest(app: Sphinx, domain: XpcapsDomain, docname: str) -> str:
    """Return a digest of everything that a page shows for the requests of its document.

    It is computed from tables, not from nodes: every build computes it for every document, and
    creating nodes takes a hundred times as long.
    """
    requests = domain.by_document.get(docname, [])
    content = [
        (type(request).__name__, request, _shown_tables(domain, request)) for request in requests
    ]
    bodies = [domain.body_elsewhere(each) for each in requests if isinstance(each, TableRequest)]
    reports = domain.tables.reports
    shown = (appearance(app), app.config.xpcaps_report_url, app.config.language, reports)
    # Encoded, an enum's member is the same as the text that is read from a file.
    return hashlib.sha256(msgspec.json.encode((__version__, shown, bodies, content))).hexdigest()


def _shown_tables(domain: XpcapsDomain, request: AnyRequest) -> list[Table]:
    if isinstance(request, LegendRequest):
        return []
    if isinstance(request, PackageRequest):
        return [without_keys(table) for table in domain.tables_of(request)]
    if request in domain.tables.hidden:
        return []
    return [without_keys(domain.table(request.target))]
