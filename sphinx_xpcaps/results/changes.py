"""Changes between two sets of tables: regressions, gains, and other differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sphinx_xpcaps.results.labels import reason_text
from sphinx_xpcaps.results.model import Cell, Record, Status
from sphinx_xpcaps.results.view import Table

RANKS = {Status.SUPPORTED: 3, Status.PARTIAL: 2, Status.UNSUPPORTED: 1}
"""The statuses that are better or worse than others."""


class ChangeKind(StrEnum):
    """Kind of a change; a closed set, in the order in which changes are listed."""

    REGRESSION = "regression"
    GAIN = "gain"
    REASON = "changed reason"
    NEW_TARGET = "new target"
    LOST_TARGET = "lost target"
    MEASURED = "newly measured"
    UNMEASURED = "no longer measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference of one cell, or a target that is in one set of tables only."""

    kind: ChangeKind
    target: str
    backend: str = ""
    device: str = ""
    """The column of the table."""
    old: Cell | None = None
    new: Cell | None = None


def changes(old: Mapping[str, Table], new: Mapping[str, Table]) -> tuple[Change, ...]:
    """Return all changes, sorted by kind, target, backend and device.

    Both have the same backends and devices. Cells without a measurement are only compared by their
    expected status.
    """
    found: list[Change] = []
    for target in sorted({*old, *new}):
        if target not in old:
            found.append(Change(kind=ChangeKind.NEW_TARGET, target=target))
        elif target not in new:
            found.append(Change(kind=ChangeKind.LOST_TARGET, target=target))
        else:
            found += _cell_changes(old[target], new[target])
    order = list(ChangeKind)
    return tuple(sorted(found, key=lambda change: order.index(change.kind)))


def _cell_changes(old: Table, new: Table) -> Iterator[Change]:
    before = {(shown.cell.backend, shown.column): shown.cell for shown in old.cells}
    for shown in new.cells:
        previous = before.get((shown.cell.backend, shown.column))
        kind = _kind(previous, shown.cell) if previous else None
        if kind is not None:
            yield Change(
                kind=kind,
                target=new.target,
                backend=shown.cell.backend,
                device=shown.column,
                old=previous,
                new=shown.cell,
            )


def _kind(old: Cell, new: Cell) -> ChangeKind | None:
    if old.status.measured != new.status.measured:
        return ChangeKind.MEASURED if new.status.measured else ChangeKind.UNMEASURED
    if not new.status.measured:
        expected = [cell.expected.status if cell.expected else None for cell in (old, new)]
        if None in expected or expected[0] == expected[1]:
            return None
    statuses = [
        (cell.expected.status if cell.expected and not cell.status.measured else cell.status)
        for cell in (old, new)
    ]
    steps = [_step(*statuses)]
    if not any(steps):
        steps = [_step(old.modes[mode], new.modes[mode]) for mode in new.modes if mode in old.modes]
    if any(step < 0 for step in steps) and not any(step > 0 for step in steps):
        return ChangeKind.REGRESSION
    if any(step > 0 for step in steps) and not any(step < 0 for step in steps):
        return ChangeKind.GAIN
    same = statuses[0] == statuses[1] and _reasons(old) == _reasons(new) and not any(steps)
    return None if same else ChangeKind.REASON


def _step(old: Status, new: Status) -> int:
    """Return whether a status got better (1), worse (-1), or neither (0)."""
    if old not in RANKS or new not in RANKS:
        return 0
    return (RANKS[new] > RANKS[old]) - (RANKS[new] < RANKS[old])


def _reasons(cell: Cell) -> tuple[object, ...]:
    reasons = {(each.mode, reason_text(each)) for each in cell.reasons}
    return cell.notes, frozenset(reasons)


def new_reason(change: Change) -> str:
    """Return the first reason of the new cell that the old one does not have.

    Why neither cell was measured is no reason for a change of what is expected.
    """
    if not any(cell and cell.status.measured for cell in (change.old, change.new)):
        return ""
    known = {reason_text(reason) for reason in change.old.reasons} if change.old else set[str]()
    found = [reason_text(reason) for reason in change.new.reasons] if change.new else []
    return next((text for text in found if text not in known), "")


def environment_changes(old: Sequence[Record], new: Sequence[Record]) -> list[str]:
    """Return the facts that differ between the environments of two records, or sets of records."""
    found = []
    for name, before, after in _facts(old, new):
        if before != after:
            texts = [", ".join(values) or "none" for values in (before, after)]
            found.append(f"{name} {texts[0]} → {texts[1]}")
    return found


def _facts(
    old: Sequence[Record], new: Sequence[Record]
) -> Iterator[tuple[str, list[str], list[str]]]:
    both = [*old, *new]
    for name in sorted({name for record in both for name in record.environment.packages}):
        yield (
            name,
            _values(record.environment.packages.get(name) for record in old),
            _values(record.environment.packages.get(name) for record in new),
        )
    for name in ("python", "platform", "accelerator"):
        yield (
            name,
            _values(getattr(record.environment, name) for record in old),
            _values(getattr(record.environment, name) for record in new),
        )
    for name in sorted({name for record in both for name in record.environment.variables}):
        yield (
            name,
            _values(record.environment.variables.get(name) for record in old),
            _values(record.environment.variables.get(name) for record in new),
        )


def _values(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value is not None})
