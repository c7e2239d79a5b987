"""Where a document asks for a table: the place that a warning names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_xpcaps.extension.domain import TableRequest
from sphinx_xpcaps.extension.warnings import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def warn_at(app: Sphinx, wish: TableRequest, kind: str, message: str) -> None:
    """Warn where `wish` was made."""
    warn(kind, message, (wish.docname, wish.line or _line_that_names(app, wish)))


def _line_that_names(app: Sphinx, wish: TableRequest) -> int | None:
    """Return where a document asks for a target that a pattern matched, or for what holds it.

    Descriptions that autodoc makes know the line of the docstring, not of the document.
    """
    try:
        lines = Path(app.env.doc2path(wish.docname)).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return None
    for name in reversed(wish.target.split(".")):
        named = re.compile(rf"(::|\}})\s*([\w.]+\.)?{re.escape(name)}\s*(\(|$)")
        for number, line in enumerate(lines, 1):
            if named.search(line):
                return number
    return None
