"""The mark of a status: a symbol for the eye, words for everything else."""

from __future__ import annotations

from sphinx_xpcaps.render.nodes import symbol
from sphinx_xpcaps.results.labels import SYMBOLS, WORDS
from sphinx_xpcaps.results.model import Status

DRAWN = frozenset({Status.SUPPORTED, Status.PARTIAL, Status.UNSUPPORTED, Status.CONFLICT})
"""Statuses whose symbol the style sheet draws; the others are plain text."""


def mark(status: Status, *, ends: str = "") -> symbol:
    """Return the symbol of a status, with its words and what `ends` them."""
    classes = ["xpcaps-mark", f"xpcaps-is-{status.replace('_', '-')}"]
    if status in DRAWN:
        classes.append("xpcaps-drawn")
    return symbol("", WORDS[status] + ends, symbol=SYMBOLS[status], classes=classes)
