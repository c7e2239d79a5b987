"""Which runs a case has: repetitions, and what is not run after workers were lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from sphinx_xpcaps.cases.collect import collect
from sphinx_xpcaps.cases.model import VariantName, WantedCases
from sphinx_xpcaps.measure.case_runs import run_target
from sphinx_xpcaps.measure.model import CaseRun, CaseRunKey, Group, TargetRuns
from sphinx_xpcaps.results.model import Outcome

KEY = CaseRunKey(0, VariantName.AS_WRITTEN, "arrays", "eager")


@pytest.fixture
def cases(packages_path: None, tmp_path: Path) -> Path:
    """Return a file with the case of a function that all libraries support."""
    file = tmp_path / "portable.cases"
    found = collect(
        lambda *_: None, name="samples.portable", wanted=WantedCases(), skip=(), file=file
    )
    assert found.cases == 1
    return file


def runs_of(cases: Path, known: tuple[CaseRun, ...]) -> tuple[TargetRuns, list[CaseRunKey]]:
    """Run the case, and return its runs and the keys of those that were started."""
    started: list[CaseRunKey] = []
    runs = run_target(
        started.append,
        lambda run: None,
        target="samples.portable",
        group=Group(backend="numpy", device="cpu", modes=("eager",)),
        file=cases,
        known=known,
    )
    return runs, started


def known_run(key: CaseRunKey, outcome: Outcome) -> tuple[CaseRun, ...]:
    return (CaseRun(key=key, outcome=outcome, message="broken"),)


def test_a_case_that_passes_is_run_once(cases: Path) -> None:
    runs, started = runs_of(cases, ())
    assert [key for key in started if key.variant == VariantName.AS_WRITTEN] == [KEY]
    assert all(run.passed for run in runs.runs)


def test_a_failure_is_repeated_and_flaky_if_the_second_attempt_passes(cases: Path) -> None:
    runs, started = runs_of(cases, known_run(KEY, Outcome.RAISED))
    assert started[0] == CaseRunKey(0, VariantName.AS_WRITTEN, "arrays", "eager", attempt=2)
    [written] = [run for run in runs.runs if run.key.variant == VariantName.AS_WRITTEN]
    assert (written.outcome, written.message) == (Outcome.FLAKY, "failed (broken), then passed")


def test_a_timeout_is_not_repeated(cases: Path) -> None:
    runs, started = runs_of(cases, known_run(KEY, Outcome.TIMEOUT))
    assert not any(key.variant == VariantName.AS_WRITTEN for key in started)
    assert runs.runs[0].outcome is Outcome.TIMEOUT


def test_a_case_is_not_run_after_two_others_were_lost(cases: Path) -> None:
    lost = (
        *known_run(CaseRunKey(1, VariantName.AS_WRITTEN, "arrays", "eager"), Outcome.CRASH),
        *known_run(CaseRunKey(2, VariantName.AS_WRITTEN, "arrays", "eager"), Outcome.TIMEOUT),
    )
    runs, _ = runs_of(cases, lost)
    assert runs.runs[0].outcome is Outcome.NOT_RUN
    assert runs.runs[0].message == "not run after 2 others were lost"
