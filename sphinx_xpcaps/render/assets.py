"""The style sheet and script, added to HTML pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

STATIC = Path(__file__).parent / "static"


def on_builder_inited(app: Sphinx) -> None:
    """Let HTML builders copy our files; the project's own files of the same name come later."""
    if app.builder.format == "html":
        app.config.html_static_path.insert(0, str(STATIC))
