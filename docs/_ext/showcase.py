"""What it takes to show other projects' docstrings away from their own documentation.

Their docstrings point to pages of their sites, and there are hundreds of them. Nothing here is
about capabilities; everything stays a warning on our own pages.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

FOREIGN = "showcase/"


def as_text(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Node
) -> nodes.Node | None:
    """Show a reference to a page that is not here as its text."""
    return content if node.get("refdoc", "").startswith(FOREIGN) else None


def repaired(
    app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]
) -> None:
    """Drop lists of pages from a module's docstring, as they are not here; mend a known slip."""
    if what == "module" and not name.startswith("core"):
        lines[:] = _without_toctrees(lines)
    if name == "array_api_extra.lazy_apply":
        lines[:] = [" " + line if line.startswith("   or Numba") else line for line in lines]


def _without_toctrees(lines: list[str]) -> list[str]:
    kept, dropping = [], False
    for line in lines:
        if line.strip() == ".. toctree::":
            dropping = True
        elif dropping and line.strip() and not line.startswith(" "):
            dropping = False
        if not dropping:
            kept.append(line)
    return kept


def leave_ufunc(
    app: Sphinx, what: str, name: str, obj: object, options: Any, signature: str | None, _: Any
) -> tuple[None, None] | None:
    """Keep numpydoc from giving a ufunc, data to autodoc, a signature that replaces none.

    Autodoc of Sphinx 9.0 fails on that and leaves the object out.
    """
    return (None, None) if what == "data" and callable(obj) and signature is None else None


def short_sidebar(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave the functions out of the sidebar: hundreds of them are too long a list."""
    toctree = context.get("toctree")
    if toctree is not None:
        context["toctree"] = lambda **options: toctree(**options | {"maxdepth": 2})


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect all of it."""
    app.connect("missing-reference", as_text, priority=900)
    app.connect("autodoc-process-docstring", repaired, priority=100)
    app.connect("autodoc-process-signature", leave_ufunc, priority=100)
    app.connect("html-page-context", short_sidebar, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
