"""Share equal parts of cells between records, which saves most of the memory of many records."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from sphinx_xpcaps.results.model import Cell, Reason, RecordedCase, Status, Target

_set_backend, _set_device, _set_origin, _set_notes, _set_modes, _set_reasons, _set_cases = (
    getattr(Cell, name).__set__
    for name in ("backend", "device", "origin", "notes", "modes", "reasons", "cases")
)
"""Setters of fields, although cells are frozen; they are faster than `object.__setattr__`."""
_CASE = attrgetter("call", "setup", "expression", "arrays", "floats")
"""Returns a key that is hashed faster than a case."""


class SharedParts:
    """The parts of cells that were seen so far.

    Most functions give the same results in most environments: the same modes, notes and reasons.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._notes: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._modes: dict[tuple[tuple[str, Status], ...], Mapping[str, Status]] = {}
        self._reasons: dict[tuple[object, ...], tuple[Reason, ...]] = {}
        self._cases: dict[tuple[object, ...], tuple[RecordedCase, ...]] = {}

    def share(self, targets: Mapping[str, Target]) -> dict[str, Target]:
        """Return targets whose cells share equal parts with all cells that were seen before.

        The cells are modified, so nothing else may refer to them.
        """
        text = self._texts.setdefault
        notes = self._notes.setdefault
        modes = self._modes.setdefault
        reasons = self._reasons.setdefault
        for target in targets.values():
            # The cells of a target usually have the same object, which is looked up once.
            cases: tuple[RecordedCase, ...] = ()
            known_cases = cases
            for cell in target.cells:
                if cell.cases is not cases:
                    cases = cell.cases
                    known_cases = self._cases.setdefault(tuple(map(_CASE, cases)), cases)
                _set_cases(cell, known_cases)
                _set_backend(cell, text(cell.backend, cell.backend))
                _set_device(cell, text(cell.device, cell.device))
                if cell.origin is not None:
                    _set_origin(cell, text(cell.origin, cell.origin))
                if cell.notes:
                    _set_notes(cell, notes(cell.notes, cell.notes))
                _set_modes(cell, modes(tuple(cell.modes.items()), cell.modes))
                if cell.reasons:
                    _set_reasons(cell, reasons(_hashable(cell.reasons), cell.reasons))
        return {text(name, name): target for name, target in targets.items()}


def _hashable(reasons: tuple[Reason, ...]) -> tuple[object, ...]:
    """Return a key that is compared faster than reasons."""
    return tuple(
        [
            (
                *(each.message, each.call, each.mode, each.outcome, each.exception, each.line),
                *(each.case, each.variant, each.cause),
            )
            for each in reasons
        ]
    )
