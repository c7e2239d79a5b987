"""The directive ``wrong-tables``: list the entries of ``showcase/wrong_tables.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ENTRIES = Path(__file__).parents[1] / "showcase" / "wrong_tables.toml"
TITLES = {"torch": "PyTorch", "jax": "JAX", "dask": "Dask"}


class WrongTables(SphinxDirective):
    """Insert one section with a table of functions and calls for each group of entries."""

    def run(self) -> list[nodes.Node]:
        """Parse the generated Markdown as part of the page."""
        self.env.note_dependency(str(ENTRIES))
        groups = tomllib.loads(ENTRIES.read_text("utf-8"))["group"]
        lines = [line for group in groups for line in self.section(group)]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)

    def section(self, group: dict[str, Any]) -> list[str]:
        """Return the section of a group in Markdown."""
        count = sum(len(row.get("backends", group.get("backends", []))) for row in group["rows"])
        cells = "1 cell" if count == 1 else f"{count} cells"
        lines = [f"## {group['title']}", "", f"{group['text']} Affected: {cells}.", ""]
        lines += ["| Function | Library | Call |", "| --- | --- | --- |"]
        for row in group["rows"]:
            backends = row.get("backends", group.get("backends", []))
            where = ", ".join(TITLES.get(backend, backend) for backend in backends)
            lines.append(f"| `{row['function']}` | {where} | {self.call(row)} |")
        return [*lines, ""]

    def call(self, row: dict[str, Any]) -> str:
        """Return the call of a row and its arguments."""
        shown = f"`{row['call']}`"
        if not row.get("given"):
            return shown
        return f"{shown} with `{row['given']}`"


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("wrong-tables", WrongTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
