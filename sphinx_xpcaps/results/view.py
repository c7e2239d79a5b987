"""Derive one table per target from several records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.backends import backends as all_backends
from sphinx_xpcaps.results.choose import choose
from sphinx_xpcaps.results.garbage import garbage_collection_paused
from sphinx_xpcaps.results.history import history
from sphinx_xpcaps.results.model import (
    Cell,
    Environment,
    Outcome,
    Package,
    Reason,
    Record,
    Status,
    Target,
)
from sphinx_xpcaps.results.sources import RecordedCell, RecordSources

IsCurrent = Callable[[str, Cell, Environment], bool]
"""Return whether the measurement of a cell of a target in an environment is current."""

MISSING = "missing"
"""The kind of a target that cannot be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCell:
    """A cell of a table, with the environment in which it was measured.

    ``column`` is the device of the table's column; the device of the cell may be a substitute for
    it. ``others`` are measurements that the cell supersedes or that disagree with it. ``history``
    has the results by version, if several versions were measured.
    """

    column: str
    cell: Cell
    environment: Environment | None = None
    package: Package | None = None
    outdated: str | None = None
    others: tuple[RecordedCell, ...] = ()
    history: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All cells of a target, in the order of the configured backends and devices."""

    target: str
    kind: str
    cells: tuple[TableCell, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether any cell was measured."""
        return any(shown.cell.status.measured for shown in self.cells)


def derive(
    records: Sequence[Record],
    *,
    backends: Sequence[str],
    devices: Sequence[str],
    is_current: IsCurrent,
) -> dict[str, Table]:
    """Return a table for every target of `records`, by target.

    Parameters
    ----------
    records : sequence of Record
        Their order does not matter.
    backends, devices : sequence of str
        Rows and columns, in order.
    is_current : callable
        Returns whether the measurement of a cell is current.

    Returns
    -------
    dict of str to Table
        Sorted by target.
    """
    columns = _columns(records, backends, devices)
    with garbage_collection_paused():
        return {
            name: Table(
                target=name,
                kind=target_kind(target.kind for _, target in found),
                cells=_cells(name, found, columns, is_current),
            )
            for name, found in _by_target(records)
        }


def blank(target: str, *, backends: Sequence[str], devices: Sequence[str]) -> Table:
    """Return the table of a target that is in no record."""
    return Table(
        target=target,
        kind="unknown",
        cells=tuple(_not_seen(column) for column in _columns((), backends, devices)),
    )


def backends_of(records: Iterable[Record]) -> list[str]:
    """Return the backends with cells in the records: known ones in their order, then others."""
    named = {c.backend for record in records for t in record.targets.values() for c in t.cells}
    known = [name for name in all_backends() if name in named]
    return [*known, *sorted(named - set(known))]


def without_keys(table: Table) -> Table:
    """Return `table` without keys, to compare what readers see."""

    def bare(seen: RecordedCell) -> RecordedCell:
        return replace(seen, cell=replace(seen.cell, key=None))

    return replace(
        table,
        cells=tuple(
            replace(
                shown,
                cell=replace(shown.cell, key=None),
                others=tuple(bare(seen) for seen in shown.others),
            )
            for shown in table.cells
        ),
    )


def target_kind(kinds: Iterable[str]) -> str:
    """Return the kind of a target, which is missing only if it is missing everywhere."""
    return min((kind for kind in kinds if kind != MISSING), default=MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One backend and column of a table."""

    backend: str
    column: str
    device: str | None
    """The device that the column shows; None if it is not applicable."""
    unknown: Cell
    """The cell of a target that has no cell in any record."""


def _columns(
    records: Sequence[Record], backends: Sequence[str], devices: Sequence[str]
) -> list[_Column]:
    known = all_backends()
    found = []
    for backend in backends:
        for column in devices:
            device = known[backend].columns.get(column) if backend in known else column
            if device is None:
                cell = Cell(backend=backend, device=column, status=Status.NOT_APPLICABLE)
            else:
                cell = _unknown(records, backend, device)
            found.append(_Column(backend=backend, column=column, device=device, unknown=cell))
    return found


def _by_target(
    records: Sequence[Record],
) -> Iterator[tuple[str, list[tuple[RecordSources, Target]]]]:
    """Yield each target with its results in all records, sorted by target."""
    sources = [(RecordSources(record), record.targets) for record in records]
    for name in sorted({name for record in records for name in record.targets}):
        yield name, [(source, targets[name]) for source, targets in sources if name in targets]


def _cells(
    target: str,
    found: Sequence[tuple[RecordSources, Target]],
    columns: Sequence[_Column],
    is_current: IsCurrent,
) -> tuple[TableCell, ...]:
    package = target.partition(".")[0]
    seen: dict[tuple[str, str], list[RecordedCell]] = {}
    for sources, results in found:
        for cell in results.cells:
            one = RecordedCell(cell, sources.of(package, cell.date))
            seen.setdefault((cell.backend, cell.device), []).append(one)

    def is_current_cell(one: RecordedCell) -> bool:
        return is_current(target, one.cell, one.environment)

    shown = []
    for column in columns:
        measurements = seen.get((column.backend, column.device)) if column.device else None
        if not measurements:
            shown.append(_not_seen(column))
            continue
        choice = choose(measurements, is_current_cell)
        shown.append(
            TableCell(
                column=column.column,
                cell=choice.shown.cell,
                environment=choice.shown.environment,
                package=choice.shown.package,
                outdated=choice.outdated,
                others=choice.others,
                history=_history(choice.measured),
            )
        )
    return tuple(shown)


def _history(measured: Sequence[RecordedCell]) -> str:
    """Return the results by version; nothing if only one version was measured."""
    found = history(measured) if len(measured) > 1 else None
    return str(found) if found and found.has_versions else ""


def _not_seen(column: _Column) -> TableCell:
    return TableCell(column=column.column, cell=column.unknown)


def _unknown(records: Sequence[Record], backend: str, device: str) -> Cell:
    """Return a cell that is in no record, with the reason if the device was not available."""
    reasons = [
        entry.reason
        for record in records
        for entry in record.unavailable
        if (entry.backend, entry.device) == (backend, device)
    ]
    message = min(reasons, default="in no record yet")
    reason = Reason(mode="eager", outcome=Outcome.NOT_RUN, message=message)
    return Cell(backend=backend, device=device, status=Status.NOT_MEASURED, reasons=(reason,))
