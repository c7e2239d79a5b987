"""The data model of a record: environment, targets, cells and reasons.

Field names are those of the file format (see ``docs/record.md``), which other tools parse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SCHEMA = 1
"""Version of the record format."""


class Status(StrEnum):
    """Status of a cell of a table; a closed set."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"
    CONFLICT = "conflict"
    NOT_APPLICABLE = "not_applicable"
    NOT_MEASURED = "not_measured"

    @property
    def measured(self) -> bool:
        """Whether the status is the result of a measurement."""
        return self not in (Status.NOT_APPLICABLE, Status.NOT_MEASURED)


class Outcome(StrEnum):
    """Result of one case on a backend and device in a mode; a closed set."""

    PASS = "pass"
    WRONG_VALUES = "wrong_values"
    FOREIGN_OUTPUT = "foreign_output"
    RAISED = "raised"
    TIMEOUT = "timeout"
    CRASH = "crash"
    FLAKY = "flaky"
    NO_CASE = "no_case"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a mode of a cell is not supported: the outcome of one case with its message."""

    mode: str
    outcome: Outcome
    exception: str | None = None
    message: str = ""
    call: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The most likely status of a cell that could not be measured."""

    status: Status
    reason: str | None = None


class NodeKind(StrEnum):
    """Kind of an array in a graph; a closed set."""

    INPUT = "input"
    CONSTANT = "constant"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """One array of a graph."""

    name: str
    """Name of the argument, or of the operation that computes the array."""
    kind: NodeKind
    array: str
    """Shape and dtype, such as ``"(3, ?) float64"``."""
    operands: tuple[int, ...] = ()
    """Indices of the arrays that it is computed from, which precede it."""
    output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The traced graph of a call."""

    call: str
    functions: tuple[str, ...]
    """The functions of the array API standard that the cases call, sorted."""
    operations: int
    nodes: tuple[GraphNode, ...] = ()
    """Empty if there are too many to draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Status of a target on one backend and device."""

    backend: str
    device: str
    status: Status
    notes: tuple[str, ...] = ()
    modes: Mapping[str, Status] = field(default_factory=dict)
    origin: str | None = None
    passed: int = 0
    total: int = 0
    reasons: tuple[Reason, ...] = ()
    host_transfer: bool | None = None
    computes: int | None = None
    expected: Expected | None = None
    graph: Graph | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A documented callable and its cells, sorted by backend and device."""

    kind: str
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Environment in which cells were measured."""

    python: str
    platform: str
    processor: str
    accelerator: str | None
    date: str
    packages: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """A device of a backend that was not available, and the reason."""

    backend: str
    device: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """The program that wrote the record."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The package whose targets were measured."""

    name: str
    version: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The cells measured by one run on one machine."""

    schema: int
    tool: Tool
    package: Package
    environment: Environment
    unavailable: tuple[Unavailable, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
