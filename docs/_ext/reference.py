"""Parts of the guide generated from the code.

These are options, warnings, rules, symbols, directives, commands, statuses, notes, the fields of
records, and the JSON Schemas.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from sphinx_xpcaps.advise.rules import RULES
from sphinx_xpcaps.cli import main
from sphinx_xpcaps.config import options
from sphinx_xpcaps.declared import findings_file
from sphinx_xpcaps.declared import known_differences as known
from sphinx_xpcaps.extension.directives import Capabilities, Legend, Report, Summary
from sphinx_xpcaps.extension.warnings import KINDS
from sphinx_xpcaps.render.cells import status_symbol
from sphinx_xpcaps.render.explanations import NOTE_MEANINGS, STATUS_MEANINGS
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


class Directives(_Generated):
    """List every directive with its options."""

    def source(self) -> list[str]:
        """Return a table in Markdown."""
        lines = ["| directive | options |", "| --- | --- |"]
        for directive in (Capabilities, Summary, Report, Legend):
            meaning = " ".join((directive.__doc__ or "").replace("``", "`").split())
            lines.append(f"| {meaning} | {', '.join(f'`{name}`' for name in directive.known)} |")
        return lines


class Commands(_Generated):
    """List every command with its options."""

    def source(self) -> list[str]:
        """Return a section for each command in Markdown."""
        lines = []
        for name, command in sorted(main.commands.items()):
            context = click.Context(command, info_name=f"sphinx-xpcaps {name}")
            summary = (command.help or "").partition("\n\n")[0]
            usage = command.get_usage(context).removeprefix("Usage: ")
            lines += [f"`{usage}`", "", f": {' '.join(summary.split())}", ""]
            for parameter in command.get_params(context):
                help_record = parameter.get_help_record(context)
                if help_record is not None:
                    option, meaning = help_record
                    lines.append(f"  - `{option}`: {' '.join(meaning.split())}")
            lines.append("")
        return lines


class Statuses(_Generated):
    """List every status, and every outcome."""

    def source(self) -> list[str]:
        """Return a table in Markdown."""
        lines = ["| in records | shown | meaning |", "| --- | --- | --- |"]
        for status, meaning in STATUS_MEANINGS.items():
            lines.append(f"| `{status.value}` | {{xpcaps-status}}`{status.value}` | {meaning} |")
        return lines


class Notes(_Generated):
    """List every note with its meaning."""

    def source(self) -> list[str]:
        """Return a table in Markdown."""
        rows = [f"| {note.value} | {meaning} |" for note, meaning in NOTE_MEANINGS.items()]
        return ["| note | meaning |", "| --- | --- |", *rows]


class RecordFields(_Generated):
    """List the fields of each object of a record with their types, from the JSON Schema."""

    def source(self) -> list[str]:
        """Return a table for each object in Markdown."""
        lines = []
        for name, definition in sorted(record.schema()["$defs"].items()):
            if "properties" not in definition:
                continue
            lines += [f"**{name}**: {definition.get('description', '').splitlines()[0]}", ""]
            lines += ["| field | type | required |", "| --- | --- | --- |"]
            for field, kind in definition["properties"].items():
                required = "yes" if field in definition.get("required", ()) else ""
                lines.append(f"| `{field}` | {_type(kind)} | {required} |")
            lines.append("")
        return lines


def _type(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        return str(kind["$ref"]).rpartition("/")[2]
    if "anyOf" in kind:
        return " or ".join(_type(one) for one in kind["anyOf"])
    if "enum" in kind:
        return ", ".join(f"`{one}`" for one in kind["enum"])
    if kind.get("type") == "array":
        return f"array of {_type(kind.get('items', {}))}"
    if kind.get("type") == "object" and isinstance(kind.get("additionalProperties"), dict):
        return f"object with values of {_type(kind['additionalProperties'])}"
    return str(kind.get("type", "any"))


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

    app.add_directive("xpcaps-commands", Commands)
    app.add_directive("xpcaps-directives", Directives)
    app.add_directive("xpcaps-notes", Notes)
    app.add_directive("xpcaps-record-fields", RecordFields)
    app.add_directive("xpcaps-statuses", Statuses)
    app.add_role("xpcaps-status", StatusSymbol())
    app.connect("build-finished", publish_schemas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
