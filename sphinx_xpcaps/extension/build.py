"""From wishes to pages: measure once all documents are read, fill in when pages are written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from sphinx_xpcaps.extension.domain import (
    SummaryRequest,
    TableRequest,
    XpcapsDomain,
    domain_of,
    placeholder,
)
from sphinx_xpcaps.extension.page_digests import Written
from sphinx_xpcaps.extension.report import requested
from sphinx_xpcaps.extension.tables import gather
from sphinx_xpcaps.render.summary import reference, summary
from sphinx_xpcaps.render.table import table
from sphinx_xpcaps.results.view import Table, without_keys
from sphinx_xpcaps.version import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

NOT_SHOWN = frozenset({"changes", "coverage", "doctest", "gettext", "linkcheck"})
"""Builders that show no pages, so that nothing is measured for them."""


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Derive all tables; return the documents whose tables changed since they were written."""
    domain = domain_of(env)
    if app.builder.name in NOT_SHOWN or not domain.by_document:
        return []
    gathered = gather(app, list(domain.wishes(TableRequest)))
    domain.tables, domain.dropped = gathered.tables, gathered.dropped
    domain.written = Written.load(app)
    return sorted(
        docname
        for docname, wishes in domain.by_document.items()
        if domain.written.is_stale(docname, _digest(domain, wishes))
    )


def on_build_finished(app: Sphinx, error: Exception | None) -> None:
    """Remember what the written pages show."""
    domain = domain_of(app.env)
    if error is None and domain.written is not None:
        domain.written.save()


class FillIn(SphinxPostTransform):
    """Replaces placeholders by what was measured."""

    default_priority = 5  # before references are resolved, as summaries have some

    def run(self, **kwargs: Any) -> None:
        """Replace all placeholders of a document."""
        domain = domain_of(self.env)
        found = list(self.document.findall(placeholder))
        for node in found:
            shown = render(domain, node["wish"])
            for name in ("ids", "names", "classes"):
                if shown:
                    shown[0][name] += node.get(name, [])
            node.replace_self(shown)
        if found and domain.written is not None:
            docname = self.env.docname
            domain.written.note(docname, _digest(domain, domain.by_document.get(docname, [])))


def render(domain: XpcapsDomain, wish: TableRequest | SummaryRequest) -> list[nodes.Element]:
    """Return what stands on the page for `wish`; nothing for data that a pattern matched."""
    if isinstance(wish, SummaryRequest):
        return [summary(requested(domain, wish.package), reference(wish.docname))]
    if wish in domain.dropped:
        return []
    shown = domain.table(wish.target)
    return [
        table(
            shown,
            backends=wish.backends,
            devices=wish.devices,
            titled=wish.injected,
            drawn=wish.graph,
        )
    ]


def _digest(domain: XpcapsDomain, wishes: Sequence[TableRequest | SummaryRequest]) -> str:
    """Return a digest of all facts that a reader sees of `wishes`.

    Facts and not nodes, as making nodes takes a hundred times longer, and every build asks this of
    every document.
    """
    facts = [(wish, _visible(domain, wish)) for wish in wishes]
    return hashlib.sha256(f"{__version__} {facts!r}".encode()).hexdigest()


def _visible(domain: XpcapsDomain, wish: TableRequest | SummaryRequest) -> list[Table]:
    if isinstance(wish, SummaryRequest):
        return [without_keys(table) for table in requested(domain, wish.package)]
    return [] if wish in domain.dropped else [without_keys(domain.table(wish.target))]
