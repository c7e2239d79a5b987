"""Workers as separate interpreters, where the system has no fork or no ``/proc``."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sphinx_xpcaps.measure.workers import servers
from sphinx_xpcaps.measure.workers.errors import StartError, WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.separate_processes import SeparateProcesses
from sphinx_xpcaps.measure.workers.worker import Worker
from sphinx_xpcaps.results.model import Outcome


@pytest.fixture(autouse=True)
def no_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_CAN_FORK", False)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker({"XPCAPS_TEST": "seen"}, 3.0)
    yield made
    made.close()


def process_id() -> int:
    return os.getpid()


def variable() -> str:
    return os.environ["XPCAPS_TEST"]


def change_numpy() -> None:
    import numpy as np

    np.seterr(all="raise")


def exit_at_once() -> None:
    os._exit(3)


def loop() -> None:
    while True:
        pass


def test_worker_is_kept_until_a_job_changes_its_state_or_ends_it(worker: Worker) -> None:
    assert isinstance(servers.start_server({}, ()), SeparateProcesses)
    first = worker.run(Job.calling(process_id))
    assert first != os.getpid()
    assert worker.run(Job.calling(variable)) == "seen"
    assert worker.run(Job.calling(process_id)) == first
    worker.run(Job.calling(change_numpy))
    assert worker.changed == ("NumPy error state",)
    second = worker.run(Job.calling(process_id))
    assert second != first
    with pytest.raises(WorkerLost, match="exited with status 3"):
        worker.run(Job.calling(exit_at_once))
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_job_that_takes_too_long_is_killed(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sphinx_xpcaps.measure.workers.worker_process._LOAD_LIMIT", 0.2)
    worker.start().timeout = 0.2
    with pytest.raises(WorkerLost) as caught:
        worker.run(Job.calling(loop))
    assert caught.value.outcome is Outcome.TIMEOUT


def test_interpreter_that_does_not_start_is_an_error_with_its_cause() -> None:
    with pytest.raises(StartError, match=r"a worker cannot start: .*encodings"):
        Worker({"PYTHONHOME": "/nonexistent"}, 3.0).start()
