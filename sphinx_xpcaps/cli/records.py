"""Options and functions of commands that read records."""

from __future__ import annotations

import glob
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import click

from sphinx_xpcaps.cli.run import Failure
from sphinx_xpcaps.results.model import Record
from sphinx_xpcaps.results.record import read_files
from sphinx_xpcaps.results.view import Table, backends_of, derive

FILE = click.Path(dir_okay=False, path_type=Path)

COLUMNS = ("cpu", "gpu")
"""The columns of derived tables."""


def fail(*messages: str) -> NoReturn:
    """Print one line for each message and exit with status 2: it could not be done."""
    *others, last = messages
    for message in others:
        click.echo(f"Error: {message}", err=True)
    raise Failure(last)


def read_all(files: Iterable[Path]) -> tuple[Record, ...]:
    """Return all records of files; exit with one line for each file that cannot be read.

    Parameters
    ----------
    files : iterable of Path
        Records, bundles, or patterns such as ``xpcaps/*.json``.
    """
    paths: list[Path] = []
    problems: list[str] = []
    for file in files:
        found = list(expand_pattern(file))
        paths += found
        if not found:
            problems.append(f"no file matches {str(file)!r}")
    contents = read_files(dict.fromkeys(paths))
    problems += [str(error) for error in contents.errors]
    if problems:
        fail(*problems)
    return contents.records


def expand_pattern(file: Path) -> Iterator[Path]:
    """Yield the files that match a pattern; a name without wildcards matches itself."""
    if file.exists() or not glob.has_magic(str(file)):
        yield file
    else:
        yield from (Path(name) for name in sorted(glob.glob(str(file), recursive=True)))


def tables_of(records: Sequence[Record], backends: Sequence[str] | None = None) -> dict[str, Table]:
    """Return the tables of all targets, with all backends by default."""
    return derive(
        records,
        backends=backends_of(records) if backends is None else backends,
        devices=COLUMNS,
        is_current=lambda *_: True,
    )


def check_backends(names: Iterable[str], records: Sequence[Record]) -> None:
    """Exit if the records have no cells of one of the named backends."""
    known = backends_of(records)
    for name in names:
        if name not in known:
            fail(f"no record has cells of {name!r}; there are {', '.join(known) or 'none'}")


def select(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the known targets that names denote; exit if a name denotes none.

    Parameters
    ----------
    names : iterable of str
        Targets, or modules and classes, which denote everything below them.
    known : collection of str
        The targets of the records.
    """
    found: dict[str, None] = {}
    for name in names:
        below = [target for target in known if f"{target}.".startswith(f"{name}.")]
        if not below:
            close = get_close_matches(name, known, 1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            fail(f"no record has a target {name!r}{hint}")
        found |= dict.fromkeys([name] if name in known else below)
    return list(found)
