"""Workers are killed when late, replaced when dead, and silent."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sphinx_xpcaps.measure.model import Job
from sphinx_xpcaps.measure.workers.pool import Pool, Worker
from sphinx_xpcaps.measure.workers.process import JobFailed, WorkerLost
from sphinx_xpcaps.results.model import Outcome

NOTHING = Job(
    function="sphinx_xpcaps.measure.workers.child.run_setup", arguments={"code": "", "modules": ()}
)
HERE = str(Path(__file__).parents[2])


def add(*, a: int, b: int) -> int:
    return a + b


def sleep(at: Any, *, seconds: float) -> None:
    at("sleeping")
    time.sleep(seconds)


def leave(at: Any, *, status: int) -> None:
    at("leaving")
    os._exit(status)


def crash(at: Any) -> None:
    at("crashing")
    import ctypes

    ctypes.string_at(0)


def shout() -> int:
    sys.stdout.write("x" * 2**22)
    os.write(1, b"y" * 2**22)
    return os.getpid()


def fail() -> None:
    raise ValueError("no such luck")


def variable(*, name: str) -> str | None:
    return os.environ.get(name)


def folder() -> str:
    return os.getcwd()


def job(job_name: str, **arguments: Any) -> Job:
    return Job(function=f"{__name__}.{job_name}", arguments=arguments)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(HERE)
    made = Worker({"XPCAPS_TEST": "seen"}, NOTHING, timeout=3.0)
    yield made
    made.close()


def test_a_job_runs_elsewhere_and_returns(worker: Worker) -> None:
    assert worker.run(job("add", a=1, b=2)) == 3
    assert worker.run(job("shout")) != os.getpid()


def test_a_late_job_is_killed_and_the_next_one_runs(worker: Worker) -> None:
    started = time.monotonic()
    with pytest.raises(WorkerLost, match="no answer after 3 s") as lost:
        worker.run(job("sleep", seconds=60))
    assert time.monotonic() - started < 30
    assert (lost.value.outcome, lost.value.at) == (Outcome.TIMEOUT, "sleeping")
    assert worker.run(job("add", a=1, b=2)) == 3


def test_a_job_that_leaves_is_a_crash_with_its_status(worker: Worker) -> None:
    with pytest.raises(WorkerLost, match="exited with status 7") as lost:
        worker.run(job("leave", status=7))
    assert (lost.value.outcome, lost.value.at) == (Outcome.CRASH, "leaving")
    assert worker.run(job("add", a=1, b=2)) == 3


def test_a_job_that_breaks_the_interpreter_is_a_crash_with_its_signal(worker: Worker) -> None:
    with pytest.raises(WorkerLost, match="SIGSEGV"):
        worker.run(job("crash"))


def test_a_job_that_raises_says_what(worker: Worker) -> None:
    with pytest.raises(JobFailed, match="ValueError: no such luck"):
        worker.run(job("fail"))


def test_output_goes_nowhere(worker: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    worker.run(job("shout"))
    assert capfd.readouterr() == ("", "")


def test_variables_are_the_workers_alone(worker: Worker) -> None:
    assert worker.run(job("variable", name="XPCAPS_TEST")) == "seen"
    assert "XPCAPS_TEST" not in os.environ


def test_a_worker_has_a_folder_of_its_own(worker: Worker) -> None:
    assert worker.run(job("folder")) != os.getcwd()


def test_a_setup_line_that_fails_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(HERE)
    setup = Job(function=NOTHING.function, arguments={"code": "1 / 0", "modules": ()})
    with pytest.raises(JobFailed, match="ZeroDivisionError"):
        Worker({}, setup, timeout=3.0).run(job("add", a=1, b=2))


def test_all_tasks_of_all_groups_are_done_once() -> None:
    done: list[tuple[str, int]] = []
    tasks = {"a": list(range(20)), "b": list(range(5)), "c": []}

    def work(worker: Worker, group: str, task: int) -> None:
        done.append((group, task))
        if group == "a" and task < 3:
            pool.add("c", [task])

    pool = Pool(list(tasks), lambda group: Worker({}, NOTHING, 3.0), work)
    for group, each in tasks.items():
        pool.add(group, each)
    pool.run(3)
    added = [("c", task) for task in range(3)]
    assert sorted(done) == sorted([*added, *((g, t) for g, each in tasks.items() for t in each)])
