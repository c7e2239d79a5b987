"""The command ``history``: results of targets by the version of the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from sphinx_xpcaps.cli import options
from sphinx_xpcaps.cli.bisect import bisect
from sphinx_xpcaps.cli.formats import Code, Format, Value, format_option, json_text, table
from sphinx_xpcaps.cli.records import FILE, check_backends, fail, read_all, select
from sphinx_xpcaps.results.history import History, histories
from sphinx_xpcaps.results.labels import DEVICES, SYMBOLS, cell_text, title
from sphinx_xpcaps.results.sources import RecordedCell

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
@click.option(
    "--bisect",
    "bisects",
    is_flag=True,
    help="Find the release of the library in which the result changed: install and measure as "
    "few releases as possible that no record has.",
)
@click.option(
    "--with",
    "others",
    default="",
    metavar="REQUIREMENTS",
    help='With --bisect: further requirements of each environment, such as "numpy<2.3".',
)
@click.option(
    "--inherit",
    is_flag=True,
    help="With --bisect: let the environments use the packages of this one.",
)
@click.option(
    "--output", "-o", type=FILE, help="With --bisect: the file to add the measurements to."
)
@options.environment
def history(
    targets: tuple[str, ...],
    files: tuple[Path, ...],
    names: tuple[str, ...],
    style: Format,
    bisects: bool,
    others: str,
    inherit: bool,
    output: Path | None,
    environment: dict[str, str],
) -> None:
    """Show the results of each TARGET by the version of the array library.

    A TARGET may be a module. Versions come from all records. A row has consecutive measured
    versions with one result.
    """
    if bisects:
        if len(names) != 1:
            fail("--bisect needs one --backend")
        has_default = files == (_DEFAULT,) and not list(Path().glob(str(_DEFAULT)))
        records = () if has_default else read_all(files)
        for target in targets:
            bisect(
                target,
                names[0],
                records,
                others=others,
                variables=environment,
                inherits=inherit,
                output=output,
            )
        return
    records = read_all(files)
    check_backends(names, records)
    known = {name for record in records for name in record.targets}
    found: dict[str, list[History]] = {}
    for target in select(targets, sorted(known)):
        several = histories(records, target)
        chosen = [one for one in several if not names or one.backend in names]
        if chosen:
            found[target] = chosen
        elif target in targets:
            fail(f"{target}: no record has a measurement")
    if not found:
        fail(f"{', '.join(targets)}: no record has a measurement")
    if style is Format.JSON:
        shown = json_text([_plain(target, one) for target, one in _each(found)])
    elif style is Format.TEXT:
        shown = "\n".join(_lines(found)) + "\n"
    else:
        shown = table(style, _HEADER, _rows(found))
    click.echo(shown, nl=False)


def _each(found: Mapping[str, list[History]]) -> Iterator[tuple[str, History]]:
    for target, several in found.items():
        for one in several:
            yield target, one


def _lines(found: Mapping[str, list[History]]) -> Iterator[str]:
    for target, several in found.items():
        yield target
        for one in several:
            newest = one.spans[-1].cell
            where = f"{title(one.backend)}, {DEVICES.get(one.device, one.device)}"
            yield f"  {where}: {SYMBOLS[newest.status]} {cell_text(newest)} {one.summary}"
            for span in reversed(one.spans[:-1]):
                yield f"    {span.versions}: {SYMBOLS[span.cell.status]} {cell_text(span.cell)}"
            for other in one.others:
                status = SYMBOLS[other.cell.status]
                yield f"    {_versions(other)}: {status} {cell_text(other.cell)}"


def _rows(found: Mapping[str, list[History]]) -> Iterator[tuple[Value, ...]]:
    for target, one in _each(found):
        start = (Code(target), title(one.backend), DEVICES.get(one.device, one.device))
        for span in reversed(one.spans):
            holds = one.summary if span is one.spans[-1] else ""
            yield (*start, f"{one.library} {span.versions}", cell_text(span.cell), holds)
        for other in one.others:
            yield (*start, _versions(other), cell_text(other.cell), "")


def _versions(seen: RecordedCell) -> str:
    library = seen.environment.packages.get(seen.cell.backend, "unknown version")
    package = f"{seen.package.name} {seen.package.version or 'unknown version'}"
    return f"{seen.cell.backend} {library} with {package}"


def _plain(target: str, one: History) -> dict[str, object]:
    return {
        "target": target,
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
        "others": [
            {
                "version": other.environment.packages.get(one.backend),
                "package": other.package.version,
                "status": other.cell.status,
                "notes": other.cell.notes,
            }
            for other in one.others
        ],
    }
