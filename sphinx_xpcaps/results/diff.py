"""Differences between a new record and committed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sphinx_xpcaps.results.model import Cell, Record, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A cell whose status differs; ``committed`` is None if no committed record has it."""

    target: str
    backend: str
    device: str
    committed: Cell | None
    fresh: Cell
    date: str | None = None

    def __str__(self) -> str:
        where = f"{self.target}: {self.backend} on {self.device}"
        if self.committed is None:
            return f"{where} is {_status_text(self.fresh)}, and in no committed record"
        before = f"{_status_text(self.committed)} on {self.date}"
        return f"{where} is {_status_text(self.fresh)}, was {before}"


def differences(committed: Sequence[Record], fresh: Record) -> tuple[Difference, ...]:
    """Return the measured cells of `fresh` whose status differs from the committed records.

    A cell is compared with the newest committed measurement with the same version of the backend,
    or if there is none, with the newest one.
    """
    found = []
    for name, target in sorted(fresh.targets.items()):
        for cell in target.cells:
            if not cell.status.measured:
                continue
            match = _nearest(committed, fresh, name, cell)
            if match is None:
                found.append(_difference(name, None, cell))
            elif match[1].status != cell.status:
                found.append(_difference(name, match, cell))
    return tuple(found)


def _nearest(
    committed: Sequence[Record], fresh: Record, target: str, cell: Cell
) -> tuple[Record, Cell] | None:
    candidates = [
        (record, other)
        for record in committed
        if target in record.targets
        for other in record.targets[target].cells
        if (other.backend, other.device) == (cell.backend, cell.device) and other.status.measured
    ]

    def nearness(candidate: tuple[Record, Cell]) -> tuple[bool, str]:
        there, here = candidate[0].environment, fresh.environment
        same = there.packages.get(cell.backend) == here.packages.get(cell.backend)
        return same, candidate[1].date or there.date

    return max(candidates, key=nearness, default=None)


def _difference(target: str, match: tuple[Record, Cell] | None, fresh: Cell) -> Difference:
    return Difference(
        target=target,
        backend=fresh.backend,
        device=fresh.device,
        committed=match[1] if match else None,
        fresh=fresh,
        date=(match[1].date or match[0].environment.date) if match else None,
    )


def _status_text(cell: Cell) -> str:
    notes = f" ({', '.join(cell.notes)})" if cell.notes and cell.status != Status.SUPPORTED else ""
    return f"{cell.status}{notes}"
