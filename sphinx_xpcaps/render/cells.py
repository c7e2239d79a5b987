"""The parts that tables and summaries share: symbols of statuses, and entries of a table."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes

from sphinx_xpcaps.render.explanations import note_meaning, status_meaning
from sphinx_xpcaps.render.nodes import explained, symbol
from sphinx_xpcaps.render.words import note_words, status_word
from sphinx_xpcaps.results.labels import SYMBOLS
from sphinx_xpcaps.results.model import Status

_DRAWN = frozenset({Status.SUPPORTED, Status.PARTIAL, Status.UNSUPPORTED, Status.CONFLICT})
"""Statuses whose symbol is drawn by the style sheet; the others are text."""


def status_symbol(status: Status, *, suffix: str = "") -> symbol:
    """Return the symbol of a status; the text that goes with it ends with `suffix`."""
    classes = ["xpcaps-mark", f"xpcaps-is-{status.replace('_', '-')}"]
    if status in _DRAWN:
        classes.append("xpcaps-drawn")
    return symbol("", status_word(status) + suffix, symbol=SYMBOLS[status], classes=classes)


def status_entry(
    status: Status,
    notes: Sequence[str],
    *,
    shown: str = "",
    focusable: bool = True,
    explain: bool = True,
) -> nodes.entry:
    """Return the entry of a table for a status, followed by its notes.

    Parameters
    ----------
    status : Status
    notes : sequence of str
        Notes as in a record, which are translated.
    shown : str, optional
        Text after the notes, which is not translated.
    focusable : bool, optional
        Whether the keyboard reaches the explanation.
    explain : bool, optional
        Whether there is an explanation; in large tables, the legend is enough.
    """
    text = "; ".join(filter(None, [*map(note_words, notes), shown]))
    content = explained()
    content += status_symbol(status, suffix=":" if text else "")
    content["explanation"] = explanation(status, notes) if explain else ""
    content["focusable"] = focusable
    if text:
        content += [nodes.Text(" "), nodes.inline("", text, classes=["xpcaps-note"])]
    classes = [f"xpcaps-{status.replace('_', '-')}"]
    return nodes.entry("", nodes.paragraph("", "", content), classes=classes)


def explanation(status: Status, notes: Sequence[str]) -> str:
    """Return what a status and its notes mean, with a line for each."""
    lines = [f"{status_word(status)}: {status_meaning(status)}"]
    lines += [f"{note_words(note)}: {meaning}" for note in notes if (meaning := note_meaning(note))]
    return "\n".join(lines)


def paragraph(*content: str | nodes.Node) -> nodes.paragraph:
    """Return a paragraph of text and nodes."""
    node = nodes.paragraph()
    for part in content:
        node += nodes.Text(part) if isinstance(part, str) else part
    return node
