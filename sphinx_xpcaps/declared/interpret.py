"""Interpret declared capabilities for a backend, a device and a mode."""

from __future__ import annotations

from dataclasses import dataclass, fields

from core.backends import ModeKeyword, backends
from core.notes import MODE_NOTES, parse_note
from core.testing import Capabilities

_KEYWORDS = frozenset(field.name for field in fields(Capabilities))


@dataclass(frozen=True, slots=True)
class DeclaredSupport:
    """Whether a function is declared to work, and if not, why."""

    works: bool
    why: str = ""


def declared_support(
    declared: Capabilities, backend: str, device: str, mode: str, version: str | None
) -> DeclaredSupport | None:
    """Return the declared support, or None if nothing is declared.

    Parameters
    ----------
    declared : Capabilities
        The declaration.
    backend, device, mode : str
        Names as in records.
    version : str or None
        The version of the backend, since limits may apply to some versions only.
    """
    if declared.out_of_scope:
        return None
    obstacle = declared.obstacle(backend, device, version=version)
    if mode == "eager":
        return DeclaredSupport(obstacle is None, obstacle.reason if obstacle else "")
    keyword = mode_keyword(backend, mode)
    if keyword is None or obstacle is not None:
        return None
    note = MODE_NOTES[mode]
    fails = getattr(declared, keyword.name) != keyword.works or any(
        warning.backend == backend
        and warning.applies(version)
        and parse_note(warning.reason) is note
        for warning in declared.warnings
    )
    return DeclaredSupport(not fails, str(note) if fails else "")


def mode_keyword(backend: str, mode: str) -> ModeKeyword | None:
    """Return the keyword of a declaration for a mode of a backend, or None."""
    known = backends().get(backend)
    keyword = known.mode_keywords.get(mode) if known else None
    return keyword if keyword is not None and keyword.name in _KEYWORDS else None
