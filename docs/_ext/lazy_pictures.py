"""A directive that draws a picture of a lazy graph while the documentation is built."""

from __future__ import annotations

import io

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class LazyPicture(SphinxDirective):
    """Run the body, which leaves a figure in ``fig``, and show both."""

    has_content = True
    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the code and its picture; formats other than HTML get the picture's words."""
        source = "\n".join(self.content)
        names: dict[str, object] = {}
        exec(source, names)
        drawn = io.StringIO()
        names["fig"].savefig(drawn, format="svg", metadata={"Date": None}, transparent=True)
        svg = drawn.getvalue()
        alt = self.options["alt"]
        start = svg.index("<svg")
        picture = svg[start:].replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)
        code = nodes.literal_block(source, source, language="python")
        figure = nodes.raw("", f'<div style="background: white">{picture}</div>', format="html")
        words = nodes.raw("", alt, format="text latex")
        return [code, figure, words]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the directive."""
    app.add_directive("lazy-picture", LazyPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
