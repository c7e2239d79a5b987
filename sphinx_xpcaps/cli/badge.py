"""The command ``badge``: a badge with the share of supported functions."""

from __future__ import annotations

from pathlib import Path

import click

from sphinx_xpcaps.cli.formats import json_text
from sphinx_xpcaps.cli.records import COLUMNS, FILE, check_backends, fail, read_all, tables_of
from sphinx_xpcaps.files import replace_own
from sphinx_xpcaps.results.badge import badge as make_badge
from sphinx_xpcaps.results.badge import is_badge


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--backend", "name", required=True, metavar="NAME", help="The array library.")
@click.option(
    "--device",
    type=click.Choice(COLUMNS),
    default=COLUMNS[0],
    show_default=True,
    help="The device: the column of the tables.",
)
@click.option("--target", "prefix", default="", metavar="NAME", help="Only targets below NAME.")
@click.option("--label", help="Text on the left. [default: the library's title]")
@click.option(
    "--format",
    "style",
    type=click.Choice(["json", "svg"]),
    help="JSON for an endpoint badge of shields.io, or SVG. [default: by the output's suffix]",
)
@click.option("--output", "-o", type=FILE, help="File to write. [default: standard output]")
def badge(
    files: tuple[Path, ...],
    name: str,
    device: str,
    prefix: str,
    label: str | None,
    style: str | None,
    output: Path | None,
) -> None:
    """Create a badge from the records in each FILE: how many functions a library supports.

    No network is used. The JSON is for https://img.shields.io/endpoint; the SVG is the whole badge.
    """
    records = read_all(files)
    check_backends([name], records)
    tables = tables_of(records, [name])
    selected = [
        table
        for target, table in tables.items()
        if not prefix or f"{target}.".startswith(f"{prefix}.")
    ]
    if not selected:
        fail("no record has a target" + (f" below {prefix!r}" if prefix else ""))
    made = make_badge(selected, name, device, label)
    if style is None:
        style = "svg" if output is not None and output.suffix == ".svg" else "json"
    content = made.svg() if style == "svg" else json_text(made.endpoint())
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        replace_own(output, content.encode(), is_badge)
    except OSError as error:
        fail(f"{output}: {error.strerror or error}")
