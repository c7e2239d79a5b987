"""The cells that a batch has so far, and the records that they are kept in."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sphinx_xpcaps.measure.commit import commit_of
from sphinx_xpcaps.measure.environment import identity, package_version
from sphinx_xpcaps.measure.judging.cells import with_expectation
from sphinx_xpcaps.results.model import (
    SCHEMA,
    Cell,
    Environment,
    Outcome,
    Package,
    Record,
    Status,
    Target,
    Tool,
    Unavailable,
)
from sphinx_xpcaps.results.record import RecordError, read, write
from sphinx_xpcaps.version import __version__

_SECONDS_BETWEEN_SAVES = 5.0


class RecordStore:
    """The record of the present environment, and others beside it.

    Parameters
    ----------
    place : Path
        A folder that holds one record per environment, or the one file to write.
    environment : Environment
        The present one.
    targets : sequence of str
        What was asked for; the first one's package is the record's. A folder's record keeps the
        targets that it had before, a file holds these alone.
    is_file : bool
        Whether `place` is the one file.
    """

    def __init__(
        self, place: Path, environment: Environment, *, targets: Sequence[str], is_file: bool
    ) -> None:
        self._path = place if is_file else place / f"{identity(environment)}.json"
        self._environment = environment
        self._package = targets[0].partition(".")[0] if targets else ""
        self._others: list[Record] = []
        self._kinds: dict[str, str] = {}
        self._cells: dict[str, dict[tuple[str, str], Cell]] = {}
        self._unavailable: tuple[Unavailable, ...] = ()
        self._before: Record | None = None
        self._lock = threading.Lock()
        self._saved = time.monotonic()
        for path in [place] if is_file else sorted(place.glob("*.json")):
            try:
                record = read(path)
            except RecordError:  # written by another version, or not a record at all
                continue
            if identity(record.environment) == identity(environment):
                self._before = record
            elif not is_file:
                self._others.append(record)
        if self._before is not None:
            for name, target in self._before.targets.items():
                if is_file and name not in targets:
                    continue
                self._kinds[name] = target.kind
                self._cells[name] = {(c.backend, c.device): c for c in target.cells}

    def keep(self, target: str, backend: str, device: str, key: str) -> bool:
        """Say whether the cell that is here already has `key`, so that it need not be measured."""
        cell = self._cells.get(target, {}).get((backend, device))
        if cell is None or cell.key != key:
            return False
        return cell.status.measured or _is_caseless(cell)

    def put(self, target: str, kind: str, cell: Cell) -> None:
        """Set a cell."""
        with self._lock:
            self._kinds[target] = kind
            self._cells.setdefault(target, {})[cell.backend, cell.device] = cell

    def unavailable(self, places: Sequence[Unavailable]) -> None:
        """Say what cannot be used here."""
        self._unavailable = tuple(places)

    def expect(self, target: str) -> None:
        """Add to a target's unmeasured GPU cells what its CPU cells let expect."""
        found = self._cells.get(target, {})
        for (backend, device), cell in list(found.items()):
            if device == "gpu" and cell.status is Status.NOT_MEASURED and not _is_caseless(cell):
                found[backend, device] = with_expectation(cell, found.get((backend, "cpu")))

    def save_soon(self) -> None:
        """Write the record, unless that was done a moment ago."""
        if time.monotonic() - self._saved > _SECONDS_BETWEEN_SAVES:
            self.save()

    def save(self) -> None:
        """Write the record if anything in it changed."""
        with self._lock:
            record = self._record()
            if self._before is not None:
                # The date is that of the last change: the same facts are the same bytes.
                date = self._before.environment.date
                if (
                    replace(record, environment=replace(record.environment, date=date))
                    == self._before
                ):
                    return
            write(record, self._path)
            self._before = record
            self._saved = time.monotonic()

    def records(self) -> tuple[Record, ...]:
        """Return the present environment's record, then those of others."""
        return (*([self._before] if self._before else []), *self._others)

    def _record(self) -> Record:
        return Record(
            schema=SCHEMA,
            tool=Tool(name="sphinx-xpcaps", version=__version__),
            package=Package(
                name=self._package,
                version=package_version(self._package),
                commit=commit_of(self._package),
            ),
            environment=self._environment,
            unavailable=tuple(sorted(self._unavailable, key=lambda u: (u.backend, u.device))),
            targets={
                name: Target(
                    kind=self._kinds[name],
                    cells=tuple(cell for _, cell in sorted(self._cells[name].items())),
                )
                for name in sorted(self._cells)
            },
        )


def _is_caseless(cell: Cell) -> bool:
    return any(reason.outcome is Outcome.NO_CASE for reason in cell.reasons)
