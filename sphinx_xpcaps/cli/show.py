"""The command ``show``: print the tables of a record."""

from __future__ import annotations

from pathlib import Path

import click

from sphinx_xpcaps.cli.run import Failure, plain_console
from sphinx_xpcaps.cli.tables import grid
from sphinx_xpcaps.results.record import RecordError, read
from sphinx_xpcaps.results.view import backends_of, derive


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("targets", nargs=-1)
def show(file: Path, targets: tuple[str, ...]) -> None:
    """Show the tables of all TARGETS in the record FILE, or of those given."""
    try:
        record = read(file)
    except RecordError as error:
        raise Failure(str(error)) from None
    unknown = [name for name in targets if name not in record.targets]
    if unknown:
        raise Failure(f"{file} has no target {unknown[0]!r}")
    tables = derive(
        [record],
        backends=backends_of([record]),
        devices=["cpu", "gpu"],
        is_current=lambda *_: True,
    )
    console = plain_console()
    for name in targets or tables:
        console.print(grid(tables[name]))
