"""Run the cases of a target on one backend and device; in a worker.

This module decides which runs there are: variants, plans, modes, repetitions and limits. A single
run is in `execute`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from core.backends import get_backend
from sphinx_xpcaps.cases.code import code_of
from sphinx_xpcaps.cases.collect import load_cases
from sphinx_xpcaps.cases.model import Case, Plan, Variant, VariantName, plan_rank
from sphinx_xpcaps.cases.plans import UNCHANGED
from sphinx_xpcaps.measure.causes import cause_of
from sphinx_xpcaps.measure.execute import execute, missing_functions
from sphinx_xpcaps.measure.model import (
    FIRST_EXPERIMENT,
    CaseRun,
    CaseRunKey,
    CaseSummary,
    Group,
    TargetRuns,
)
from sphinx_xpcaps.measure.modes.apply import CHECKS
from sphinx_xpcaps.results.labels import TRACE
from sphinx_xpcaps.results.model import Outcome

_MAX_LOST = 2
"""After so many timeouts or crashes in one mode, the other cases of a target are not run."""

_MAX_FLOAT32 = 2
"""Maximum number of cases run with float32: either all cases of a target fail with it, or none."""

_EXPERIMENT_SECONDS = 5.0
"""Time limit for each run of an experiment; many calls never end without one of their arguments."""

_MAX_OPTIONAL = 3
"""Maximum number of cases per optional mode: these compile, or take many calls."""


class OnStart(Protocol):
    """Called before a run, so that the parent knows what was running if the worker is lost."""

    def __call__(self, key: CaseRunKey, limit: float | None = None, /) -> None:
        """Start `key`, which may take `limit` seconds or, by default, the worker's limit."""


OnResult = Callable[[CaseRun], None]


def run_target(
    on_start: OnStart,
    on_result: OnResult,
    *,
    target: str,
    group: Group,
    file: Path,
    known: tuple[CaseRun, ...],
) -> TargetRuns:
    """Run every case of a target.

    Parameters
    ----------
    on_start : callable
        Called with the key of each run before it starts.
    on_result : callable
        Called with each run when it is finished.
    target : str
        The target's name.
    group : Group
        Backend, device and modes.
    file : Path
        The file with the cases.
    known : tuple of CaseRun
        Runs of earlier workers that were lost; they are not repeated.
    """
    runner = _CaseRunner(on_start, on_result, group, {run.key: run for run in known})
    results: list[_Result] = []
    cases = load_cases(file)
    for number, case in enumerate(cases):
        results.append(runner.run(number, case))
    passing = [case for case, result in zip(cases, results, strict=True) if result.passed]
    summaries = [
        result.summary
        if result.passed or result.lost or not passing
        else replace(result.summary, cause=runner.cause(number, case, passing))
        for number, (case, result) in enumerate(zip(cases, results, strict=True))
    ]
    return TargetRuns(
        target=target,
        group=group,
        cases=tuple(summaries),
        runs=tuple(run for result in results for run in result.runs),
    )


def run_key(
    on_start: OnStart, *, group: Group, file: Path, key: CaseRunKey, limit: float | None
) -> CaseRun | None:
    """Repeat what ended a worker, within `limit` seconds if that is given, and return the run.

    Return None if it was no run, but tracing that finds the functions that a backend lacks.
    """
    case = load_cases(file)[key.case]
    variant = next(variant for variant in case.variants if variant.name == key.variant)
    plan = next(plan for plan in (*case.plans, UNCHANGED) if plan.name == key.plan)
    backend = get_backend(group.backend)
    on_start(key, limit)
    if key.mode == TRACE and TRACE not in group.modes:
        missing_functions(case, variant, plan, backend, group.device)
        return None
    return execute(key, case, variant, plan, backend, group.device)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """The runs of one case; whether one passes eagerly."""

    summary: CaseSummary
    runs: tuple[CaseRun, ...]
    passed: bool

    @property
    def lost(self) -> bool:
        """Whether a run ended a worker."""
        return any(run.worker_lost for run in self.runs)


