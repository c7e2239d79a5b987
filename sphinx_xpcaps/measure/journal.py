"""A journal of measured cells next to a record, so that an interruption loses nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sphinx_xpcaps.files import abandoned, create_beside, read_untrusted
from sphinx_xpcaps.results.model import Cell, Name
from sphinx_xpcaps.results.record import clean_cell
from sphinx_xpcaps.results.text import escape

_SUFFIX = ".xpcaps-journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A cell that was measured."""

    environment: str
    """Identifier of the environment that it was measured in."""
    target: Name
    kind: Name
    cell: Cell


class Journal:
    """The cells that this process measured since it wrote the record.

    Writing a large record takes seconds, appending a line to the journal some microseconds. Each
    process has its own journal. It is removed when the record is complete; the next run recovers
    the journals of processes that were killed.

    Parameters
    ----------
    record : Path
        The record.
    environment : str
        Identifier of the present environment.
    """

    def __init__(self, record: Path, environment: str) -> None:
        self._record = record
        self._environment = environment
        self._handle: int | None = None
        self._path = ""

    def append(self, target: str, kind: str, cell: Cell) -> None:
        """Write a cell; without a journal, such as on a full disk, cells are only in memory."""
        entry = Entry(environment=self._environment, target=target, kind=kind, cell=cell)
        # The newline in front ends a line that could not be written completely.
        line = b"\n" + msgspec.json.encode(entry) + b"\n"
        with contextlib.suppress(OSError):
            if self._handle is None:
                self._handle, self._path = create_beside(self._record, _SUFFIX)
            os.write(self._handle, line)

    def clear(self) -> None:
        """Remove the journal, since the record has its cells."""
        if self._handle is not None:
            os.close(self._handle)
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            self._handle = None


def abandoned_journals(record: Path) -> list[Path]:
    """Return the journals of a record whose processes have ended without removing them."""
    pattern = f".*{_SUFFIX}"
    start = f".{record.name[:100]}."
    with contextlib.suppress(OSError):
        return [path for path in abandoned(record.parent, pattern) if path.name.startswith(start)]
    return []


def recover(journal: Path, environment: str) -> Iterator[Entry]:
    """Yield the entries of a journal from an environment, without incomplete or invalid ones.

    Like records, journals are untrusted input.
    """
    try:
        lines = read_untrusted(journal).splitlines()
    except OSError:
        return
    decoder = msgspec.json.Decoder(Entry)
    for line in filter(None, lines):
        try:
            entry = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
        if entry.environment == environment:
            yield Entry(
                environment=environment,
                target=escape(entry.target),
                kind=escape(entry.kind),
                cell=clean_cell(entry.cell),
            )
