"""What several records say together: one table per target."""

from __future__ import annotations

from dataclasses import dataclass

from sphinx_xpcaps.results.model import Cell, Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A cell as a reader sees it, with where it was measured."""

    cell: Cell
    environment: Environment | None = None
    outdated: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All cells of a target, in the order of the configured backends and devices."""

    target: str
    kind: str
    cells: tuple[Shown, ...] = ()
