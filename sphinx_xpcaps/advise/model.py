"""The data of a report: findings, calls that no record knows, and counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A part of a file. Lines and columns are counted from 1, columns in characters."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    """The column after the last character."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """A problem at a place."""

    place: Place
    code: str
    message: str
    function: str = ""
    """The dotted name of the function that records know."""
    backend: str = ""
    device: str = ""
    mode: str = ""
    note: str = ""
    """The notes of the table, such as ``"no JIT"``."""
    reason: str = ""
    """What a measured call did."""
    since: str = ""
    """From which version on, such as ``"since JAX 0.5.0"``, if several versions were measured."""
    measured: str = ""
    """The environment of the measurement."""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class UnknownCall:
    """A call of a function that no record has, in a package that a record has."""

    place: Place
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many files and calls were checked."""

    files: int = 0
    looked_up: int = 0
    """Calls of functions in packages that a record has."""
    known: int = 0
    on_host: int = 0
    """Known calls whose arguments are visibly NumPy arrays or Python objects."""

    def __add__(self, other: Counts) -> Counts:
        """Return the sums."""
        return Counts(
            files=self.files + other.files,
            looked_up=self.looked_up + other.looked_up,
            known=self.known + other.known,
            on_host=self.on_host + other.on_host,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found in one or several files."""

    findings: tuple[Finding, ...] = ()
    unknown: tuple[UnknownCall, ...] = ()
    counts: Counts = field(default_factory=Counts)


def combined(reports: Iterable[Report]) -> Report:
    """Return one report of several, sorted by place."""
    findings: list[Finding] = []
    unknown: list[UnknownCall] = []
    counts = Counts()
    for report in reports:
        findings += report.findings
        unknown += report.unknown
        counts += report.counts
    return Report(findings=tuple(sorted(findings)), unknown=tuple(sorted(unknown)), counts=counts)
