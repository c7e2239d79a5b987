"""Add the directives, nodes, events and static files of the extension to Sphinx."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_xpcaps import render
from sphinx_xpcaps.extension import options, pages, report
from sphinx_xpcaps.extension.directives import Capabilities, Inline, Legend, Report, Summary
from sphinx_xpcaps.extension.domain import XpcapsDomain, caption_of, domain_of, placeholder
from sphinx_xpcaps.extension.inject import on_object_description
from sphinx_xpcaps.render.nodes import add_nodes
from sphinx_xpcaps.render.words import CATALOG
from sphinx_xpcaps.version import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

STATIC = Path(render.__file__).parent / "static"
"""The folder with the style sheet and the script."""
LOCALES = Path(__file__).parents[1] / "locales"
"""The folder with the message catalogues."""


def connect(app: Sphinx) -> ExtensionMetadata:
    """Add everything to Sphinx; return the metadata of the extension."""
    options.register(app)
    add_nodes(app)
    app.add_message_catalog(CATALOG, str(LOCALES))
    app.add_domain(XpcapsDomain)
    app.add_directive("xp-capabilities", Capabilities)
    app.add_directive("xp-capabilities-summary", Summary)
    app.add_directive("xp-capabilities-report", Report)
    app.add_directive("xp-capabilities-legend", Legend)
    app.add_role("xpcap", Inline())
    app.add_enumerable_node(placeholder, "table", caption_of)  # type: ignore[arg-type]
    app.add_css_file("xpcaps.css")
    app.add_js_file("xpcaps.js", loading_method="defer")
    app.add_post_transform(pages.InsertTables)
    # Sphinx checks the types with priority 800, and would warn about them again.
    app.connect("config-inited", options.on_config_inited, priority=700)
    app.connect("builder-inited", on_builder_inited)
    app.connect("object-description-transform", on_object_description)
    app.connect("env-updated", pages.on_env_updated)
    app.connect("html-collect-pages", report.on_collect_pages)
    app.connect("build-finished", pages.on_build_finished)
    return {
        "version": __version__,
        "env_version": XpcapsDomain.data_version,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def on_builder_inited(app: Sphinx) -> None:
    """Add our static files to HTML builders, before those of the project, which override them."""
    domain_of(app.env).app = app
    if app.builder.format == "html":
        app.config.html_static_path.insert(0, str(STATIC))
