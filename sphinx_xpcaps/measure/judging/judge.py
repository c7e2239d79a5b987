"""From outcomes to a cell: what the trials of a target on one device mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.backends import Backend, get_backend
from sphinx_xpcaps.cases.model import AS_WRITTEN, FLOAT32, FLOAT64, REAL
from sphinx_xpcaps.cases.plans import plan_rank
from sphinx_xpcaps.measure.judging.compare import NUMBERS_RETURNED
from sphinx_xpcaps.measure.model import CaseRun, CaseSummary, TargetRuns
from sphinx_xpcaps.measure.modes.tracing import TRACE
from sphinx_xpcaps.results.model import Cell, Graph, Outcome, Reason, Status

_SHORT = {
    Outcome.FOREIGN_OUTPUT: "returns NumPy",
    Outcome.WRONG_VALUES: "wrong values",
    Outcome.TIMEOUT: "timeout",
    Outcome.CRASH: "crash",
    Outcome.FLAKY: "flaky",
    Outcome.NOT_RUN: "not run",
}
_LIMITS = {
    "jit": "no JIT",
    "lazy": "computes graph",
    "trace": "cannot be traced",
    "grad": "no gradient",
}
"""What a mode that fails means for a reader, where that has a name."""

_WRONG = {"grad": "wrong gradient", "vmap": "wrong under vmap"}
"""What it means that a mode gives something, but not what it should."""

_ONLY = {FLOAT64: "floating only", REAL: "real only"}
"""What it means that a case passes in a variant and not as written."""


@dataclass(frozen=True, slots=True)
class _Case:
    """The trials of one case, read by what they are for."""

    summary: CaseSummary
    trials: tuple[CaseRun, ...]

    def of(self, variant: str, mode: str = "eager") -> list[CaseRun]:
        return [t for t in self.trials if (t.key.variant, t.key.mode) == (variant, mode)]

    @property
    def written(self) -> CaseRun | None:
        """The trial that passes as written."""
        return next((t for t in self.of(AS_WRITTEN) if t.passed), None)

    @property
    def best(self) -> CaseRun | None:
        """The trial that passes as written, with floats or with real numbers."""
        tried = [*self.of(AS_WRITTEN), *self.of(FLOAT64), *self.of(REAL)]
        return next((t for t in tried if t.passed), None)

    def in_mode(self, mode: str) -> list[CaseRun]:
        """Return the trials of a mode besides eager, which is tried with one choice of dtypes."""
        return [t for t in self.trials if t.key.mode == mode and t.applies]

    @property
    def failure(self) -> CaseRun:
        """The trial that shows best why nothing passes."""
        tried = [*self.of(REAL), *self.of(FLOAT64), *self.of(AS_WRITTEN)]
        return min(tried, key=lambda trial: plan_rank(trial.key.plan))

    @property
    def lacking(self) -> list[str]:
        """The functions that the library lacks and that the failure is about: its error says so."""
        failure = self.failure
        if failure.exception not in ("AttributeError", "NotImplementedError"):
            return []
        words = re.findall(r"\w+", failure.message)
        return [name for name in self.summary.lacking if name.rpartition(".")[2] in words]


def judge(tried: TargetRuns, *, key: str) -> Cell:
    """Return the cell that the trials of a target on a device add up to."""
    cases = [
        _Case(summary, tuple(t for t in tried.trials if t.key.case == i))
        for i, summary in enumerate(tried.cases)
    ]
    modes: dict[str, Status] = {}
    notes: list[str] = []
    reasons: list[Reason] = []
    backend = get_backend(tried.group.backend)
    eager = _judge_eager(cases, backend, notes, reasons)
    modes["eager"] = eager
    working = [case for case in cases if case.best is not None]
    for mode in tried.group.modes:
        if mode == "eager":
            continue
        modes[mode] = _judge_mode(mode, working, backend, notes, reasons)
    return Cell(
        backend=tried.group.backend,
        device=tried.group.device,
        status=_overall(eager, modes),
        notes=tuple(notes),
        modes=modes,
        origin=cases[0].summary.origin if cases else None,
        passed=sum(case.written is not None for case in cases),
        total=len(cases),
        reasons=tuple(reasons),
        host_transfer=any(_transfers(case, backend) for case in working),
        computes=sum(case.best.computes for case in working if case.best),
        graph=_graph(cases),
        key=key,
    )


def _judge_eager(
    cases: Sequence[_Case], backend: Backend, notes: list[str], reasons: list[Reason]
) -> Status:
    failing = [case for case in cases if case.best is None]
    if all(case.failure.outcome is Outcome.NOT_RUN for case in failing) and len(failing) == len(
        cases
    ):
        failed = failing[0].failure
        notes.append(failed.message)
        reasons.append(_reason(failed, failing[0]))
        return Status.NOT_MEASURED
    reasons.extend(_reason(case.failure, case) for case in failing)
    lacking = sorted({name for case in failing for name in case.lacking})
    explained = [f"needs {', '.join(lacking)}, which {backend.title} lacks"] if lacking else []
    if len(failing) == len(cases):
        notes.extend(explained or [_short(cases[0].failure)])
        return Status.UNSUPPORTED
    status = Status.SUPPORTED
    if failing:
        passing = [case for case in cases if case.best is not None]
        notes.append(f"{len(passing)} of {len(cases)} cases{_what_differs(passing, failing)}")
        notes.extend(explained)
        status = Status.PARTIAL
    for variant, note in _ONLY.items():
        only = [case for case in cases if case.best and case.best.key.variant == variant]
        if only:
            notes.append(note)
            reasons.extend(_reason(case.of(AS_WRITTEN)[0], case) for case in only)
            status = Status.PARTIAL
    single = [(case, t) for case in cases for t in case.of(FLOAT32)]
    double_only = [
        (case, t) for case, t in single if not t.passed and t.outcome is not Outcome.NOT_RUN
    ]
    if double_only and len(double_only) == len(single):
        notes.append("float64 only")
        reasons.extend(_reason(t, case) for case, t in double_only)
        status = Status.PARTIAL
    elif double_only:
        notes.append(f"float32 in {len(single) - len(double_only)} of {len(single)} cases")
        reasons.extend(_reason(t, case) for case, t in double_only)
        status = Status.PARTIAL
    drifts = sorted({t.dtype_drift for _, t in single if t.passed and t.dtype_drift})
    if drifts:
        notes.extend(drifts)
        status = Status.PARTIAL
    if any(not case.summary.reproducible for case in cases):
        notes.append("values not compared: random")
    if any(case.summary.made_up_data for case in cases):
        notes.append("with made-up data")
    return status


def _what_differs(passing: Sequence[_Case], failing: Sequence[_Case]) -> str:
    """Say which argument tells the cases that fail from those that pass, if one does."""
    in_all = set.intersection(*(set(case.summary.arguments) for case in failing))
    in_none = in_all.difference(*(case.summary.arguments for case in passing))
    names = sorted(name for name in in_none if "=" not in name)
    if names:
        return f": works without {names[0]}="
    values = sorted(in_none)
    return f": fails with {values[0]}" if values else ""


def _judge_mode(
    mode: str,
    working: Sequence[_Case],
    backend: Backend,
    notes: list[str],
    reasons: list[Reason],
) -> Status:
    """Judge a mode besides eager by the cases that work eagerly and that it applies to."""
    tried = [case for case in working if any(t.key.mode == mode for t in case.trials)]
    working = [case for case in working if mode == "lazy" or case.in_mode(mode)]
    if not working:
        return Status.NOT_APPLICABLE if tried else Status.NOT_MEASURED
    failing = [(case, trial) for case in working if (trial := _failure_in(mode, case)) is not None]
    reasons.extend(_reason(trial, case) for case, trial in failing)
    if not failing:
        return Status.SUPPORTED
    name, detail = backend.limits.get(mode) or _LIMITS.get(mode, f"no {mode}"), ""
    if any(trial.outcome is Outcome.WRONG_VALUES for _, trial in failing):
        name = _WRONG.get(mode, name)
    refused = next((t for _, t in failing if t.exception in backend.tracing_errors), None)
    if mode == TRACE and refused is not None:
        name, detail = "data-dependent", f": {refused.message.partition(': ')[0]}"
    if len(failing) == len(working):
        notes.append(f"{name}{detail}")
        return Status.UNSUPPORTED
    notes.append(f"{name} in {len(failing)} of {len(working)} cases{detail}")
    return Status.PARTIAL


def _graph(cases: Sequence[_Case]) -> Graph | None:
    """Return the first graph that can be drawn, with the functions that all cases need."""
    graphs = [trial.graph for case in cases for trial in case.trials if trial.graph is not None]
    if not graphs:
        return None
    functions = {name for graph in graphs for name in graph.functions}
    first = next((graph for graph in graphs if graph.nodes), graphs[0])
    return replace(first, functions=tuple(sorted(functions)))


def _failure_in(mode: str, case: _Case) -> CaseRun | None:
    """Return the trial that shows that a mode fails, or None where it works."""
    assert case.best is not None
    if mode == "lazy":
        if case.best.computes == 0:
            return None
        message = f"computes the graph {case.best.computes} times"
        if case.best.computes == 1:
            message = "computes the graph once"
        key = replace(case.best.key, mode=mode)
        return CaseRun(key=key, outcome=Outcome.RAISED, message=message)
    return next((t for t in case.in_mode(mode) if not t.passed), None)


def _transfers(case: _Case, backend: Backend) -> bool:
    """Say whether the call turned an input into host memory on its way."""
    errors = backend.host_transfer_errors
    seen = case.best is not None and case.best.host_transfers > 0
    return seen or any(trial.exception in errors for trial in case.trials)


def _overall(eager: Status, modes: dict[str, Status]) -> Status:
    if eager is not Status.SUPPORTED:
        return eager
    bad = [s for s in modes.values() if s in (Status.UNSUPPORTED, Status.PARTIAL)]
    return Status.PARTIAL if bad else Status.SUPPORTED


def _reason(trial: CaseRun, case: _Case) -> Reason:
    return Reason(
        mode=trial.key.mode,
        outcome=trial.outcome,
        exception=trial.exception,
        message=trial.message,
        call=_shorten(case.summary.text),
    )


def _short(trial: CaseRun) -> str:
    if trial.message == NUMBERS_RETURNED:
        return trial.message
    return trial.exception or _SHORT.get(trial.outcome, trial.outcome)


def _shorten(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
