"""Data that parent and workers exchange. Needs no array library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from core.notes import DtypeChange, Note
from sphinx_xpcaps.cases.model import CaseCode, Collected, Problem
from sphinx_xpcaps.results.model import Graph, Outcome


class BackendDevice(NamedTuple):
    """A backend's name and the name of one of its devices."""

    backend: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A backend, a device and the modes to measure: work for workers of the same kind."""

    backend: str
    device: str
    modes: tuple[str, ...]
    explain: bool = False
    """Whether to trace calls that fail, to name the standard's functions the backend lacks."""
    only_draws: bool = False
    """Whether calls are traced only to draw the graph; a failure then gives no note."""


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The tasks that find cases: they run under NumPy, before the tasks of all other groups."""


FIRST_EXPERIMENT = 3
"""The first attempt that is an experiment: the case without one of its arguments."""


@dataclass(frozen=True, slots=True, order=True)
class CaseRunKey:
    """What one run of a case is: with which dtypes, which arrays, in which mode, which attempt."""

    case: int
    """Position among the target's cases."""
    variant: str
    plan: str
    mode: str
    attempt: int = 1
    """2 for the repetition of a run that failed; `FIRST_EXPERIMENT` and more for experiments."""

    @property
    def is_experiment(self) -> bool:
        """Whether the run is of the case without one of its arguments."""
        return self.attempt >= FIRST_EXPERIMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRun:
    """The outcome of one run of a case."""

    key: CaseRunKey
    outcome: Outcome
    exception: str | None = None
    message: str = ""
    note: Note | None = None
    """A note that is more specific than that of the outcome."""
    returned: str | None = None
    """The title of another library whose arrays the call returned, if that is not NumPy."""
    dtype_change: DtypeChange | None = None
    """A dtype that NumPy keeps and the backend changes."""
    computes: int = 0
    host_transfers: int = 0
    applies: bool = True
    """Whether the mode can be judged by this case; if not, the message is the reason."""
    compile_seconds: float = 0.0
    """Time in the library's compiler, for profiles only."""
    graph: Graph | None = None
    """The traced call, in the mode that traces."""

    @property
    def passed(self) -> bool:
        """Whether the outcome is a pass."""
        return self.outcome is Outcome.PASS

    @property
    def worker_lost(self) -> bool:
        """Whether the run ended the worker."""
        return self.outcome in (Outcome.TIMEOUT, Outcome.CRASH)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """What judging needs to know about a case."""

    text: str
    origin: str
    reproducible: bool
    made_up_data: bool = False
    problem: Problem | None = None
    """Why an origin that comes first gives no cases."""
    reference: str = "numpy"
    """The backend whose result is the reference."""
    arguments: tuple[str, ...] = ()
    cause: str = ""
    """Which argument makes the case fail, if that was found by leaving out one at a time."""
    missing_functions: tuple[str, ...] = ()
    """Functions of the standard that the case calls and the backend's namespace lacks."""
    code: CaseCode | None = None
    """Code that repeats the case; None if an argument cannot be written as code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRuns:
    """All runs of a target's cases in a group."""

    target: str
    group: Group
    cases: tuple[CaseSummary, ...]
    runs: tuple[CaseRun, ...]


@dataclass(frozen=True, slots=True)
class LostCall:
    """A call of an example that timed out or crashed under NumPy."""

    text: str
    outcome: Outcome
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedCases:
    """The cases found for a target, and the calls that ended a worker during the search."""

    target: str
    collected: Collected
    lost: tuple[LostCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """The runs of a target in a group."""

    target: str
    group: Group
    runs: TargetRuns | None
    """None if running failed; then `error` is the reason."""
    error: str = ""
    lost: tuple[LostCall, ...] = ()
    """Calls that ended a worker while the target's cases were found."""


Result: TypeAlias = CollectedCases | GroupResult
"""The result of one task of measuring: finding the cases of a target, or running them."""
