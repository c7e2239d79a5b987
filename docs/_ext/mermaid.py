"""The directive ``mermaid``: a flowchart as SVG, drawn without network, browser or script."""

from __future__ import annotations

from docutils import nodes
from flowchart import FlowchartError, parse, svg
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class diagram(nodes.General, nodes.Element):
    """The SVG in ``svg`` in HTML, its children in other formats."""


class Mermaid(SphinxDirective):
    """Draw the flowchart in the body; formats other than HTML show its source."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the drawing."""
        source = "\n".join(self.content)
        try:
            chart = parse(source)
            arrows = [f"{chart.labels[e.source]} to {chart.labels[e.target]}" for e in chart.edges]
            drawn = diagram("", svg=svg(chart, alternative=f"Arrows: {', '.join(arrows)}."))
        except FlowchartError as error:
            raise self.error(f"mermaid: {error}") from error
        drawn += nodes.literal_block(source, source, language="none")
        return [drawn]


def _visit_html(translator: nodes.NodeVisitor, node: diagram) -> None:
    translator.body.append(f'<div style="overflow-x: auto; margin: 1em 0">{node["svg"]}</div>\n')
    raise nodes.SkipNode


def _children_only(translator: nodes.NodeVisitor, node: diagram) -> None:
    """Write the children."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the directive."""
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), (_children_only, _children_only))
    app.add_node(diagram, html=(_visit_html, _children_only), **others)
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
