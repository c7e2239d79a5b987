"""The words of a record as frozen dataclasses: environment, target, cell, reason.

The field names are the record's own (see ``docs/record.md``); other tools parse them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SCHEMA = 1
"""Version of the record format."""


class Status(StrEnum):
    """What one cell of a table says; a closed set."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"
    CONFLICT = "conflict"
    NOT_APPLICABLE = "not_applicable"
    NOT_MEASURED = "not_measured"

    @property
    def measured(self) -> bool:
        """Whether something was run to say so."""
        return self not in (Status.NOT_APPLICABLE, Status.NOT_MEASURED)


class Outcome(StrEnum):
    """What one case gave on one backend, device and mode; a closed set."""

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
    """Why a mode of a cell is not supported: one outcome with its words."""

    mode: str
    outcome: Outcome
    exception: str | None = None
    message: str = ""
    call: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a cell that could not be measured would most likely say."""

    status: Status
    reason: str | None = None


class NodeKind(StrEnum):
    """What an array of a graph is; a closed set."""

    INPUT = "input"
    CONSTANT = "constant"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """One array of a graph."""

    name: str
    """The argument's, or that of the operation that computes it."""
    kind: NodeKind
    array: str
    """Shape and dtype, such as ``"(3, ?) float64"``."""
    operands: tuple[int, ...] = ()
    """Places of the arrays that it is computed from, which come before it."""
    output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What a call does, as it was traced."""

    call: str
    functions: tuple[str, ...]
    """The functions of the array API standard that the cases need, sorted."""
    operations: int
    nodes: tuple[GraphNode, ...] = ()
    """None where there are too many to be drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One backend and device of a target's table."""

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
    """Where cells were measured."""

    python: str
    platform: str
    processor: str
    accelerator: str | None
    date: str
    packages: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """A backend's device that could not be measured at all, and why."""

    backend: str
    device: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What wrote the record."""

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
    """What one run on one machine measured."""

    schema: int
    tool: Tool
    package: Package
    environment: Environment
    unavailable: tuple[Unavailable, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
