"""The records of a batch: cells measured before and now, in files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from sphinx_xpcaps.measure.environment import environment_id, package_commit, package_version
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
from sphinx_xpcaps.results.record import RecordError, read, write
from sphinx_xpcaps.version import __version__

_SECONDS_BETWEEN_SAVES = 5.0


class RecordStore:
    """The record of the present environment, and the records of other environments.

    Parameters
    ----------
    path : Path
        A folder with one record per environment, or the one file to write.
    environment : Environment
        The present environment.
    targets : sequence of str
        The requested targets; the record's package is that of the first one. The record in a
        folder keeps its other targets, the one file has only these.
    is_file : bool
        Whether `path` is the one file.
    """

    def __init__(
        self, path: Path, environment: Environment, *, targets: Sequence[str], is_file: bool
    ) -> None:
        present = environment_id(environment)
        self._path = path if is_file else path / f"{present}.json"
        self._environment = environment
        self._package = targets[0].partition(".")[0] if targets else ""
        self._others: list[Record] = []
        self._kinds: dict[str, str] = {}
        self._cells: dict[str, dict[BackendDevice, Cell]] = {}
        self._unavailable: tuple[Unavailable, ...] = ()
        self._saved: Record | None = None
        self._saved_at = time.monotonic()
        for file in [path] if is_file else sorted(path.glob("*.json")):
            try:
                record = read(file)
            except RecordError:  # written by another version, or not a record
                continue
            if environment_id(record.environment) == present:
                self._saved = record
            elif not is_file:
                self._others.append(record)
        if self._saved is not None:
            for name, target in self._saved.targets.items():
                if is_file and name not in targets:
                    continue
                self._kinds[name] = target.kind
                self._cells[name] = {BackendDevice(c.backend, c.device): c for c in target.cells}

    def has(self, target: str, group: Group, key: str) -> bool:
        """Return whether the target's cell is stored with this key and was measured."""
        cell = self._cells.get(target, {}).get(BackendDevice(group.backend, group.device))
        if cell is None or cell.key != key:
            return False
        return cell.status.measured or _has_no_case(cell)

    def put(self, target: str, kind: str, cell: Cell) -> None:
        """Store a cell of a target."""
        self._kinds[target] = kind
        self._cells.setdefault(target, {})[BackendDevice(cell.backend, cell.device)] = cell

    def set_unavailable(self, devices: Iterable[Unavailable]) -> None:
        """Set the devices of backends that cannot be used on this machine."""
        self._unavailable = tuple(sorted(devices, key=lambda u: (u.backend, u.device)))

    def add_expectations(self, targets: Iterable[str]) -> None:
        """Add to unmeasured GPU cells what the CPU cells of the same targets let expect."""
        for target in targets:
            cells = self._cells.get(target, {})
            for (backend, device), cell in list(cells.items()):
                unmeasured = cell.status is Status.NOT_MEASURED and not _has_no_case(cell)
                if device == "gpu" and unmeasured:
                    on_cpu = cells.get(BackendDevice(backend, "cpu"))
                    cells[BackendDevice(backend, device)] = with_expectation(cell, on_cpu)

    def save_soon(self) -> None:
        """Write the record if the last time was some seconds ago."""
        if time.monotonic() - self._saved_at > _SECONDS_BETWEEN_SAVES:
            self.save()

    def save(self) -> None:
        """Write the record if anything in it changed."""
        record = self._record()
        if self._saved is not None:
            # The date is that of the last change, so that equal facts are equal bytes.
            same_date = replace(record.environment, date=self._saved.environment.date)
            if replace(record, environment=same_date) == self._saved:
                return
        write(record, self._path)
        self._saved = record
        self._saved_at = time.monotonic()

    def records(self) -> tuple[Record, ...]:
        """Return the record of the present environment, then those of others."""
        return (*([self._saved] if self._saved else []), *self._others)

    def _record(self) -> Record:
        return Record(
            schema=SCHEMA,
            tool=Tool(name="sphinx-xpcaps", version=__version__),
            package=Package(
                name=self._package,
                version=package_version(self._package),
                commit=package_commit(self._package),
            ),
            environment=self._environment,
            unavailable=self._unavailable,
            targets={
                name: Target(
                    kind=self._kinds[name],
                    cells=tuple(cell for _, cell in sorted(self._cells[name].items())),
                )
                for name in sorted(self._cells)
            },
        )


def _has_no_case(cell: Cell) -> bool:
    return any(reason.outcome is Outcome.NO_CASE for reason in cell.reasons)