class _CaseRunner:
    """Runs the cases of one target, and counts how many were run with float32 and in each mode."""

    def __init__(
        self,
        on_start: OnStart,
        on_result: OnResult,
        group: Group,
        known: Mapping[CaseRunKey, CaseRun],
    ) -> None:
        self.on_start = on_start
        self.on_result = on_result
        self.group = group
        self.known = known
        self.backend = get_backend(group.backend)
        self.float32_runs = 0
        self.optional_runs: Counter[str] = Counter()

    def run(self, number: int, case: Case) -> _Result:
        """Run one case: as written, or else with floats; then with float32, then in other modes."""
        variants = {variant.name: variant for variant in case.variants}
        runs: list[CaseRun] = []
        plan = None
        variant = variants[VariantName.AS_WRITTEN]
        for name in (VariantName.AS_WRITTEN, VariantName.FLOAT64, VariantName.REAL):
            if plan is None and name in variants:
                variant = variants[name]
                plan, found = self.find_plan(number, case, variant)
                runs += found
        if plan is None:
            missing = self.missing_functions(number, case, variant) if self.group.explain else ()
            summary = _summary(case, _followed_plan(case), missing)
            return _Result(summary=summary, runs=tuple(runs), passed=False)
        if (
            VariantName.FLOAT32 in variants
            and variant.name != VariantName.REAL
            and self.float32_runs < _MAX_FLOAT32
        ):
            self.float32_runs += 1
            runs.append(self.run_once(number, case, variants[VariantName.FLOAT32], plan, "eager"))
        for mode in self.group.modes:
            # Lazy is eager with its computations counted. What runs on the host is not compiled.
            if mode in ("eager", "lazy") or plan.on_host:
                continue
            if mode in (*self.backend.modes, TRACE):
                runs.append(self.run_with_retry(number, case, variant, plan, mode))
            elif self.optional_runs[mode] < _MAX_OPTIONAL:
                floats = variants.get(VariantName.FLOAT64, variant) if mode in CHECKS else variant
                found_in_mode = self.run_with_retry(number, case, floats, plan, mode)
                self.optional_runs[mode] += found_in_mode.applies
                runs.append(found_in_mode)
        return _Result(summary=_summary(case, plan), runs=tuple(runs), passed=True)

    def find_plan(
        self, number: int, case: Case, variant: Variant
    ) -> tuple[Plan | None, list[CaseRun]]:
        """Return the first plan that passes, and the runs until then.

        If none passes, the plan with the lowest rank is run again. If the backend is NumPy, the
        unchanged call of the example is run last.
        """
        runs: list[CaseRun] = []
        for plan in case.plans:
            runs.append(self.run_once(number, case, variant, plan, "eager"))
            if runs[-1].passed:
                return plan, runs
        first = min(range(len(case.plans)), key=lambda i: plan_rank(case.plans[i].name))
        runs[first] = self.retry(runs[first], case, variant, case.plans[first])
        lost = any(run.worker_lost or run.outcome is Outcome.FLAKY for run in runs)
        if (
            self.backend.is_reference and self.backend.name == case.reference and not lost
        ):  # it takes lists and numbers as they are
            unchanged = self.run_once(number, case, variant, UNCHANGED, "eager")
            if unchanged.passed:
                return UNCHANGED, [*runs, unchanged]
        return None, runs

    def run_with_retry(
        self, number: int, case: Case, variant: Variant, plan: Plan, mode: str
    ) -> CaseRun:
        """Run a case in a mode; repeat a failure, which is flaky if it does not fail again."""
        run = self.run_once(number, case, variant, plan, mode)
        if run.passed or not run.applies or run.exception in self.backend.tracing_errors:
            return run  # what cannot be traced once can never be traced, as no values are known
        return self.retry(run, case, variant, plan)

    def run_once(self, number: int, case: Case, variant: Variant, plan: Plan, mode: str) -> CaseRun:
        """Run a case, unless it is known or too many workers were lost already."""
        key = CaseRunKey(number, variant.name, plan.name, mode)
        if key not in self.known and len(self.lost_like(key)) >= _MAX_LOST:
            message = f"not run after {_MAX_LOST} others were lost"
            return CaseRun(key=key, outcome=Outcome.NOT_RUN, message=message)
        return self.run_unless_known(key, case, variant, plan)

    def retry(self, failed: CaseRun, case: Case, variant: Variant, plan: Plan) -> CaseRun:
        """Repeat a failed run, unless workers were lost, and return it or that it is flaky."""
        key = replace(failed.key, attempt=2)
        if key not in self.known and self.lost_like(key):
            return failed
        if not self.run_unless_known(key, case, variant, plan).passed:
            return failed
        return CaseRun(
            key=failed.key,
            outcome=Outcome.FLAKY,
            exception=failed.exception,
            message=f"failed ({failed.message or failed.outcome}), then passed",
        )

    def run_unless_known(
        self, key: CaseRunKey, case: Case, variant: Variant, plan: Plan
    ) -> CaseRun:
        """Return a run, known from an earlier worker or made now."""
        if key in self.known:
            return self.known[key]
        self.on_start(key)
        run = execute(key, case, variant, plan, self.backend, self.group.device)
        self.on_result(run)
        return run

    def cause(self, number: int, case: Case, passing: Sequence[Case]) -> str:
        """Return which argument makes a case fail; see `cause_of`."""

        def start(experiment: int, plan: str) -> CaseRunKey | None:
            """Return the key of a run; None if it ended an earlier worker."""
            attempt = FIRST_EXPERIMENT + experiment
            key = CaseRunKey(number, VariantName.AS_WRITTEN, plan, "eager", attempt)
            if key in self.known:
                return None
            self.on_start(key, _EXPERIMENT_SECONDS)
            return key

        def passes(experiment: int, simpler: Case, variant: Variant) -> bool:
            for plan in simpler.plans:
                key = start(experiment, plan.name)
                if key is None:
                    return False
                run = execute(key, simpler, variant, plan, self.backend, self.group.device)
                if run.passed:
                    return True
            return False

        def may_run(experiment: int) -> bool:
            return start(experiment, "reference") is not None

        return cause_of(case, passing, may_run, passes)

    def lost_like(self, key: CaseRunKey) -> list[CaseRun]:
        """Return the runs with the same variant and mode that ended a worker."""
        return [
            run
            for other, run in self.known.items()
            if (other.variant, other.mode) == (key.variant, key.mode) and run.worker_lost
        ]

    def missing_functions(self, number: int, case: Case, variant: Variant) -> tuple[str, ...]:
        """Return the functions of the standard that a case calls and the backend lacks."""
        plan = _followed_plan(case)
        key = CaseRunKey(number, variant.name, plan.name, TRACE)
        if key in self.known:  # tracing it ended an earlier worker
            return ()
        self.on_start(key)
        return missing_functions(case, variant, plan, self.backend, self.group.device)


def _followed_plan(case: Case) -> Plan:
    """Return the plan that follows the documented types."""
    return min(case.plans, key=lambda plan: plan_rank(plan.name))


def _summary(case: Case, plan: Plan, missing: tuple[str, ...] = ()) -> CaseSummary:
    written = next(v for v in case.variants if v.name == VariantName.AS_WRITTEN)
    return CaseSummary(
        text=case.text,
        origin=case.origin,
        reproducible=written.reproducible,
        made_up_data=case.made_up_data,
        problem=case.problem,
        reference=case.reference,
        arguments=case.arguments,
        missing_functions=missing,
        code=code_of(case, plan),
    )
