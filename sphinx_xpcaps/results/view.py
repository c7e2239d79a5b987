"""Derive one table per target from several records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from core.backends import backends as all_backends
from sphinx_xpcaps.results.merge import Seen, choose
from sphinx_xpcaps.results.model import Cell, Environment, Outcome, Package, Reason, Record, Status

IsCurrent = Callable[[str, Cell, Environment], bool]
"""Return whether the measurement of a cell of a target in an environment is current."""

MISSING = "missing"
"""The kind of a target that cannot be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A cell of a table, with the environment in which it was measured.

    ``column`` is the device of the table's column; the device of the cell may be a substitute for
    it. ``others`` are measurements that the cell supersedes or that disagree with it.
    """

    column: str
    cell: Cell
    environment: Environment | None = None
    package: Package | None = None
    outdated: str | None = None
    others: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All cells of a target, in the order of the configured backends and devices."""

    target: str
    kind: str
    cells: tuple[Shown, ...] = ()

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
        Earlier records win ties, so those of this machine come first.
    backends, devices : sequence of str
        Rows and columns, in order.
    is_current : callable
        Returns whether the measurement of a cell is current.

    Returns
    -------
    dict of str to Table
        Sorted by target.
    """
    names = sorted({name for record in records for name in record.targets})
    return {
        name: Table(
            target=name,
            kind=_kind(records, name),
            cells=tuple(
                _shown(records, name, backend, device, is_current)
                for backend in backends
                for device in devices
            ),
        )
        for name in names
    }


def blank(target: str, *, backends: Sequence[str], devices: Sequence[str]) -> Table:
    """Return the table of a target that is in no record."""
    return Table(
        target=target,
        kind="unknown",
        cells=tuple(
            _shown((), target, backend, device, lambda *_: True)
            for backend in backends
            for device in devices
        ),
    )


def backends_of(records: Iterable[Record]) -> list[str]:
    """Return the backends with cells in the records: known ones in their order, then others."""
    named = {c.backend for record in records for t in record.targets.values() for c in t.cells}
    known = [name for name in all_backends() if name in named]
    return [*known, *sorted(named - set(known))]


def without_keys(table: Table) -> Table:
    """Return `table` without keys, to compare what readers see."""

    def bare(seen: Seen) -> Seen:
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


def _kind(records: Sequence[Record], name: str) -> str:
    kinds = [record.targets[name].kind for record in records if name in record.targets]
    return next((kind for kind in kinds if kind != MISSING), MISSING)


def _shown(
    records: Sequence[Record], target: str, backend: str, column: str, is_current: IsCurrent
) -> Shown:
    known = all_backends().get(backend)
    device = known.columns.get(column) if known else column
    if device is None:
        cell = Cell(backend=backend, device=column, status=Status.NOT_APPLICABLE)
        return Shown(column=column, cell=cell)
    seen = [
        Seen(cell=cell, environment=record.environment, package=_package(record, target))
        for record in records
        if target in record.targets
        for cell in record.targets[target].cells
        if (cell.backend, cell.device) == (backend, device)
    ]
    if not seen:
        return Shown(column=column, cell=_unknown(records, backend, device))
    choice = choose(seen, lambda one: is_current(target, one.cell, one.environment))
    return Shown(
        column=column,
        cell=choice.seen.cell,
        environment=choice.seen.environment,
        package=choice.seen.package,
        outdated=choice.outdated,
        others=choice.others,
    )


def _package(record: Record, target: str) -> Package:
    """Return the package of a target; a record may have targets of several packages."""
    name = target.partition(".")[0]
    version = record.environment.packages.get(name)
    if version is None and record.package.name == name:
        return record.package
    return Package(name=name, version=version)


def _unknown(records: Sequence[Record], backend: str, device: str) -> Cell:
    """Return a cell that is in no record, with the reason if the device was not available."""
    message = next(
        (
            entry.reason
            for record in records
            for entry in record.unavailable
            if (entry.backend, entry.device) == (backend, device)
        ),
        "in no record yet",
    )
    reason = Reason(mode="eager", outcome=Outcome.NOT_RUN, message=message)
    return Cell(backend=backend, device=device, status=Status.NOT_MEASURED, reasons=(reason,))
