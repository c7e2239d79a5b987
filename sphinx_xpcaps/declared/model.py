"""The data of a comparison: declarations, comparisons and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.testing import Capabilities
from sphinx_xpcaps.results.model import Reason, Status

SCHEMA = 1
"""Version of the report's format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoratorLocation:
    """Location of the decorator call that declares the capabilities of a function.

    Lines count from 1; columns count bytes from 0, as in `ast`.
    """

    file: str
    package: str
    """The folder that contains the top-level package."""
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """The declared capabilities of one target."""

    target: str
    capabilities: Capabilities | None
    """None if the target is not in the table."""
    location: DecoratorLocation | None = None
    """The decorator that declares them; None if the target has no decorator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """The declarations of the requested targets in a table."""

    table: str
    entries: Mapping[str, Declaration]
    backend_names: Mapping[str, str]
    """By backend, the name that the table uses, such as ``"jax.numpy"``."""


class Verdict(StrEnum):
    """Result of comparing a declaration with a measurement; a closed set."""

    AGREES = "agrees"
    BETWEEN = "between"
    """Only some cases or dtypes work, which contradicts neither declaration."""
    FAILS = "fails"
    """Declared to work, but no case works."""
    WORKS = "works"
    """Declared not to work, but every case works."""
    UNDECLARED = "undeclared"
    """Not declared, but every case works."""

    @property
    def differs(self) -> bool:
        """Whether this is a difference."""
        return self in (Verdict.FAILS, Verdict.WORKS, Verdict.UNDECLARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Declared and measured support of a target on a backend and device in a mode."""

    target: str
    backend: str
    device: str
    mode: str
    verdict: Verdict
    declared: bool | None
    """Whether it is declared to work; None if the target is not declared."""
    status: Status
    """The measured or expected status."""
    why: str = ""
    """The declared reason why it does not work."""
    passed: int = 0
    total: int = 0
    """Number of cases that pass as written, and of all cases."""
    notes: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    version: str | None = None
    """The backend's version."""
    expected: bool = False
    """Whether the device was not available, so that the status is only expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """An entry of the file of known differences to remove, with the reason."""

    target: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The differences that a comparison found."""

    table: str
    compared: int
    """Number of comparisons."""
    differences: tuple[Comparison, ...]
    known: tuple[Comparison, ...] = ()
    """Differences that are in the file of known differences."""
    stale: tuple[Stale, ...] = ()
    expected: tuple[Comparison, ...] = ()
    """Differences that are expected on devices that were not available."""
    schema: int = SCHEMA

    @property
    def agrees(self) -> bool:
        """Whether there are no differences and no stale entries."""
        return not self.differences and not self.stale


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedTargets:
    """The targets that the marks of tests name."""

    __test__ = False  # no class of tests, although pytest would collect it by its name

    names: tuple[str, ...]
    collected: int
    """Number of tests."""
    problem: str = ""
    """Why some or all tests could not be collected."""
