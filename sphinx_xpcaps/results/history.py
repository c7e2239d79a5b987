"""Derive the results of a cell by the version of the library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.backends import backends
from sphinx_xpcaps.results.choose import choose
from sphinx_xpcaps.results.labels import cell_text
from sphinx_xpcaps.results.model import Cell, Record
from sphinx_xpcaps.results.separate import library_name
from sphinx_xpcaps.results.sources import (
    RecordedCell,
    RecordSources,
    Source,
    content,
    parsed,
    recency,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Consecutive measured versions of a library with the same result."""

    first: str
    last: str
    """The same as `first` if only one version was measured."""
    cell: Cell
    """The result, of the last version."""

    @property
    def versions(self) -> str:
        """The versions as text, such as ``"0.4.34 to 0.4.38"``."""
        if not self.last:
            return "unknown version"
        return self.last if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The results of one cell by the version of a library.

    Of several versions of the measured package, the newest one counts, so that a change in the
    package is not attributed to the library. If there is only one version of the library with it,
    the versions of the package are compared.
    """

    backend: str
    device: str
    library: str
    """The package whose versions differ: the backend, or else the measured package."""
    spans: tuple[Span, ...]
    """Sorted by version; not empty."""
    others: tuple[RecordedCell, ...] = ()
    """Measurements with other versions, of which two things differ; the newest first."""

    @property
    def has_versions(self) -> bool:
        """Whether several versions were measured."""
        return len(self.spans) > 1 or self.spans[0].first != self.spans[0].last

    @property
    def summary(self) -> str:
        """Since which version the newest result holds, such as ``"since JAX 0.5.0"``."""
        name, newest = library_name(self.library), self.spans[-1]
        if len(self.spans) > 1:
            return f"since {name} {newest.first}"
        if self.has_versions:
            return f"with all measured versions, {name} {newest.versions}"
        return f"with {name} {newest.versions}"

    def __str__(self) -> str:
        """Return the results by version as one line, the newest first."""
        newest, *older = reversed(self.spans)
        parts = [f"{cell_text(newest.cell)} {self.summary}"]
        parts += [f"{cell_text(span.cell)} with {span.versions}" for span in older]
        return "; ".join(parts)


def histories(records: Sequence[Record], target: str) -> tuple[History, ...]:
    """Return the history of each cell of a target that was measured.

    Parameters
    ----------
    records : sequence of Record
        Their order does not matter.
    target : str
        Dotted name.
    """
    package = target.partition(".")[0]
    seen: dict[tuple[str, str], list[RecordedCell]] = {}
    for record in records:
        if target not in record.targets:
            continue
        sources = RecordSources(record)
        for cell in record.targets[target].cells:
            if cell.status.measured:
                one = RecordedCell(cell, sources.of(package, cell.date))
                seen.setdefault((cell.backend, cell.device), []).append(one)
    known = list(backends())
    order = sorted(seen, key=lambda at: (known.index(at[0]) if at[0] in known else 99, at))
    return tuple(history(seen[position]) for position in order)


def history(seen: Sequence[RecordedCell]) -> History:
    """Return the history of a cell from all its measurements, of which there is at least one."""
    backend = seen[0].cell.backend
    axis = _axis(tuple([one.source for one in seen]), backend)
    first = seen[axis.groups[0].members[0]].cell
    if all(one.cell.status is first.status and one.cell.notes == first.notes for one in seen):
        low, high = axis.groups[0].version, axis.groups[-1].version
        spans = [Span(first=low, last=high, cell=first)]
    else:
        spans = list(_spans(axis, seen))
    return History(
        backend=backend,
        device=seen[0].cell.device,
        library=axis.library,
        spans=tuple(spans),
        others=tuple(sorted((seen[index] for index in axis.others), key=_recency, reverse=True)),
    )


def _spans(axis: _Axis, seen: Sequence[RecordedCell]) -> Iterator[Span]:
    span: Span | None = None
    for group in axis.groups:
        cell = choose([seen[index] for index in group.members], lambda _: True).shown.cell
        result = cell.status, cell.notes
        if span is not None and (span.cell.status, span.cell.notes) == result:
            span = Span(first=span.first, last=group.version, cell=cell)
            continue
        if span is not None:
            yield span
        span = Span(first=group.version, last=group.version, cell=cell)
    if span is not None:
        yield span


@dataclass(frozen=True, slots=True)
class _Group:
    """The measurements with one version of a library, as indices."""

    version: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Axis:
    """The versions of one library, sorted, while everything else is the same if possible."""

    library: str
    groups: tuple[_Group, ...]
    others: tuple[int, ...]


@lru_cache(maxsize=4096)
def _axis(sources: tuple[Source, ...], backend: str) -> _Axis:
    """Return the library whose versions are compared; the same for nearly all cells."""
    of_backend = [source.environment.packages.get(backend) or "" for source in sources]
    of_package = [source.package.version or "" for source in sources]
    package = sources[0].package.name
    everything = list(range(len(sources)))
    newest = max(of_package, key=_order)
    newest_package = [i for i in everything if of_package[i] == newest]
    if len({of_backend[i] for i in newest_package}) > 1:
        return _grouped(backend, of_backend, newest_package)
    newest = max(of_backend, key=_order)
    newest_backend = [i for i in everything if of_backend[i] == newest]
    if len({of_package[i] for i in newest_backend}) > 1:
        return _grouped(package, of_package, newest_backend)
    return _grouped(backend, of_backend, everything)


def _grouped(library: str, versions: Sequence[str], indices: Sequence[int]) -> _Axis:
    groups: dict[str, list[int]] = {}
    for index in indices:
        groups.setdefault(versions[index], []).append(index)
    return _Axis(
        library,
        tuple(_Group(version, tuple(groups[version])) for version in sorted(groups, key=_order)),
        tuple(index for index in range(len(versions)) if index not in indices),
    )


def _recency(seen: RecordedCell) -> tuple[object, ...]:
    return *recency(seen.source, seen.cell.backend), content(seen.cell)


def _order(version: str) -> tuple[object, str]:
    return parsed(version), version
