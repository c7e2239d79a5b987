"""The order of targets, cells and names in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
    cells = sorted(target.cells, key=lambda cell: (cell.backend, cell.device))
    return replace(target, cells=tuple(map(_with_sorted_modes, cells)))


def _with_sorted_modes(cell: Cell) -> Cell:
    return replace(cell, modes=_sorted(cell.modes))


def _sorted(names: Mapping[str, T]) -> dict[str, T]:
    return dict(sorted(names.items()))
