"""The directive ``lazy-picture``: code that plots a lazy graph, with its plot."""

from __future__ import annotations

import io

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class LazyPicture(SphinxDirective):
    """Execute the body, which creates a figure ``fig``, and show both."""

    has_content = True
    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the code and the plot; formats other than HTML show the alternative text."""
        source = "\n".join(self.content)
        names: dict[str, object] = {}
        exec(source, names)
        file = io.StringIO()
        names["fig"].savefig(file, format="svg", metadata={"Date": None}, transparent=True)
        svg = file.getvalue()
        alt = self.options["alt"]
        start = svg.index("<svg")
        picture = svg[start:].replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)
        code = nodes.literal_block(source, source, language="python")
        figure = nodes.raw("", f'<div style="background: white">{picture}</div>', format="html")
        text = nodes.raw("", alt, format="text latex")
        return [code, figure, text]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the directive."""
    app.add_directive("lazy-picture", LazyPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
