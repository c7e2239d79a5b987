"""Nodes that docutils does not have, and their output for each builder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes

from sphinx_xpcaps._private.sphinx import not_indexed

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator


class block(not_indexed, nodes.Element):  # type: ignore[misc]
    """A container of a table and its evidence: a ``<div>`` in HTML, nothing elsewhere.

    The attribute ``words``, if any, has the words that a script shows in it, as JSON.
    """


class details(nodes.General, nodes.Element):
    """Content that HTML folds under the text of ``summary``; elsewhere it is always shown.

    The attribute ``words``, if any, has the words that a script shows in it, as JSON.
    """


class symbol(nodes.Inline, nodes.TextElement):
    """A symbol with a text of the same meaning.

    HTML shows ``symbol`` and hides the text from all but screen readers. Other builders write the
    text only, as most fonts lack the symbols. If the attribute ``decorative`` is true, the text
    follows the symbol in any case.
    """


class explained(nodes.Inline, nodes.TextElement):
    """Text with an explanation: a tooltip in HTML, nothing elsewhere.

    The attribute ``explanation`` is its text, and ``focusable`` whether the keyboard reaches it.
    """


class picture(nodes.General, nodes.Element):
    """A drawing: the SVG in ``svg`` in HTML, the children elsewhere."""


class labelled_table(nodes.table):
    """A table with a label for screen readers, in HTML: the attribute ``label``."""


class row_header(nodes.entry):
    """The header cell of a row."""


class column_header(nodes.entry):
    """The header cell of a column."""


def scrolling(table: nodes.table) -> block:
    """Return a frame in which a table scrolls if it is wider than the page."""
    frame = block(classes=["xpcaps-scroll"])
    frame += table  # before Sphinx 8.2, the second argument of a block is its text
    return frame


def add_nodes(app: Sphinx) -> None:
    """Register the nodes with Sphinx."""
    plain: dict[str, Any] = dict.fromkeys(("latex", "text", "man", "texinfo"), (_nothing, _nothing))
    table: dict[str, Any] = dict.fromkeys(plain, (_visit_table, _depart_table))
    entry: dict[str, Any] = dict.fromkeys(plain, (_visit_entry, _depart_entry))
    app.add_node(block, html=(_visit_block, _depart_block), **plain)
    app.add_node(details, html=(_visit_details, _depart_details), **plain)
    app.add_node(explained, html=(_visit_explained, _depart_explained), **plain)
    app.add_node(picture, html=(_visit_picture, _nothing), **plain)
    words: dict[str, Any] = dict.fromkeys(plain, (_visit_words, _nothing))
    app.add_node(symbol, html=(_visit_symbol, _nothing), **words)
    app.add_node(labelled_table, html=(_visit_labelled_table, _depart_table), **table)
    app.add_node(row_header, html=(_visit_row_header, _depart_header), **entry)
    app.add_node(column_header, html=(_visit_column_header, _depart_header), **entry)


def _nothing(translator: Any, node: nodes.Element) -> None:
    """Write only the children."""


def _words_of(node: nodes.Element) -> dict[str, Any]:
    return {"data-words": node["words"]} if "words" in node else {}


def _visit_block(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append(translator.starttag(node, "div", **_words_of(node)))


def _depart_block(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append("</div>\n")


def _visit_details(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append(translator.starttag(node, "details", **_words_of(node)))
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
    decorative = node.get("decorative")  # the words follow in any case
    # A tooltip of the symbol would hide that of the explanation around it.
    parent = node.parent
    plain = decorative or (isinstance(parent, explained) and parent["explanation"])
    title: dict[str, Any] = {} if plain else {"title": node.astext().rstrip(":")}
    hidden = "" if decorative else f'<span class="xpcaps-words">{words}</span>'
    translator.body.append(
        translator.starttag(node, "span", "", **title)
        + f'<span class="xpcaps-symbol" aria-hidden="true">{shown}</span>{hidden}</span>'
    )
    raise nodes.SkipNode


def _visit_words(translator: Any, node: nodes.Element) -> None:
    if node.get("decorative"):  # the words follow in any case
        raise nodes.SkipNode


def _visit_explained(translator: HTML5Translator, node: nodes.Element) -> None:
    attributes: dict[str, Any] = {}
    if node["explanation"]:
        attributes["title"] = node["explanation"]
    if node["focusable"]:
        attributes["tabindex"] = "0"
    kind = "xpcaps-explained" if node["explanation"] else "xpcaps-cell"
    translator.body.append(translator.starttag(node, "span", "", CLASS=kind, **attributes))


def _depart_explained(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append("</span>")


def _visit_row_header(translator: HTML5Translator, node: Any) -> None:
    node.parent.column += 1
    translator.body.append(translator.starttag(node, "th", "", CLASS="stub", scope="row"))


def _visit_column_header(translator: HTML5Translator, node: Any) -> None:
    node.parent.column += 1
    translator.body.append(translator.starttag(node, "th", "", CLASS="head", scope="col"))


def _depart_header(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append("</th>\n")


def _visit_labelled_table(translator: HTML5Translator, node: Any) -> None:
    translator.visit_table(node)
    label = f'<table aria-label="{translator.attval(node["label"])}" '
    translator.body[-1] = translator.body[-1].replace("<table ", label, 1)


def _visit_table(translator: Any, node: nodes.Element) -> None:
    translator.visit_table(node)


def _depart_table(translator: Any, node: nodes.Element) -> None:
    translator.depart_table(node)


def _visit_entry(translator: Any, node: nodes.Element) -> None:
    translator.visit_entry(node)


def _depart_entry(translator: Any, node: nodes.Element) -> None:
    translator.depart_entry(node)
