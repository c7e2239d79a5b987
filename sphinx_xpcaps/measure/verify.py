"""Choose targets to measure again, and compare the cells, which should be equal."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from sphinx_xpcaps.results.labels import STATUSES
from sphinx_xpcaps.results.model import Cell

MeasuredCells = Mapping[tuple[str, str, str], Cell]
"""Cells by target, backend and device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstable:
    """A cell that was different when its target was measured again."""

    target: str
    first: Cell
    """The cell in the record."""
    second: Cell | None
    """None if there was none the second time."""

    def __str__(self) -> str:
        """Return the message of the warning."""
        place = f"{self.target} ({self.first.backend}, {self.first.device})"
        return (
            f"{place} was first {_result(self.first, self.second)}, and "
            f"{_result(self.second, self.first)} when it was measured again; unless the function "
            "itself varies, this is a bug in sphinx-xpcaps; please report it"
        )


def sample(targets: Iterable[str], share: float) -> list[str]:
    """Return a random share of the targets, at least one unless the share is 0, in random order."""
    known = sorted(targets)
    return random.sample(known, math.ceil(len(known) * share))


def compare(
    targets: Sequence[str], first: MeasuredCells, second: MeasuredCells
) -> Iterator[Unstable]:
    """Yield the cells of the targets that differ."""
    for place, cell in sorted(first.items(), key=lambda item: item[0]):
        if place[0] in targets and second.get(place) != cell:
            yield Unstable(target=place[0], first=cell, second=second.get(place))


def _result(cell: Cell | None, other: Cell | None) -> str:
    """Return a cell as text; its other fields only if they alone differ."""
    if cell is None:
        return "not measured"
    parts = [STATUSES[cell.status], *cell.notes, *(reason.message for reason in cell.reasons)]
    if other is not None and (cell.status, cell.notes, cell.reasons) == (
        other.status,
        other.notes,
        other.reasons,
    ):
        names = [field.name for field in fields(Cell)]
        differing = [name for name in names if getattr(cell, name) != getattr(other, name)]
        parts += [f"{name} {getattr(cell, name)}" for name in differing]
    return " ".join(f"{parts[0]} ({'; '.join(parts[1:])})".split()) if parts[1:] else parts[0]
