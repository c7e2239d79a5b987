"""The order of targets, cells and names in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from sphinx_xpcaps.results.model import Cell, Record, Target

T = TypeVar("T")


def in_order(record: Record) -> Record:
    """Return `record` with everything sorted, so that equal facts give equal bytes."""
    environment = replace(
        record.environment,
        packages=_sorted(record.environment.packages),
        variables=_sorted(record.environment.variables),
    )
    return replace(
        record,
        environment=environment,
        unavailable=tuple(sorted(record.unavailable, key=lambda u: (u.backend, u.device))),
        targets={name: _ordered(target) for name, target in sorted(record.targets.items())},
    )


def _ordered(target: Target) -> Target:
    cells = target.cells
    if not all(a.backend < b.backend or _position(a) < _position(b) for a, b in pairwise(cells)):
        cells = tuple(sorted(cells, key=_position))
    if not all(len(cell.modes) < 2 or _is_sorted(cell.modes) for cell in cells):
        cells = tuple(replace(cell, modes=_sorted(cell.modes)) for cell in cells)
    return target if cells is target.cells else replace(target, cells=cells)


def _position(cell: Cell) -> tuple[str, str]:
    return cell.backend, cell.device


def _is_sorted(names: Iterable[str]) -> bool:
    return all(first < second for first, second in pairwise(names))


def _sorted(names: Mapping[str, T]) -> dict[str, T]:
    return dict(sorted(names.items()))
