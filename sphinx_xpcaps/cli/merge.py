"""The command ``merge``: merge records into one file."""

from __future__ import annotations

from pathlib import Path

import click

from sphinx_xpcaps.cli.records import FILE, fail, read_all
from sphinx_xpcaps.results.merge_records import merge_records
from sphinx_xpcaps.results.record import RecordError, read_records, write_bundle


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--output", "-o", type=FILE, required=True, help="The file to write.")
@click.option("--force", is_flag=True, help="Overwrite a file that is not a record.")
def merge(files: tuple[Path, ...], output: Path, force: bool) -> None:
    """Combine the records in each FILE.

    Records of one environment become one record, with the newest measurement of each cell. Records
    of several environments become a bundle. The order of the files does not matter.

    The output may be one of the files. If it is another record, its cells are lost.
    """
    records = merge_records(read_all(files))
    if not records:
        fail("the files contain no records")
    if output.exists() and not force:
        try:
            read_records(output)
        except RecordError as error:
            fail(f"{error}; it is not overwritten without --force")
    try:
        write_bundle(records, output)
    except OSError as error:
        fail(f"{output}: {error.strerror or error}")
    targets = len({name for record in records for name in record.targets})
    what = "1 environment" if len(records) == 1 else f"{len(records)} environments"
    click.echo(f"{what}, {targets} {'target' if targets == 1 else 'targets'}. Wrote {output}")
