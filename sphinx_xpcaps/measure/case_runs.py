"""Tries the cases of a target on one backend and device; runs inside a worker."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.backends import Backend, Watch, get_backend
from sphinx_xpcaps.cases.collect import load_cases
from sphinx_xpcaps.cases.model import AS_WRITTEN, FLOAT32, FLOAT64, REAL, Case, Plan, Variant
from sphinx_xpcaps.cases.plans import plan_rank
from sphinx_xpcaps.cases.reference import seeded
from sphinx_xpcaps.cases.replay import Library, prepare, run_steps
from sphinx_xpcaps.measure.judging.compare import compare, must_hold_arrays
from sphinx_xpcaps.measure.model import CaseRun, CaseRunKey, CaseSummary, Group, TargetRuns
from sphinx_xpcaps.measure.modes.apply import CHECKS, in_mode
from sphinx_xpcaps.measure.modes.array_call import InapplicableError, WrongResultError
from sphinx_xpcaps.measure.modes.tracing import TRACE, Tracer, lacking
from sphinx_xpcaps.results.model import Outcome

_MOST_LOST = 2
"""After so many timeouts or crashes in one mode, the other cases of a target are not run."""

_MOST_SINGLE = 2
"""So many cases are tried in single precision too: a dtype is lost in all cases or in none."""

_MOST_ASKED = 3
"""In so many cases each optional mode is tried, as these are made of many calls or compile."""

Known = Mapping[CaseRunKey, CaseRun]
Transform = Callable[[Callable[..., Any]], Callable[..., Any]]


def run_target(
    at: Callable[[CaseRunKey], None],
    give: Callable[[CaseRun], None],
    *,
    target: str,
    group: Group,
    file: Path,
    known: Known,
) -> TargetRuns:
    """Try every case of a target.

    Parameters
    ----------
    at : callable
        Called with each key before it is tried.
    give : callable
        Called with each trial as soon as it is there.
    target : str
        The target's name.
    group : Group
        Backend, device and modes.
    file : Path
        Where the cases are.
    known : mapping
        Trials of an earlier worker that was lost on the way; they are not tried again.
    """
    run = _Run(at, give, group, known)
    cases: list[Case] = []
    passed = False
    for number, case in enumerate(load_cases(file)):
        if case.is_fallback and passed:
            break
        cases.append(case)
        passed = run.case(number, case) or passed
    return TargetRuns(
        target=target,
        group=group,
        cases=tuple(_summary(case, run.lacking.get(i, ())) for i, case in enumerate(cases)),
        trials=tuple(run.trials),
    )


class _Run:
    """The trials of one target so far, and what to try next."""

    def __init__(
        self,
        at: Callable[[CaseRunKey], None],
        give: Callable[[CaseRun], None],
        group: Group,
        known: Known,
    ) -> None:
        self.at = at
        self.give = give
        self.group = group
        self.known = known
        self.backend = get_backend(group.backend)
        self.trials: list[CaseRun] = []
        self.lacking: dict[int, tuple[str, ...]] = {}
        self.singles = 0
        self.asked: Counter[str] = Counter()

    def case(self, number: int, case: Case) -> bool:
        """Try one case: first as written, then with floats, then in the other modes.

        Return whether it passes in any dtype.
        """
        variants = {variant.name: variant for variant in case.variants}
        written = self.best_plan(number, case, variants[AS_WRITTEN])
        best, variant = written, variants[AS_WRITTEN]
        for name in (FLOAT64, REAL):
            if best is None and name in variants:
                variant = variants[name]
                best = self.best_plan(number, case, variant)
        if best is None:
            if self.group.explain:
                self.lacking[number] = self.missing_functions(number, case, variant)
            return False
        if FLOAT32 in variants and variant.name != REAL and self.singles < _MOST_SINGLE:
            self.singles += 1
            self.try_once(number, case, variants[FLOAT32], best, "eager")
        for mode in self.group.modes:
            # Lazy is eager with its computations counted; what runs on the host is not compiled.
            if mode in ("eager", "lazy") or best.on_host:
                continue
            if mode in (*self.backend.modes, TRACE):
                self.try_twice(number, case, variant, best, mode)
            elif self.asked[mode] < _MOST_ASKED:
                floats = variants.get(FLOAT64, variant) if mode in CHECKS else variant
                self.asked[mode] += self.try_twice(number, case, floats, best, mode).applies
        return True

    def best_plan(self, number: int, case: Case, variant: Variant) -> Plan | None:
        """Return the first plan that passes; where none does, try the plainest once more."""
        for plan in case.plans:
            if self.try_once(number, case, variant, plan, "eager").passed:
                return plan
        plan = min(case.plans, key=lambda plan: plan_rank(plan.name))
        failed = self.trials[-len(case.plans) + case.plans.index(plan)]
        again = self.attempt(number, case, variant, plan, "eager", suffix=" again")
        if again is None or not again.passed:
            return None
        self.replace(failed, Outcome.FLAKY, f"once {failed.message or failed.outcome}, once fine")
        return None

    def try_twice(
        self, number: int, case: Case, variant: Variant, plan: Plan, mode: str
    ) -> CaseRun:
        """Try a mode; a failure is tried again, and disagreement is flaky."""
        trial = self.try_once(number, case, variant, plan, mode)
        if trial.passed or not trial.applies or trial.exception in self.backend.tracing_errors:
            return trial  # tracing sees no values: what it refuses once it refuses always
        again = self.attempt(number, case, variant, plan, mode, suffix=" again")
        if again is not None and again.passed:
            self.replace(trial, Outcome.FLAKY, f"once {trial.message or trial.outcome}, once fine")
        return trial

    def try_once(self, number: int, case: Case, variant: Variant, plan: Plan, mode: str) -> CaseRun:
        """Return the trial of one key, from an earlier worker or made now; keep it."""
        trial = self.attempt(number, case, variant, plan, mode)
        if trial is None:
            key = CaseRunKey(number, variant.name, plan.name, mode)
            message = f"not run after {_MOST_LOST} others were lost"
            trial = CaseRun(key=key, outcome=Outcome.NOT_RUN, message=message)
        self.trials.append(trial)
        return trial

    def attempt(
        self, number: int, case: Case, variant: Variant, plan: Plan, mode: str, suffix: str = ""
    ) -> CaseRun | None:
        """Run one key, unless it is known; None where too many were lost already."""
        key = CaseRunKey(number, variant.name, plan.name + suffix, mode)
        if key in self.known:
            return self.known[key]
        lost = [
            t
            for k, t in self.known.items()
            if (k.variant, k.mode) == (variant.name, mode) and _was_lost(t)
        ]
        if len(lost) >= _MOST_LOST or (suffix and lost):
            return None
        self.at(key)
        trial = _try(key, case, variant, plan, self.backend, self.group.device)
        self.give(trial)
        return trial

    def missing_functions(self, number: int, case: Case, variant: Variant) -> tuple[str, ...]:
        """Return the functions of the standard that a case needs and the backend does not have."""
        plan = min(case.plans, key=lambda plan: plan_rank(plan.name))
        key = CaseRunKey(number, variant.name, plan.name, TRACE)
        if key in self.known:  # tracing it never came back
            return ()
        self.at(key)
        return _missing_functions(case, variant, plan, self.backend, self.group.device)

    def replace(self, trial: CaseRun, outcome: Outcome, message: str) -> None:
        """Put another outcome in the place of a trial's."""
        i = self.trials.index(trial)
        self.trials[i] = CaseRun(
            key=trial.key, outcome=outcome, exception=trial.exception, message=message
        )


