"""Adapt the docstrings of other projects for the showcase.

They refer to pages of their own sites. On other pages of this documentation, unresolved references
are still reported as warnings.
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
    """Show an unresolved reference in the showcase as text."""
    return content if node.get("refdoc", "").startswith(FOREIGN) else None


def clean_docstring(
    app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]
) -> None:
    """Remove tables of contents from modules' docstrings, and fix an indentation error."""
    if what == "module" and not name.startswith("core"):
        lines[:] = _without_toctrees(lines)
    if name == "array_api_extra.lazy_apply":
        lines[:] = [" " + line if line.startswith("   or Numba") else line for line in lines]


def _without_toctrees(lines: list[str]) -> list[str]:
    kept, in_toctree = [], False
    for line in lines:
        if line.strip() == ".. toctree::":
            in_toctree = True
        elif in_toctree and line.strip() and not line.startswith(" "):
            in_toctree = False
        if not in_toctree:
            kept.append(line)
    return kept


def keep_ufunc_signature(
    app: Sphinx, what: str, name: str, obj: object, options: Any, signature: str | None, _: Any
) -> tuple[None, None] | None:
    """Prevent numpydoc from setting the signature of a ufunc.

    For autodoc, ufuncs are data without a signature. Autodoc of Sphinx 9.0 fails if an extension
    sets one, and omits the object.
    """
    return (None, None) if what == "data" and callable(obj) and signature is None else None


def short_sidebar(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Exclude the showcase's hundreds of functions from the sidebar."""
    toctree = context.get("toctree")
    if toctree is not None:
        context["toctree"] = lambda **options: toctree(**options | {"maxdepth": 2})


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the event handlers."""
    app.connect("missing-reference", as_text, priority=900)
    app.connect("autodoc-process-docstring", clean_docstring, priority=100)
    app.connect("autodoc-process-signature", keep_ufunc_signature, priority=100)
    app.connect("html-page-context", short_sidebar, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
