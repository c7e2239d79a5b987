"""Share equal parts of cells between records, which saves most of the memory of many records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sphinx_xpcaps.results.model import Cell, Reason, Status, Target

T = TypeVar("T")

_set = object.__setattr__


class SharedParts:
    """The parts of cells that were seen so far.

    Most functions give the same results in most environments: the same modes, notes and reasons.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._notes: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._modes: dict[tuple[tuple[str, Status], ...], Mapping[str, Status]] = {}
        self._reasons: dict[tuple[Reason, ...], tuple[Reason, ...]] = {}

    def share(self, targets: Mapping[str, Target]) -> dict[str, Target]:
        """Return targets whose cells share equal parts with all cells that were seen before.

        The cells are modified, so nothing else may refer to them.
        """
        text = self._text
        for target in targets.values():
            for cell in target.cells:
                self._share(cell)
        return {text(name): target for name, target in targets.items()}

    def _share(self, cell: Cell) -> None:
        _set(cell, "backend", self._text(cell.backend))
        _set(cell, "device", self._text(cell.device))
        if cell.origin is not None:
            _set(cell, "origin", self._text(cell.origin))
        if cell.date is not None:
            _set(cell, "date", self._text(cell.date))
        if cell.notes:
            _set(cell, "notes", self._notes.setdefault(cell.notes, cell.notes))
        modes = tuple(cell.modes.items())
        _set(cell, "modes", self._modes.setdefault(modes, cell.modes))
        if cell.reasons:
            _set(cell, "reasons", self._reasons.setdefault(cell.reasons, cell.reasons))

    def _text(self, text: str) -> str:
        return self._texts.setdefault(text, text)
