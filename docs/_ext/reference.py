"""Parts of the guide that are generated: options, warnings, rules, symbols and JSON Schemas."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from sphinx_xpcaps.advise.rules import RULES
from sphinx_xpcaps.config import options
from sphinx_xpcaps.declared import findings_file
from sphinx_xpcaps.declared import known_differences as known
from sphinx_xpcaps.extension.warnings import KINDS
from sphinx_xpcaps.render.cells import status_symbol
from sphinx_xpcaps.results import record
from sphinx_xpcaps.results.model import Status


class _Generated(SphinxDirective):
    def source(self) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Parse the generated Markdown as part of the page."""
        return self.parse_text_to_nodes("\n".join(self.source()))


class Options(_Generated):
    """List every option with its default and meaning."""

    def source(self) -> list[str]:
        """Return a definition list in Markdown."""
        lines = []
        for name, default, _, meaning in options():
            lines += [f"`{name} = {default!r}`", f": {meaning}", ""]
        return lines


class Warnings(_Generated):
    """List every type of warning with its meaning."""

    def source(self) -> list[str]:
        """Return a table in Markdown."""
        rows = [f"| `xpcaps.{kind}` | {meaning} |" for kind, meaning in sorted(KINDS.items())]
        return ["| type | meaning |", "| --- | --- |", *rows]


class Rules(_Generated):
    """List every rule of ``advise``."""

    def source(self) -> list[str]:
        """Return a table in Markdown."""
        rows = [
            f"| {rule.code} | `{rule.name}` | {rule.meaning} | {'yes' if rule.default else 'no'} |"
            for rule in RULES.values()
        ]
        return ["| rule | name | meaning | default |", "| --- | --- | --- | --- |", *rows]


class StatusSymbol(SphinxRole):
    """Show the symbol of a status, as tables do."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the symbol."""
        return [status_symbol(Status(self.text))], []


def publish_schemas(app: Sphinx, error: Exception | None) -> None:
    """Write the JSON Schemas of all file formats into the output folder."""
    if error is None and app.builder.format == "html":
        schemas = {
            "record": record.schema(),
            "known": known.schema(),
            "declared": findings_file.schema(),
        }
        for name, schema in schemas.items():
            text = json.dumps(schema, indent=2, sort_keys=True)
            (Path(app.outdir) / f"{name}.schema.json").write_text(f"{text}\n", "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives and publish the schemas."""
    app.add_directive("xpcaps-options", Options)
    app.add_directive("xpcaps-warnings", Warnings)
    app.add_directive("xpcaps-rules", Rules)
    app.add_role("xpcaps-status", StatusSymbol())
    app.connect("build-finished", publish_schemas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
