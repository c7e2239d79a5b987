"""The words of a comparison as frozen dataclasses: declaration, comparison, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.testing import Capabilities
from sphinx_xpcaps.results.model import Reason, Status

SCHEMA = 1
"""Version of the report's format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the decorator stands that declares a function: a call in a source file.

    Lines count from 1; columns count bytes from 0, as in `ast`.
    """

    file: str
    package: str
    """The folder that holds the top-level package."""
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What is declared of one target."""

    target: str
    capabilities: Capabilities | None
    """None if the table does not have the target."""
    place: Place | None = None
    """Where it is declared, if that is a decorator of the target's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """A table of declarations, as far as targets were asked for."""

    table: str
    entries: Mapping[str, Declaration]
    spelling: Mapping[str, str]
    """How the table itself calls a backend, such as ``"jax.numpy"``."""


class Verdict(StrEnum):
    """What comparing a declaration with a measurement gave; a closed set."""

    AGREES = "agrees"
    BETWEEN = "between"
    """Only some cases or dtypes work, which contradicts neither declaration."""
    FAILS = "fails"
    """Declared to work, and no case does."""
    WORKS = "works"
    """Declared not to work, and every case does."""
    UNDECLARED = "undeclared"
    """Not declared, and every case works."""

    @property
    def differs(self) -> bool:
        """Whether this is a difference."""
        return self in (Verdict.FAILS, Verdict.WORKS, Verdict.UNDECLARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One thing that is declared and measured: of a target, a backend, a device and a mode."""

    target: str
    backend: str
    device: str
    mode: str
    verdict: Verdict
    declared: bool | None
    """Whether it is declared to work; None if nothing is declared."""
    status: Status
    """What was measured, or is expected."""
    why: str = ""
    """Why it is declared not to work."""
    passed: int = 0
    total: int = 0
    """How many cases pass as written, and how many there are."""
    notes: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    version: str | None = None
    """The backend's version."""
    expected: bool = False
    """Whether the device was not there, and the status is what it would most likely be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """An entry of the file of known differences that should be removed, and why."""

    target: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that a comparison gives a maintainer to do."""

    table: str
    compared: int
    """How many declared or measured things were compared."""
    differences: tuple[Comparison, ...]
    known: tuple[Comparison, ...] = ()
    """Differences that the file of known ones has."""
    stale: tuple[Stale, ...] = ()
    expected: tuple[Comparison, ...] = ()
    """What most likely differs on a device that was not there: no difference, but worth a look."""
    schema: int = SCHEMA

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to do."""
        return not self.differences and not self.stale
