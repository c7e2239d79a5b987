"""Nodes that docutils does not have, and their output for each builder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes

from sphinx_xpcaps._private.sphinx import not_indexed

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator


class block(not_indexed, nodes.Element):  # type: ignore[misc]
    """A container of a table and its evidence: a ``<div>`` in HTML, nothing elsewhere."""


class details(nodes.General, nodes.Element):
    """Content that HTML folds under the text of ``summary``; elsewhere it is always shown."""


class symbol(nodes.Inline, nodes.TextElement):
    """A symbol with a text of the same meaning.

    HTML shows ``symbol`` and hides the text from all but screen readers. Other builders write the
    text only, as most fonts lack the symbols.
    """


class picture(nodes.General, nodes.Element):
    """A drawing: the SVG in ``svg`` in HTML, the children elsewhere."""


class row_header(nodes.entry):
    """The header cell of a row."""


def scrolling(table: nodes.table) -> block:
    """Return a frame in which a table scrolls if it is wider than the page."""
    return block("", table, classes=["xpcaps-scroll"])


def add_nodes(app: Sphinx) -> None:
    """Register the nodes with Sphinx."""
    plain: dict[str, Any] = dict.fromkeys(("latex", "text", "man", "texinfo"), (_nothing, _nothing))
    entry: dict[str, Any] = dict.fromkeys(plain, (_visit_entry, _depart_entry))
    app.add_node(block, html=(_visit_block, _depart_block), **plain)
    app.add_node(details, html=(_visit_details, _depart_details), **plain)
    app.add_node(picture, html=(_visit_picture, _nothing), **plain)
    app.add_node(symbol, html=(_visit_symbol, _nothing), **plain)
    app.add_node(row_header, html=(_visit_row_header, _depart_entry), **entry)


def _nothing(translator: Any, node: nodes.Element) -> None:
    """Write only the children."""


def _visit_block(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append(translator.starttag(node, "div"))


def _depart_block(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append("</div>\n")


def _visit_details(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append(translator.starttag(node, "details"))
    summary = translator.encode(node["summary"])
    translator.body.append(f"<summary>{summary}</summary>\n")


def _depart_details(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append("</details>\n")


def _visit_picture(translator: HTML5Translator, node: nodes.Element) -> None:
    frame = translator.starttag(node, "div", "", CLASS="xpcaps-graph")
    translator.body.append(f"{frame}{node['svg']}</div>\n")
    raise nodes.SkipNode


def _visit_symbol(translator: HTML5Translator, node: nodes.Element) -> None:
    shown, words = translator.encode(node["symbol"]), translator.encode(node.astext())
    translator.body.append(
        translator.starttag(node, "span", "", title=node.astext().rstrip(":"))
        + f'<span class="xpcaps-symbol" aria-hidden="true">{shown}</span>'
        + f'<span class="xpcaps-words">{words}</span></span>'
    )
    raise nodes.SkipNode


def _visit_row_header(translator: HTML5Translator, node: Any) -> None:
    node.parent.column += 1
    translator.body.append(translator.starttag(node, "th", "", CLASS="stub", scope="row"))
    translator.context.append("</th>\n")


def _visit_entry(translator: Any, node: nodes.Element) -> None:
    translator.visit_entry(node)


def _depart_entry(translator: Any, node: nodes.Element) -> None:
    translator.depart_entry(node)
