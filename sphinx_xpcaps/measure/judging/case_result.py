"""The runs of one case, ordered by what they show."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sphinx_xpcaps.cases.model import VariantName, plan_rank
from sphinx_xpcaps.measure.model import CaseRun, CaseSummary, TargetRuns
from sphinx_xpcaps.results.model import Outcome, Reason, RecordedCase

_LONGEST_CALL = 100
"""A longer call is shortened in a reason."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case with its runs."""

    summary: CaseSummary
    runs: tuple[CaseRun, ...]
    number: int
    """Position among the cases that are judged."""

    def eager(self, variant: VariantName) -> list[CaseRun]:
        """Return the eager runs of a variant."""
        return [r for r in self.runs if (r.key.variant, r.key.mode) == (variant, "eager")]

    @property
    def passed_as_written(self) -> CaseRun | None:
        """The run that passes as written."""
        return next((r for r in self.eager(VariantName.AS_WRITTEN) if r.passed), None)

    @property
    def passed(self) -> CaseRun | None:
        """The run that passes as written, with floating-point numbers, or with real numbers."""
        runs = [
            *self.eager(VariantName.AS_WRITTEN),
            *self.eager(VariantName.FLOAT64),
            *self.eager(VariantName.REAL),
        ]
        return next((r for r in runs if r.passed), None)

    @property
    def failure(self) -> CaseRun:
        """The eager run that is the reason why no run passes."""
        runs = [
            *self.eager(VariantName.REAL),
            *self.eager(VariantName.FLOAT64),
            *self.eager(VariantName.AS_WRITTEN),
        ]
        return min(runs, key=lambda run: plan_rank(run.key.plan))

    @property
    def missing_functions(self) -> list[str]:
        """The functions that the library lacks and that the failure is about.

        Libraries have no common exception for a missing function. The only evidence is the
        function's name in the text of an `AttributeError` or `NotImplementedError`.
        """
        failure = self.failure
        if failure.exception not in ("AttributeError", "NotImplementedError"):
            return []
        words = re.findall(r"\w+", failure.message)
        functions = self.summary.missing_functions
        return [name for name in functions if name.rpartition(".")[2] in words]

    def is_in_mode(self, mode: str) -> bool:
        """Return whether the case was run in a mode, applicable or not."""
        return any(run.key.mode == mode for run in self.runs)

    def applies_to(self, mode: str) -> bool:
        """Return whether a mode can be judged by the case."""
        return mode == "lazy" or bool(self._in_mode(mode))

    def failure_in(self, mode: str) -> CaseRun | None:
        """Return the run that fails in a mode other than eager, or None.

        The mode ``lazy`` is judged by the computations that the eager run started.
        """
        if mode != "lazy":
            return next((run for run in self._in_mode(mode) if not run.passed), None)
        passed = self.passed
        if passed is None or passed.computes == 0:
            return None
        times = "once" if passed.computes == 1 else f"{passed.computes} times"
        key = replace(passed.key, mode=mode)
        return CaseRun(key=key, outcome=Outcome.RAISED, message=f"computes the graph {times}")

    def _in_mode(self, mode: str) -> list[CaseRun]:
        return [run for run in self.runs if run.key.mode == mode and run.applies]

    def reason(self, run: CaseRun, cause: str = "") -> Reason:
        """Return a run of the case as a reason, with the argument that makes it fail."""
        variant = run.key.variant
        return Reason(
            mode=run.key.mode,
            outcome=run.outcome,
            exception=run.exception,
            message=run.message,
            call=_shortened(self.summary.text),
            case=self.number,
            variant=None if variant == VariantName.AS_WRITTEN else variant,
            cause=cause or None,
        )

    def recorded(self) -> RecordedCase:
        """Return the case for a record."""
        code = self.summary.code
        call = _shortened(self.summary.text)
        if code is None:
            return RecordedCase(call=call)
        return RecordedCase(
            call=call,
            setup=code.setup,
            expression=code.expression,
            arrays=code.arrays,
            floats=code.floats,
        )


def case_results(runs: TargetRuns) -> list[CaseResult]:
    """Return the results of the cases of a target; of those that do not apply only if none does."""
    every = [
        CaseResult(summary, tuple(run for run in runs.runs if run.key.case == i), i)
        for i, summary in enumerate(runs.cases)
    ]
    found = [case for case in every if case.passed is not None or case.failure.applies] or every
    return [replace(case, number=i) for i, case in enumerate(found)]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_CALL else text[: _LONGEST_CALL - 1] + "…"
