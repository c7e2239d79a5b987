"""The command ``validate``: check that files are valid records."""

from __future__ import annotations

from pathlib import Path

import click

from sphinx_xpcaps.cli.records import FILE, expand_pattern
from sphinx_xpcaps.results.validation import errors


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
def validate(files: tuple[Path, ...]) -> None:
    """Check that each FILE is a valid record or bundle.

    Each error is one line with the file and the place, such as $.targets['f'].cells[0].status.

    The exit status is 0 if all files are valid, 1 if one is invalid, and 2 if one cannot be read.
    """
    status = 0
    for pattern in files:
        paths = list(expand_pattern(pattern))
        if not paths:
            click.echo(f"Error: no file matches {str(pattern)!r}", err=True)
            status = 2
        for path in paths:
            status = max(status, _validate(path))
    raise SystemExit(status)


def _validate(path: Path) -> int:
    try:
        found = errors(path)
    except OSError as error:
        click.echo(f"Error: {path}: {error.strerror or error}", err=True)
        return 2
    for message in found:
        click.echo(f"{path}: {message}")
    if not found:
        click.echo(f"{path}: valid")
    return 1 if found else 0
