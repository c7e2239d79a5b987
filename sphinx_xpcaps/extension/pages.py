"""The steps of a build: tables are derived after reading, and inserted when pages are written."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from sphinx_xpcaps.extension import unmatched
from sphinx_xpcaps.extension.domain import (
    AnyRequest,
    SummaryRequest,
    TableRequest,
    XpcapsDomain,
    domain_of,
    placeholder,
)
from sphinx_xpcaps.extension.page_digests import PageDigests
from sphinx_xpcaps.extension.tables import build_tables, cache_folder
from sphinx_xpcaps.extension.warnings import report
from sphinx_xpcaps.render.summary import reference, summary
from sphinx_xpcaps.render.table import table
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
    report(app, unmatched.patterns(app, domain))
    if not domain.by_document:
        return []
    domain.tables, problems = build_tables(app, list(domain.requests(TableRequest)))
    report(app, [*problems, *unmatched.summaries(domain)])
    domain.page_digests = PageDigests.load(cache_folder(app), app.builder.name, Path(app.outdir))
    return sorted(
        docname
        for docname in domain.by_document
        if domain.page_digests.is_outdated(docname, digest(domain, docname))
    )


def on_build_finished(app: Sphinx, error: Exception | None) -> None:
    """Save the digests of the written pages."""
    domain = domain_of(app.env)
    if error is None and domain.page_digests is not None:
        domain.page_digests.save()


class InsertTables(SphinxPostTransform):
    """Replace placeholders by tables and summaries."""

    default_priority = 5  # before references are resolved, since summaries contain some

    def run(self, **kwargs: Any) -> None:
        """Replace all placeholders of a document."""
        domain = domain_of(self.env)
        found = list(self.document.findall(placeholder))
        for node in found:
            content = render(domain, node["request"])
            for name in ("ids", "names", "classes"):
                if content:
                    content[0][name] += node.get(name, [])
            node.replace_self(content)
        if found and domain.page_digests is not None:
            docname = self.env.docname
            domain.page_digests.written(docname, digest(domain, docname))


def render(domain: XpcapsDomain, request: AnyRequest) -> list[nodes.Element]:
    """Return the nodes for a request; none for data that matches a pattern."""
    if isinstance(request, SummaryRequest):
        return [summary(domain.summarized(request), reference(request.docname))]
    if request in domain.tables.hidden:
        return []
    return [
        table(
            domain.table(request.target),
            backends=request.backends,
            devices=request.devices,
            with_title=request.injected,
            with_graph=request.graph,
        )
    ]


def digest(domain: XpcapsDomain, docname: str) -> str:
    """Return a digest of everything that a page shows for the requests of its document.

    It is computed from tables, not from nodes: every build computes it for every document, and
    creating nodes takes a hundred times as long.
    """
    requests = domain.by_document.get(docname, [])
    content = [(request, _shown_tables(domain, request)) for request in requests]
    return hashlib.sha256(f"{__version__} {content!r}".encode()).hexdigest()


def _shown_tables(domain: XpcapsDomain, request: AnyRequest) -> list[Table]:
    if isinstance(request, SummaryRequest):
        return [without_keys(table) for table in domain.summarized(request)]
    if request in domain.tables.hidden:
        return []
    return [without_keys(domain.table(request.target))]
