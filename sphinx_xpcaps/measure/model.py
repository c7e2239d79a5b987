"""What passes between the parent and its workers: plain data that needs no array library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sphinx_xpcaps.results.model import Graph, Outcome


@dataclass(frozen=True, slots=True, order=True)
class CaseRunKey:
    """One thing to try: a case as a variant, by a plan, in a mode."""

    case: int
    variant: str
    plan: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRun:
    """What trying it gave."""

    key: CaseRunKey
    outcome: Outcome
    exception: str | None = None
    message: str = ""
    dtype_drift: str | None = None
    """Such as ``"float32 → float64"`` where NumPy keeps the dtype and the backend does not."""
    computes: int = 0
    host_transfers: int = 0
    applies: bool = True
    """Whether the mode has something to say of the case; if not, the message says why."""
    compile_seconds: float = 0.0
    """Time in the library's compiler, for profiles alone."""
    graph: Graph | None = None
    """What the call does, where the mode is to trace it."""

    @property
    def passed(self) -> bool:
        """Whether the outcome is a pass."""
        return self.outcome is Outcome.PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """What judging needs to know of a case."""

    text: str
    origin: str
    reproducible: bool
    made_up_data: bool = False
    arguments: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    """Functions of the standard that the case needs and the backend's namespace does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Work that one kind of worker does: a backend on a device, in some modes."""

    backend: str
    device: str
    modes: tuple[str, ...]
    explain: bool = False
    """Whether to trace what fails, to say which functions of the standard the backend lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRuns:
    """All trials of a target in a group."""

    target: str
    group: Group
    cases: tuple[CaseSummary, ...]
    trials: tuple[CaseRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A function that a worker runs: its dotted path and keyword arguments."""

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
