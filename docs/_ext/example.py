"""The directive ``shown``: reStructuredText or Markdown, and what it gives."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Shown(SphinxDirective):
    """Show the content as source, and below it as it is rendered."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return a block of code, followed by the parsed content."""
        source = "\n".join(self.content)
        code = nodes.literal_block(source, source, language="markdown")
        return [code, *self.parse_content_to_nodes()]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("shown", Shown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