def _was_lost(trial: CaseRun) -> bool:
    return trial.outcome in (Outcome.TIMEOUT, Outcome.CRASH)


def _summary(case: Case, lacking: tuple[str, ...]) -> CaseSummary:
    written = next(v for v in case.variants if v.name == AS_WRITTEN)
    return CaseSummary(
        text=case.text,
        origin=case.origin,
        reproducible=written.reproducible,
        made_up_data=case.made_up_data,
        arguments=case.arguments,
        lacking=lacking,
    )


def _missing_functions(
    case: Case, variant: Variant, plan: Plan, backend: Backend, device: str
) -> tuple[str, ...]:
    tracer = Tracer(backend)
    library, _ = _library(backend, device, Watch())
    try:
        with seeded(0), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traced = replace(library, namespace=tracer.namespace)
            steps = prepare(case, plan, variant.dtypes, traced)
            run_steps(steps, case.all_steps, tracer.only)
    except Exception:  # it is no use for saying why it fails
        return ()
    graph = tracer.graph(case.text)
    return lacking(graph.functions, library.namespace) if graph else ()


def _try(
    key: CaseRunKey, case: Case, variant: Variant, plan: Plan, backend: Backend, device: str
) -> CaseRun:
    with seeded(0), backend.watch(key.mode) as watch:
        library, given = _library(backend, device, watch)
        tracer = Tracer(backend)
        transform: Transform = partial(in_mode, key.mode, backend=backend, device=device)
        if key.mode == TRACE:
            library, transform = replace(library, namespace=tracer.namespace), tracer.through
        try:
            steps = prepare(case, plan, variant.dtypes, library)
        except Exception as error:
            message = f"the arguments cannot be converted: {first_line(str(error))}"
            return CaseRun(
                key=key, outcome=Outcome.NOT_RUN, exception=type(error).__name__, message=message
            )
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                result = run_steps(steps, case.all_steps, transform, watch.reset)
                seen = replace(watch)
                inputs = frozenset(dtype for dtype, _ in given)
                verdict = compare(result, variant, backend, device, inputs=inputs)
                only_numbers = bool(given) and not any(ndim for _, ndim in given)
                if only_numbers and verdict.outcome is Outcome.PASS:
                    verdict = must_hold_arrays(result, backend)
            if tracer.refused is not None and verdict.outcome is not Outcome.PASS:
                raise tracer.refused  # the function caught that, and went another way
        except InapplicableError as error:
            return CaseRun(
                key=key, outcome=Outcome.NOT_RUN, message=first_line(str(error)), applies=False
            )
        except WrongResultError as error:
            return CaseRun(key=key, outcome=Outcome.WRONG_VALUES, message=first_line(str(error)))
        except BaseException as error:
            return CaseRun(
                key=key,
                outcome=Outcome.RAISED,
                exception=type(error).__name__,
                message=first_line(backend.explain(error)),
                computes=watch.computes,
                host_transfers=watch.host_transfers,
                compile_seconds=watch.compile_seconds,
            )
    return CaseRun(
        key=key,
        outcome=verdict.outcome,
        message=verdict.message,
        dtype_drift=verdict.dtype_drift,
        computes=seen.computes,
        host_transfers=seen.host_transfers,
        compile_seconds=seen.compile_seconds,
        graph=tracer.graph(case.text) if verdict.outcome is Outcome.PASS else None,
    )


def _library(backend: Backend, device: str, watch: Watch) -> tuple[Library, set[tuple[str, int]]]:
    """Return a backend as replays know it, and of what dtypes and dimensions its arrays will be."""
    given: set[tuple[str, int]] = set()

    def convert(array: Any) -> Any:
        given.add((array.dtype.name, array.ndim))
        return backend.from_numpy(array, device)

    @contextmanager
    def uncounted() -> Iterator[None]:
        before = replace(watch)
        try:
            yield
        finally:
            watch.computes, watch.host_transfers = before.computes, before.host_transfers

    library = Library(
        namespace=backend.namespace(),
        convert=convert,
        to_numpy=lambda x: backend.to_numpy(x) if backend.owns(x) else x,
        device=backend.native_device(device),
        uncounted=uncounted,
    )
    return library, given


def first_line(text: str) -> str:
    """Return the first line that says something, without addresses that change."""
    lines: Iterator[str] = (line.strip() for line in text.splitlines())
    line = next((line for line in lines if line), "")
    line = re.sub(r"0x[0-9a-f]{6,}", "0x…", line)
    return line if len(line) <= 200 else line[:199] + "…"
