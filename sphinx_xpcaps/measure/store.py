"""The records of a batch: cells measured before and now, in files."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from core.backends import Availability
from sphinx_xpcaps.files import locked
from sphinx_xpcaps.measure.environment import (
    difference,
    environment_id,
    package_commit,
    package_version,
)
from sphinx_xpcaps.measure.journal import Journal, abandoned_journals, recover
from sphinx_xpcaps.measure.judging.cells import with_expectation
from sphinx_xpcaps.measure.model import BackendDevice, Group
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
from sphinx_xpcaps.results.record import RecordError, clean_cell, read, write_bundle
from sphinx_xpcaps.version import __version__

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_SAVES = 1.0
_SHARE_OF_TIME = 0.05
"""Saving large records may take so much of the time; the journal has the cells between saves."""


class StoreError(Exception):
    """A record cannot be used or written; the message names it and gives the reason."""


class RecordStore:
    """The record of the present environment, and the records of other environments.

    Several processes may write the same record at the same time: `save` adds what was measured to
    what the file contains by then. The cells of other targets are kept.

    Parameters
    ----------
    path : Path
        A folder with one record per environment, or the one file to write.
    environment : Environment
        The present environment.
    package : str
        The package of a new record.
    is_file : bool
        Whether `path` is the one file.

    Raises
    ------
    StoreError
        The one file is not a record of this version, or was measured in another environment.
    """

    def __init__(
        self, path: Path, environment: Environment, *, package: str, is_file: bool
    ) -> None:
        self._id = environment_id(environment)
        self._path = path if is_file else path / f"{self._id}.json"
        self._is_file = is_file
        self._environment = environment
        self._package = package
        self._others: list[Record] = []
        self._kinds: dict[str, str] = {}
        self._cells: dict[str, dict[BackendDevice, Cell]] = {}
        """All cells, each with its date."""
        self._own: set[tuple[str, BackendDevice]] = set()
        """The cells that were measured now, which replace those in the file."""
        self._unavailable: dict[BackendDevice, Unavailable] = {}
        self._probed: set[BackendDevice] = set()
        self._saved: Record | None = None
        self._version: tuple[int, int, int] | None = None
        self._saved_at = time.monotonic()
        self._save_seconds = 0.0
        self._failed = False
        self._read()
        if not is_file:
            self._others = self._read_others(path)
        self._journal = Journal(self._path, self._id)
        self._abandoned = abandoned_journals(self._path)
        if self._saved is not None:
            for journal in self._abandoned:
                for entry in recover(journal, self._id):
                    self._put(entry.target, entry.kind, entry.cell)

    def has(self, target: str, group: Group, key: str) -> bool:
        """Return whether the target's cell is stored with this key and was measured."""
        cell = self._cells.get(target, {}).get(BackendDevice(group.backend, group.device))
        if cell is None or cell.key != key:
            return False
        return cell.status.measured or _has_no_case(cell)

    def put(self, target: str, kind: str, cell: Cell, *, measured: bool = True) -> None:
        """Store a cell of a target.

        Parameters
        ----------
        target, kind : str
            The target and its kind.
        cell : Cell
            The cell; texts that cannot be stored are escaped.
        measured : bool
            Whether it took time to measure, so that it must not be lost.
        """
        dated = self._put(target, kind, clean_cell(cell))
        if measured:
            self._journal.append(target, kind, dated)

    def set_available(self, available: Mapping[BackendDevice, Availability]) -> None:
        """Set which devices of backends can be used on this machine."""
        self._probed.update(available)
        for place, answer in available.items():
            self._unavailable.pop(place, None)
            if not answer.usable:
                self._unavailable[place] = Unavailable(
                    backend=place.backend, device=place.device, reason=answer.reason
                )

    def add_expectations(self, targets: Iterable[str]) -> None:
        """Add expected statuses, from CPU cells, to GPU cells that were not measured."""
        for target in targets:
            cells = self._cells.get(target, {})
            for (backend, device), cell in list(cells.items()):
                unmeasured = cell.status is Status.NOT_MEASURED and not _has_no_case(cell)
                if device == "gpu" and unmeasured:
                    on_cpu = cells.get(BackendDevice(backend, "cpu"))
                    self._put(target, self._kinds[target], with_expectation(cell, on_cpu))

    def save_soon(self) -> None:
        """Write the record if the last time was long enough ago; failure is ignored."""
        interval = max(_SECONDS_BETWEEN_SAVES, self._save_seconds / _SHARE_OF_TIME)
        if time.monotonic() - self._saved_at > interval:
            try:
                self._save()
            except (OSError, StoreError):  # the cause may be gone when the batch ends
                self._saved_at = time.monotonic()

    def save(self) -> None:
        """Write the record if anything in it changed, and remove the journal.

        Raises
        ------
        StoreError
            The record cannot be written. What was measured is in another file, which the message
            names. A record in the folder is only kept in memory, with a message.
        """
        try:
            self._save()
        except StoreError as error:  # another process has replaced the file
            raise StoreError(f"{error}{self._save_elsewhere()}") from error
        except OSError as error:
            reason = f"{self._path} cannot be written: {error.strerror or error}"
            if self._is_file:
                raise StoreError(reason + self._save_elsewhere()) from error
            if not self._failed:
                logger.warning("%s; the measurements are not kept for the next run", reason)
            self._failed = True
            self._saved = self._record()

    def records(self) -> tuple[Record, ...]:
        """Return the record of the present environment, then those of others."""
        return (*([self._saved] if self._saved else []), *self._others)

    def _put(self, target: str, kind: str, cell: Cell) -> Cell:
        """Store a cell and return it with its date."""
        place = BackendDevice(cell.backend, cell.device)
        self._kinds[target] = kind
        known = self._cells.setdefault(target, {})
        known[place] = _dated(cell, known.get(place), cell.date or self._environment.date)
        self._own.add((target, place))
        return known[place]

    def _read(self) -> None:
        """Read the record, and take over the cells that were not measured now."""
        self._version = _version(self._path)
        if self._version is None:
            return
        try:
            record = read(self._path)
        except RecordError as error:
            if self._is_file:
                raise StoreError(f"{error}; choose another file") from error
            logger.warning("%s; it is created again", error)
            return
        if differing := difference(record.environment, self._environment):
            if self._is_file:
                message = f"was measured in another environment ({differing})"
                raise StoreError(f"{self._path} {message}; choose another file or delete it")
            return
        self._saved = record
        self._package = record.package.name
        packages = {**record.environment.packages, **self._environment.packages}
        self._environment = replace(self._environment, packages=dict(sorted(packages.items())))
        for entry in record.unavailable:
            place = BackendDevice(entry.backend, entry.device)
            if place not in self._probed:
                self._unavailable[place] = entry
        for name, target in record.targets.items():
            self._kinds.setdefault(name, target.kind)
            cells = self._cells.setdefault(name, {})
            for cell in target.cells:
                place = BackendDevice(cell.backend, cell.device)
                kept = replace(cell, date=cell.date or record.environment.date)
                if (name, place) not in self._own or _is_same(cells[place], kept):
                    cells[place] = kept

    def _read_others(self, folder: Path) -> list[Record]:
        """Return the records of other environments in a folder."""
        records = []
        for file in sorted(folder.glob("*.json")) if folder.is_dir() else []:
            if file != self._path:
                try:
                    records.append(read(file))
                except RecordError as error:
                    logger.warning("%s; it is left out", error)
        return records

    def _save(self) -> None:
        start = time.monotonic()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._path.parent):
            if _version(self._path) != self._version:  # by another process
                self._read()
            record = self._record()
            if not self._is_saved(record):
                write_bundle([record], self._path)
                self._saved = record
                self._version = _version(self._path)
        self._journal.clear()
        for journal in self._abandoned:
            journal.unlink(missing_ok=True)
        self._abandoned = []
        self._saved_at = time.monotonic()
        self._save_seconds = self._saved_at - start

    def _is_saved(self, record: Record) -> bool:
        if self._saved is None or self._version is None:
            return False
        if not record.targets:  # it would have another date each day
            date = self._saved.environment.date
            record = replace(record, environment=replace(record.environment, date=date))
        return record == self._saved

    def _save_elsewhere(self) -> str:
        """Write the record to the temporary folder; return the end of a message about it."""
        if not any(
            cell.status.measured for cells in self._cells.values() for cell in cells.values()
        ):
            return ""
        try:
            folder = tempfile.mkdtemp(prefix="xpcaps-record-")
            path = Path(folder, self._path.name)
            write_bundle([self._record()], path)
        except OSError:
            return ""
        return f"; the measurements are in {path}"

    def _record(self) -> Record:
        """Return the record, whose date is that of its newest cell.

        So the same facts give the same bytes, and one new cell does not make others look new.
        """
        dates = {cell.date for cells in self._cells.values() for cell in cells.values()}
        date = max(filter(None, dates), default=self._environment.date)
        return Record(
            schema=SCHEMA,
            tool=Tool(name="sphinx-xpcaps", version=__version__),
            package=Package(
                name=self._package,
                version=package_version(self._package),
                commit=package_commit(self._package),
            ),
            environment=replace(self._environment, date=date),
            unavailable=tuple(entry for _, entry in sorted(self._unavailable.items())),
            targets={
                name: Target(
                    kind=self._kinds[name],
                    cells=tuple(
                        replace(cell, date=None) if cell.date == date else cell
                        for _, cell in sorted(self._cells[name].items())
                    ),
                )
                for name in sorted(self._cells)
            },
        )


def _dated(cell: Cell, known: Cell | None, date: str) -> Cell:
    """Return a cell with a date: that of the known cell if nothing else differs."""
    return known if known is not None and _is_same(cell, known) else replace(cell, date=date)


def _is_same(cell: Cell, other: Cell) -> bool:
    """Return whether two cells differ in nothing but their dates."""
    return replace(cell, date=other.date) == other


def _has_no_case(cell: Cell) -> bool:
    return any(reason.outcome is Outcome.NO_CASE for reason in cell.reasons)


def _version(path: Path) -> tuple[int, int, int] | None:
    """Return facts that change whenever a file is replaced; None if it does not exist."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # reading it gives the reason
        return 0, 0, 0
    return status.st_ino, status.st_mtime_ns, status.st_size
