"""Workers: time limits, crashes, output, and scheduling."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sphinx_xpcaps.measure.workers.errors import JobFailed, StartError, WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.pool import Pool
from sphinx_xpcaps.measure.workers.servers import Servers
from sphinx_xpcaps.measure.workers.worker import Worker
from sphinx_xpcaps.results.model import Outcome

HERE = str(Path(__file__).parents[2])


def add(*, a: int, b: int) -> int:
    return a + b


def sleep(on_start: Any, *, seconds: float) -> None:
    on_start("sleeping")
    time.sleep(seconds)


def leave(on_start: Any, *, status: int) -> None:
    on_start("leaving")
    os._exit(status)


def crash(on_start: Any) -> None:
    on_start("crashing")
    import ctypes

    ctypes.string_at(0)


def print_much() -> int:
    sys.stdout.write("x" * 2**22)
    os.write(1, b"y" * 2**22)
    return os.getpid()


def fail() -> None:
    raise ValueError("no such luck")


def variable(*, name: str) -> str | None:
    return os.environ.get(name)


def folder() -> str:
    return os.getcwd()


def parent_id() -> int:
    return os.getppid()


def job(job_name: str, **arguments: Any) -> Job:
    return Job(function=f"{__name__}.{job_name}", arguments=arguments)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(HERE)
    made = Worker({"XPCAPS_TEST": "seen"}, 3.0)
    yield made
    made.close()


def test_a_job_runs_in_another_process_and_returns_its_result(worker: Worker) -> None:
    assert worker.run(job("add", a=1, b=2)) == 3
    assert worker.run(job("print_much")) != os.getpid()


def test_a_job_that_takes_too_long_is_killed_and_the_next_one_runs(worker: Worker) -> None:
    with pytest.raises(WorkerLost, match="no answer after 3 s") as lost:
        worker.run(job("sleep", seconds=60))
    assert (lost.value.outcome, lost.value.started) == (Outcome.TIMEOUT, "sleeping")
    assert worker.run(job("add", a=1, b=2)) == 3


def test_importing_a_package_may_take_longer_than_a_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "imported_slowly.py").write_text("import time\ntime.sleep(0.6)\n")
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.syspath_prepend(str(tmp_path))
    worker = Worker({}, 0.3)
    try:
        slow = replace(job("add", a=1, b=2), imports="imported_slowly")
        assert worker.run(slow) == 3
    finally:
        worker.close()


def test_a_job_that_exits_is_a_crash_with_its_status(worker: Worker) -> None:
    with pytest.raises(WorkerLost, match="exited with status 7") as lost:
        worker.run(job("leave", status=7))
    assert (lost.value.outcome, lost.value.started) == (Outcome.CRASH, "leaving")
    assert worker.run(job("add", a=1, b=2)) == 3


def test_a_segmentation_fault_is_a_crash_with_its_signal(worker: Worker) -> None:
    with pytest.raises(WorkerLost, match="SIGSEGV"):
        worker.run(job("crash"))


def test_a_job_that_raises_is_an_error_with_the_exception(worker: Worker) -> None:
    with pytest.raises(JobFailed, match="ValueError: no such luck"):
        worker.run(job("fail"))


def test_output_of_a_job_is_discarded(worker: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    worker.run(job("print_much"))
    assert capfd.readouterr() == ("", "")


def test_environment_variables_are_set_in_the_worker_only(worker: Worker) -> None:
    assert worker.run(job("variable", name="XPCAPS_TEST")) == "seen"
    assert "XPCAPS_TEST" not in os.environ


def test_a_worker_runs_in_a_temporary_directory(worker: Worker) -> None:
    assert worker.run(job("folder")) != os.getcwd()


def test_set_up_code_that_raises_is_an_error_with_the_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(HERE)
    with pytest.raises(JobFailed, match="ZeroDivisionError"):
        Worker({}, 3.0, setup="1 / 0").run(job("add", a=1, b=2))


def test_an_interpreter_that_exits_while_it_starts_is_noticed_soon() -> None:
    worker = Worker({"PYTHONHOME": "/nonexistent"}, 3.0)
    with pytest.raises(StartError, match=r"a worker cannot start: .*encodings"):
        worker.run(job("add", a=1, b=2))
    with pytest.raises(StartError, match="a worker cannot start"):
        worker.run(job("add", a=1, b=2))


@pytest.mark.parametrize("delay", [0.0, 0.05, 2.0])
def test_a_worker_is_stopped_while_it_starts_or_runs(
    monkeypatch: pytest.MonkeyPatch, delay: float
) -> None:
    monkeypatch.syspath_prepend(HERE)
    worker = Worker({}, 300.0)
    timer = threading.Timer(delay, worker.stop)
    timer.start()
    with pytest.raises((WorkerLost, OSError)):
        worker.run(job("sleep", seconds=300))
    timer.join()
    with pytest.raises(WorkerLost, match="the worker was stopped"):
        worker.run(job("add", a=1, b=2))


def test_the_server_of_a_group_that_had_no_task_for_a_while_is_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(HERE)

    def run_task(worker: Worker, group: str, task: int) -> int:
        return int(worker.run(job("parent_id")))

    with closing(Servers()) as servers:
        pool = Pool(["a"], lambda group: Worker({}, 60.0, servers=servers), run_task)
        found = []
        for task in range(2):
            pool.add("a", [task])
            found += pool.run(1)
    assert len(set(found)) == 1


def test_a_pool_runs_all_tasks_once_and_yields_their_results() -> None:
    tasks = {"a": list(range(20)), "b": list(range(5)), "c": []}

    def run_task(worker: Worker, group: str, task: int) -> tuple[str, int]:
        return group, task

    pool = Pool(list(tasks), lambda group: Worker({}, 3.0), run_task)
    for group, each in tasks.items():
        pool.add(group, each)
    done = []
    for group, task in pool.run(3):
        done.append((group, task))
        if group == "a" and task < 3:
            pool.add("c", [task])
    added = [("c", task) for task in range(3)]
    assert sorted(done) == sorted([*added, *((g, t) for g, each in tasks.items() for t in each)])


def test_an_exception_in_a_task_is_raised_where_results_are_read() -> None:
    def run_task(worker: Worker, group: str, task: int) -> int:
        if task == 2:
            raise ValueError("no such luck")
        return task

    pool = Pool(["a"], lambda group: Worker({}, 3.0), run_task)
    pool.add("a", range(5))
    with pytest.raises(ValueError, match="no such luck"):
        list(pool.run(2))
