"""The parts that tables and summaries share: symbols of statuses, and entries of a table."""

from __future__ import annotations

from docutils import nodes

from sphinx_xpcaps.render.nodes import symbol
from sphinx_xpcaps.results.labels import STATUSES, SYMBOLS
from sphinx_xpcaps.results.model import Status

_DRAWN = frozenset({Status.SUPPORTED, Status.PARTIAL, Status.UNSUPPORTED, Status.CONFLICT})
"""Statuses whose symbol is drawn by the style sheet; the others are text."""


def status_symbol(status: Status, *, suffix: str = "") -> symbol:
    """Return the symbol of a status; the text that goes with it ends with `suffix`."""
    classes = ["xpcaps-mark", f"xpcaps-is-{status.replace('_', '-')}"]
    if status in _DRAWN:
        classes.append("xpcaps-drawn")
    return symbol("", STATUSES[status] + suffix, symbol=SYMBOLS[status], classes=classes)


def status_entry(status: Status, notes: str) -> nodes.entry:
    """Return the entry of a table for a status, followed by its notes."""
    content = paragraph(status_symbol(status, suffix=":" if notes else ""))
    if notes:
        content += [nodes.Text(" "), nodes.inline("", notes, classes=["xpcaps-note"])]
    return nodes.entry("", content, classes=[f"xpcaps-{status.replace('_', '-')}"])


def paragraph(*content: str | nodes.Node) -> nodes.paragraph:
    """Return a paragraph of text and nodes."""
    node = nodes.paragraph()
    for part in content:
        node += nodes.Text(part) if isinstance(part, str) else part
    return node
