"""What ends a worker, or fails in one whose state changed, is repeated before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sphinx_xpcaps.measure.model import CaseRun, CaseRunKey, Group, GroupResult, TargetRuns
from sphinx_xpcaps.measure.tasks import run_cases
from sphinx_xpcaps.measure.workers.errors import WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.results.model import Outcome

GROUP = Group(backend="torch", device="cpu", modes=("eager",))
KEYS = tuple(CaseRunKey(number, "as_written", "all", "eager") for number in range(3))
PASS, CRASH, TIMEOUT, RAISED = Outcome.PASS, Outcome.CRASH, Outcome.TIMEOUT, Outcome.RAISED


class Machine:
    """A worker in which the runs of three cases have given outcomes, one after another.

    Parameters
    ----------
    outcomes : sequence of sequence of Outcome
        The outcomes of each case: the first one among others, then each time that it runs alone.
    was_busy : bool
        Whether runs that time out used a processor.
    changed : tuple of str
        What the runs change in the process.
    """

    def __init__(
        self,
        outcomes: Sequence[Sequence[Outcome]],
        *,
        was_busy: bool = False,
        changed: tuple[str, ...] = (),
    ) -> None:
        self.outcomes = {key: list(each) for key, each in zip(KEYS, outcomes, strict=True)}
        self.was_busy = was_busy
        self.changed = changed
        self.alone: list[tuple[int, float | None]] = []
        """The number and the time limit of each case that was run alone."""

    def run(self, job: Job, on_result: Any = None, **_: Any) -> Any:
        """Run a job, as `Runner` does."""
        arguments = job.arguments
        if "key" in arguments:
            key = arguments["key"]
            self.alone.append((key.case, arguments["limit"]))
            return self._next(key)
        known = {run.key: run for run in arguments["known"]}
        for key in KEYS:
            if key not in known:
                known[key] = self._next(key)
                on_result(known[key])
        return TargetRuns(target="f", group=GROUP, cases=(), runs=tuple(known[key] for key in KEYS))

    def restart(self) -> None:
        """Do nothing."""

    def _next(self, key: CaseRunKey) -> CaseRun:
        outcome = self.outcomes[key].pop(0)
        if outcome in (CRASH, TIMEOUT):
            raise WorkerLost(
                outcome, key, "it ended", limit=60.0 * (outcome is TIMEOUT), was_busy=self.was_busy
            )
        return CaseRun(key=key, outcome=outcome)


def outcomes(machine: Machine) -> list[Outcome]:
    worker = cast(Any, SimpleNamespace(restart=machine.restart, changed=machine.changed))
    result: GroupResult = run_cases(machine.run, worker, "f", GROUP, Path("cases"))
    assert result.runs is not None
    return [run.outcome for run in result.runs.runs]


def test_crash_that_does_not_happen_again_alone_does_not_count() -> None:
    machine = Machine([[PASS], [CRASH, PASS, PASS], [PASS]])
    assert outcomes(machine) == [PASS, PASS, PASS]
    assert machine.alone == [(1, None), (1, None)]


def test_crash_that_happens_again_counts() -> None:
    assert outcomes(Machine([[PASS], [CRASH, CRASH], [PASS]])) == [PASS, CRASH, PASS]


def test_run_that_disagrees_with_itself_alone_is_flaky() -> None:
    machine = Machine([[PASS], [CRASH, PASS, CRASH], [PASS]])
    assert outcomes(machine) == [PASS, Outcome.FLAKY, PASS]


def test_failure_in_a_changed_process_is_repeated_and_one_in_an_unchanged_process_is_not() -> None:
    failing = [[PASS], [RAISED, PASS, PASS], [PASS]]
    assert outcomes(Machine(failing, changed=("umask",))) == [PASS, PASS, PASS]
    assert outcomes(Machine(failing)) == [PASS, RAISED, PASS]


def test_run_that_waited_until_its_limit_is_repeated_with_the_whole_limit() -> None:
    machine = Machine([[TIMEOUT, TIMEOUT], [TIMEOUT, TIMEOUT], [PASS]])
    assert outcomes(machine) == [TIMEOUT, TIMEOUT, PASS]
    assert machine.alone == [(0, None), (1, None)]


def test_run_that_computed_until_its_limit_is_repeated_once_per_mode_for_less_time() -> None:
    machine = Machine([[TIMEOUT, TIMEOUT], [TIMEOUT], [PASS]], was_busy=True)
    assert outcomes(machine) == [TIMEOUT, TIMEOUT, PASS]
    assert machine.alone == [(0, 12.0)]
