"""Typed warnings: every one is ``xpcaps.KIND`` and can be suppressed by that name."""

from __future__ import annotations

from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger("sphinx_xpcaps")

KINDS = {
    "option": "An option in `conf.py` or of a directive that does not exist, or its value.",
    "backend": "A backend that no adapter knows.",
    "target": "A target that cannot be found, imported or called.",
    "no_case": "A target for which no case could be made: nothing says how to call it.",
    "body": "A directive's body that raises.",
    "record": "A record that is missing or cannot be read.",
    "mismatch": "A committed record or a declaration that says something else than was measured.",
    "engine": "The measuring itself failed; tables come from records alone.",
}
"""What each kind of warning means; the guide shows this table."""


def warn(kind: str, message: str, location: tuple[str, int | None] | Path | None = None) -> None:
    """Warn in one line; `location` is a document with a line, or a file."""
    assert kind in KINDS
    if isinstance(location, Path):  # Sphinx would take it for the name of a document
        location, message = None, f"{location}: {message}"
    logger.warning("%s", message, type="xpcaps", subtype=kind, location=location)
