"""From which version of which library a cell holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.backends import backends
from sphinx_xpcaps.results.merge import choose
from sphinx_xpcaps.results.model import Cell, Record
from sphinx_xpcaps.results.separate import library_name
from sphinx_xpcaps.results.sources import RecordSources, Seen, parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Consecutive measured versions of a library with the same result."""

    first: str
    last: str
    """The same as `first` if only one version was measured."""
    cell: Cell
    """The result, of the last version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The results of one cell by the version of a library."""

    target: str
    backend: str
    device: str
    library: str
    """The package whose versions differ: the backend, or else the measured package."""
    spans: tuple[Span, ...]
    """Sorted by version; not empty."""

    @property
    def summary(self) -> str:
        """Since which version the newest result holds, such as ``"since JAX 0.5"``."""
        name, newest = library_name(self.library), self.spans[-1]
        if len(self.spans) > 1:
            return f"since {name} {newest.first}"
        if newest.first == newest.last:
            return f"with {name} {newest.first}" if newest.first else "version unknown"
        return f"with all measured versions, {name} {newest.first} to {newest.last}"


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
    seen: dict[tuple[str, str], list[Seen]] = {}
    for record in records:
        if target not in record.targets:
            continue
        sources = RecordSources(record)
        for cell in record.targets[target].cells:
            if cell.status.measured:
                one = Seen(cell, sources.of(package, cell.date))
                seen.setdefault((cell.backend, cell.device), []).append(one)
    known = list(backends())
    order = sorted(seen, key=lambda at: (known.index(at[0]) if at[0] in known else 99, at))
    return tuple(_history(target, *position, seen[position]) for position in order)


def _history(target: str, backend: str, device: str, seen: Sequence[Seen]) -> History:
    package = target.partition(".")[0]
    of_backend = _by_version((one.environment.packages.get(backend), one) for one in seen)
    of_package = _by_version((one.package.version, one) for one in seen)
    use_package = len(of_backend) == 1 and len(of_package) > 1
    by_version = of_package if use_package else of_backend
    spans: list[Span] = []
    for version in sorted(by_version, key=lambda text: (parsed(text), text)):
        cell = choose(by_version[version], lambda _: True).seen.cell
        before = spans[-1] if spans else None
        if before and (before.cell.status, before.cell.notes) == (cell.status, cell.notes):
            spans[-1] = Span(first=before.first, last=version, cell=cell)
        else:
            spans.append(Span(first=version, last=version, cell=cell))
    return History(
        target=target,
        backend=backend,
        device=device,
        library=package if use_package else backend,
        spans=tuple(spans),
    )


def _by_version(seen: Iterable[tuple[str | None, Seen]]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for version, one in seen:
        found.setdefault(version or "", []).append(one)
    return found
