"""The command ``history``: from which version of a library a cell holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from sphinx_xpcaps.cli.formats import Code, Format, Value, format_option, json_text, table
from sphinx_xpcaps.cli.records import FILE, check_backends, fail, read_all
from sphinx_xpcaps.results.changes import cell_text
from sphinx_xpcaps.results.history import History, Span, histories
from sphinx_xpcaps.results.labels import DEVICES, SYMBOLS, title

_DEFAULT = Path("xpcaps/*.json")
_HEADER = ("Target", "Library", "Device", "Versions", "Status", "Holds")


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--record",
    "files",
    type=FILE,
    multiple=True,
    default=[_DEFAULT],
    show_default=True,
    help="Record, bundle or pattern. Repeatable.",
)
@click.option("--backend", "names", multiple=True, metavar="NAME", help="Only this library.")
@format_option(*Format)
def history(
    targets: tuple[str, ...], files: tuple[Path, ...], names: tuple[str, ...], style: Format
) -> None:
    """Show from which version of which library the cells of each TARGET hold.

    Versions come from all records. A row has consecutive measured versions with one result.
    """
    records = read_all(files)
    check_backends(names, records)
    found: list[History] = []
    for target in targets:
        cells = [one for one in histories(records, target) if not names or one.backend in names]
        if not cells:
            fail(f"{target}: no record has a measurement")
        found += cells
    if style is Format.JSON:
        output = json_text(list(map(_plain, found)))
    elif style is Format.TEXT:
        output = "\n".join(_lines(found)) + "\n"
    else:
        output = table(style, _HEADER, _rows(found))
    click.echo(output, nl=False)


def _lines(found: Iterable[History]) -> Iterator[str]:
    target = ""
    for one in found:
        if one.target != target:
            target = one.target
            yield target
        newest = one.spans[-1].cell
        where = f"{title(one.backend)}, {DEVICES.get(one.device, one.device)}"
        yield f"  {where}: {SYMBOLS[newest.status]} {cell_text(newest)} {one.summary}"
        for span in reversed(one.spans[:-1]):
            yield f"    {_versions(span)}: {SYMBOLS[span.cell.status]} {cell_text(span.cell)}"


def _rows(found: Iterable[History]) -> Iterator[tuple[Value, ...]]:
    for one in found:
        for span in reversed(one.spans):
            yield (
                Code(one.target),
                title(one.backend),
                DEVICES.get(one.device, one.device),
                f"{one.library} {_versions(span)}",
                cell_text(span.cell),
                one.summary if span is one.spans[-1] else "",
            )


def _versions(span: Span) -> str:
    if not span.first and not span.last:
        return "unknown version"
    return span.first if span.first == span.last else f"{span.first} to {span.last}"


def _plain(one: History) -> dict[str, object]:
    return {
        "target": one.target,
        "backend": one.backend,
        "device": one.device,
        "library": one.library,
        "summary": one.summary,
        "spans": [
            {
                "first": span.first,
                "last": span.last,
                "status": span.cell.status,
                "notes": span.cell.notes,
            }
            for span in one.spans
        ],
    }
