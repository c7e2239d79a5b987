"""Write formulas as MathML, which browsers show without a script from the network."""

from __future__ import annotations

import re
from html import escape

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(_mathml(node.astext(), block=False))
    raise nodes.SkipNode


def display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write one formula per block of lines, each as a paragraph."""
    for tex in re.split(r"\n\s*\n", node.astext().strip()):
        translator.body.append(f'<div class="math">{_mathml(tex, block=True)}</div>\n')
    raise nodes.SkipNode


def _mathml(tex: str, *, block: bool) -> str:
    """Return a formula as MathML, or its source if docutils cannot convert it."""
    try:
        return tex2mathml(_portable(tex), as_block=block)
    except (MathError, IndexError):
        return f"<code>{escape(tex)}</code>"


def _portable(tex: str) -> str:
    r"""Rewrite what docutils does not know: ``{a}\choose{b}`` and a leading subscript."""
    tex = re.sub(r"\{\{([^{}]*)\}\s*\\choose\s*\{([^{}]*)\}\}", r"\\binom{\1}{\2}", tex)
    return f"{{}}{tex}" if tex.startswith("_") else tex


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
