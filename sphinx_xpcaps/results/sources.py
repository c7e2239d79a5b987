"""Cells of records, with where and when each was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import msgspec
from packaging.version import InvalidVersion, Version

from sphinx_xpcaps.results.model import Cell, Environment, Package, Record, Status

StatusAndNotes = tuple[Status, tuple[str, ...]]
"""The status and the notes of a cell, which are what a reader sees of it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Where and when cells were measured; shared by the cells of a record."""

    environment: Environment
    package: Package
    """The package of the measured target."""
    record_package: Package
    """The package that the record names, which may be another one."""
    identity: str
    """A text that sources share if only their dates differ."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordedCell:
    """The cell of one record, with its source."""

    cell: Cell
    source: Source

    def __eq__(self, other: object) -> bool:
        """Return whether `other` is an equal cell from an equal environment."""
        if not isinstance(other, RecordedCell):
            return NotImplemented
        facts = self.cell, self.environment, self.package
        return facts == (other.cell, other.environment, other.package)

    __hash__ = None  # type: ignore[assignment]

    @property
    def environment(self) -> Environment:
        """The environment in which it was measured."""
        return self.source.environment

    @property
    def package(self) -> Package:
        """The package of the target."""
        return self.source.package

    @property
    def facts(self) -> Environment:
        """The environment, with the versions of both packages in any case."""
        of_target = _with_package(self.environment, self.package)
        return _with_package(of_target, self.source.record_package)

    @property
    def status_and_notes(self) -> StatusAndNotes:
        """Status and notes of the cell."""
        return self.cell.status, self.cell.notes


class RecordSources:
    """The sources of the cells of one record."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._identity = identity(record)
        self._known: dict[tuple[str, str | None], Source] = {}

    def of(self, package: str, date: str | None) -> Source:
        """Return the source of the cells of a package, from a date or the record's date."""
        source = self._known.get((package, date))
        if source is None:
            environment = self._record.environment
            source = Source(
                environment=environment if date is None else replace(environment, date=date),
                package=_package(self._record, package),
                record_package=self._record.package,
                identity=self._identity,
            )
            self._known[package, date] = source
        return source


def identity(record: Record) -> str:
    """Return a text that records of one environment share, whatever their dates."""
    environment = replace(
        record.environment,
        date="",
        packages=dict(sorted(record.environment.packages.items())),
        variables=dict(sorted(record.environment.variables.items())),
    )
    package = record.package
    known = package.version is None or package.name in environment.packages
    facts = [environment] if known else [environment, package.name, package.version]
    return msgspec.json.encode(facts).decode()


def _with_package(environment: Environment, package: Package) -> Environment:
    """Return an environment that lists the version of a package, if it is known."""
    if package.version is None or package.name in environment.packages:
        return environment
    return replace(environment, packages={**environment.packages, package.name: package.version})


def recency(source: Source, backend: str) -> tuple[Version, Version, str, str]:
    """Return a sort key: version of the package, version of the backend, date, environment."""
    environment = source.environment
    return (
        parsed(source.package.version),
        parsed(environment.packages.get(backend)),
        environment.date,
        source.identity,
    )


@lru_cache(maxsize=4096)
def newest_first(sources: tuple[Source, ...], backend: str) -> tuple[tuple[int, ...], bool]:
    """Return the indices of sources by `recency`, and whether some are equally recent.

    Nearly all targets have the same sources, so this is computed once for many cells.
    """
    keys = [recency(source, backend) for source in sources]
    indices = sorted(range(len(sources)), key=keys.__getitem__, reverse=True)
    has_ties = any(keys[a] == keys[b] for a, b in pairwise(indices))
    return tuple(indices), has_ties


def content(cell: Cell) -> bytes:
    """Return a sort key of a cell that is different for different cells; the date is left out."""
    modes = dict(sorted(cell.modes.items()))
    return msgspec.json.encode(replace(cell, date=None, modes=modes))


@lru_cache(maxsize=4096)
def parsed(version: str | None) -> Version:
    """Return a version that can be compared; the lowest one if there is none or it is invalid."""
    try:
        return Version(version or "")
    except InvalidVersion:
        return _LOWEST


def _package(record: Record, name: str) -> Package:
    """Return a package of a record, which may have targets of several packages."""
    version = record.environment.packages.get(name)
    if version is None and record.package.name == name:
        return record.package
    return Package(name=name, version=version)


_LOWEST = Version("0.dev0")
