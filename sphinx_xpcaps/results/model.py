"""The data model of a record: environment, targets, cells and reasons.

Field names are those of the file format (see ``docs/record.md``), which other tools parse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import Meta

from sphinx_xpcaps.results.text import LONGEST_TEXT

SCHEMA = 1
"""Version of the format of a file with one record, which is read, but not written any more."""
BUNDLE_SCHEMA = 2
"""Version of the format of a file with records of one or several environments."""

# Fields are bounded, since records are untrusted input: they come in pull requests.
Name: TypeAlias = Annotated[str, Meta(max_length=500)]
"""Name of a target, backend, device, mode, package, function or exception."""
Version: TypeAlias = Annotated[str, Meta(max_length=100)]
"""Version of a program."""
Text: TypeAlias = Annotated[str, Meta(max_length=LONGEST_TEXT)]
"""Message or code for readers."""
Count: TypeAlias = Annotated[int, Meta(ge=0, le=10**9)]
"""A number of things."""


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
        return self in MEASURED


MEASURED = frozenset(set(Status) - {Status.NOT_APPLICABLE, Status.NOT_MEASURED})
"""The statuses that are the results of a measurement."""


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

    mode: Name
    outcome: Outcome
    exception: Name | None = None
    message: Text = ""
    call: Text | None = None
    line: Count | None = None
    """Line of a directive's body at which it failed."""
    case: Count | None = None
    """Position of the case in the cases of the cell."""
    variant: Name | None = None
    """The dtypes with which it failed, such as ``"float32"``; None for those of the case."""
    cause: Text | None = None
    """What distinguishes the call from those that pass, such as ``axis=None``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCase:
    """A case that was run, as code that readers can repeat.

    The code runs after lines that import the array library as ``xp`` and NumPy as ``np``.
    """

    call: Text
    """The call as its example, test or directive writes it."""
    setup: Text = ""
    """The statements before the call: imports, data and earlier calls."""
    expression: Text | None = None
    """The call with the names that `setup` defines; None if it cannot be written as code."""
    arrays: tuple[Name, ...] = ()
    """The names of the arrays of the library."""
    floats: tuple[Name, ...] = ()
    """Those that a variant converts to another floating-point dtype."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The most likely status of a cell that could not be measured."""

    status: Status
    reason: Text | None = None


class NodeKind(StrEnum):
    """Kind of an array in a graph; a closed set."""

    INPUT = "input"
    CONSTANT = "constant"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """One array of a graph."""

    name: Name
    """Name of the argument, or of the operation that computes the array."""
    kind: NodeKind
    array: Name
    """Shape and dtype, such as ``"(3, ?) float64"``."""
    operands: tuple[Count, ...] = ()
    """Indices of the arrays that it is computed from, which precede it."""
    output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The traced graph of a call."""

    call: Text
    functions: tuple[Name, ...]
    """The functions of the array API standard that the cases call, sorted."""
    operations: Count
    nodes: tuple[GraphNode, ...] = ()
    """Empty if there are too many to draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Status of a target on one backend and device."""

    backend: Name
    device: Name
    status: Status
    notes: tuple[Text, ...] = ()
    modes: Mapping[Name, Status] = field(default_factory=dict)
    origin: Name | None = None
    passed: Count = 0
    total: Count = 0
    reasons: tuple[Reason, ...] = ()
    cases: tuple[RecordedCase, ...] = ()
    """The cases that were run."""
    case_numbers: tuple[Count, ...] = ()
    """In a file, in place of `cases`: their positions in the cases of the target."""
    host_transfer: bool | None = None
    computes: Count | None = None
    expected: Expected | None = None
    graph: Graph | None = None
    key: Name | None = None
    date: Version | None = None
    """When the cell was measured; None if that is the date of the record's environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A documented callable and its cells, sorted by backend and device."""

    kind: Name
    cells: tuple[Cell, ...] = ()
    cases: tuple[RecordedCase, ...] = ()
    """In a file, the different cases of all cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Environment in which cells were measured."""

    python: Version
    platform: Name
    processor: Name
    accelerator: Name | None
    date: Version
    packages: Mapping[Name, Version] = field(default_factory=dict)
    variables: Mapping[Name, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """A device of a backend that was not available, and the reason."""

    backend: Name
    device: Name
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """The program that wrote the record."""

    name: Name
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The package whose targets were measured."""

    name: Name
    version: Version | None = None
    commit: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The cells measured by one run on one machine."""

    schema: int
    tool: Tool
    package: Package
    environment: Environment
    unavailable: tuple[Unavailable, ...] = ()
    targets: Mapping[Name, Target] = field(default_factory=dict)
