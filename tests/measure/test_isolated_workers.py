"""Whatever a job does to its process, to the connection or to its parent costs that job only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.notes import Note
from sphinx_xpcaps.measure.workers.errors import WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.worker import Worker
from sphinx_xpcaps.results.model import Outcome

HERE = str(Path(__file__).parents[2])
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def process_id() -> int:
    return os.getpid()


def connection() -> int:
    """Return the descriptor of the worker's connection."""
    numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    found = []
    for number in numbers:
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith("socket:"):
                found.append(number)
        except OSError:
            continue
    return max(found)


def return_twice(on_start: Any) -> str:
    on_start("forking")
    return "child" if os.fork() == 0 else "parent"


def write_garbage(on_start: Any, *, content: bytes) -> int:
    on_start("writing")
    os.write(connection(), content)
    time.sleep(0.1)
    return 1


def close_all() -> int:
    os.closerange(3, 4096)
    return 1


def close_low() -> int:
    os.closerange(3, 150)
    return 1


def detach(*, file: str) -> int:
    """Start a process in its own session whose parent exits, and return its id."""
    program = f"import os; open({file!r}, 'w').write(str(os.getpid())); import time; time.sleep(60)"
    starter = (
        "import subprocess, sys; "
        "subprocess.Popen([sys.executable, '-c', sys.argv[1]], start_new_session=True)"
    )
    subprocess.run([sys.executable, "-c", starter, program], check=True)
    while not (os.path.exists(file) and os.path.getsize(file)):
        time.sleep(0.01)
    return int(Path(file).read_text())


def leave_child() -> int:
    return subprocess.Popen(["sleep", "60"]).pid


def leave_thread() -> int:
    import threading

    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return os.getpid()


def die_later() -> int:
    import threading

    threading.Timer(0.3, os._exit, (3,)).start()
    return os.getpid()


def alarm_later() -> int:
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    return os.getpid()


def wait(*, seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def allocate(on_start: Any, *, megabytes: int) -> int:
    on_start("allocating")
    blocks = []
    for _ in range(megabytes // 20):
        blocks.append(b"x" * 20_000_000)
        time.sleep(0.01)
    return len(blocks)


def allocate_in_child(on_start: Any, *, megabytes: int) -> int:
    on_start("allocating")
    program = f"import time; x = b'x' * {megabytes * 10**6}; time.sleep(60)"
    return subprocess.run([sys.executable, "-c", program], check=True).returncode


def stop_server() -> int:
    os.kill(os.getppid(), signal.SIGSTOP)
    return os.getpid()


def exit_with_output() -> int:
    sys.stderr.write("first line\n")
    print("no license for this \x1b[31mmachine", file=sys.stderr, flush=True)
    os._exit(3)


def exit_with_output_later(on_start: Any) -> int:
    on_start("a run")
    print("output of a measured function", file=sys.stderr, flush=True)
    os._exit(3)


def kill_server() -> int:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(10)
    return 1


def spin(*, seconds: float) -> int:
    """Use a processor."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return 1


def hold() -> None:
    import ctypes

    ctypes.PyDLL(None).sleep(60)  # holds the lock of the interpreter


def job(job_name: str, **arguments: Any) -> Job:
    return Job(function=f"{__name__}.{job_name}", arguments=arguments)


def is_running(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2][:3]
    except OSError:
        return False


def wait_for_end(*processes: int, seconds: float = 60.0) -> bool:
    """Return whether all processes end in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(map(is_running, processes)):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.syspath_prepend(HERE)
    made = Worker({}, 5.0)
    yield made
    made.close()


def test_a_copy_of_the_process_made_by_fork_cannot_answer(worker: Worker) -> None:
    for _ in range(3):
        assert worker.run(job("return_twice")) == "parent"
        assert worker.run(job("wait", seconds=0)) > 0


@pytest.mark.parametrize(
    "content", [b"garbage garbage", b"XPC1\xff\xff\xff\xff", b"XPC1\0\0\0\x01\xc1", b"X"]
)
def test_invalid_data_on_the_connection_loses_only_the_worker(
    worker: Worker, content: bytes
) -> None:
    program = Job(function=f"{__name__}.write_garbage", arguments={"content": content})
    with pytest.raises(WorkerLost, match=r"sent invalid data|sent an incomplete") as lost:
        worker.run(program)
    assert lost.value.outcome is Outcome.CRASH
    assert worker.run(job("wait", seconds=0)) > 0


def test_closing_all_low_descriptors_does_not_affect_the_connection(worker: Worker) -> None:
    assert worker.run(job("close_low")) == 1


def test_closing_the_connection_is_a_crash(worker: Worker) -> None:
    with pytest.raises(WorkerLost):
        worker.run(job("close_all"))
    assert worker.run(job("wait", seconds=0)) > 0


def test_unchanged_worker_is_kept_and_changed_one_is_replaced(worker: Worker) -> None:
    first = worker.run(job("process_id"))
    assert worker.run(job("process_id")) == first
    assert worker.run(job("leave_thread")) == first
    assert worker.run(job("process_id")) != first


def test_worker_that_imports_a_module_for_a_job_is_kept(worker: Worker) -> None:
    imported = Job(function=f"{__name__}.process_id", arguments={}, imports="wave.open")
    first = worker.run(imported)
    assert worker.changed == ()
    assert worker.run(imported) == first


@pytest.mark.parametrize("name", ["die_later", "alarm_later"])
def test_delayed_end_of_the_process_does_not_affect_the_next_job(worker: Worker, name: str) -> None:
    worker.run(job(name))
    assert worker.run(job("wait", seconds=0.6)) > 0


def test_child_process_is_ended_after_its_job(worker: Worker) -> None:
    child = worker.run(job("leave_child"))
    assert wait_for_end(child)


def test_detached_process_is_ended_with_its_worker(worker: Worker, tmp_path: Path) -> None:
    child = worker.run(job("detach", file=str(tmp_path / "pid")))
    worker.restart()
    assert wait_for_end(child)


def test_server_that_is_killed_is_a_crash_and_another_one_starts(worker: Worker) -> None:
    with pytest.raises(WorkerLost):
        worker.run(job("kill_server"))
    assert worker.run(job("process_id")) > 0


def test_stopped_server_is_continued(worker: Worker) -> None:
    first = worker.run(job("stop_server"))
    worker.restart()
    assert worker.run(job("process_id")) != first


def test_what_a_package_writes_before_it_ends_the_interpreter_is_shown(worker: Worker) -> None:
    worker.run(job("process_id"))
    with pytest.raises(WorkerLost) as lost:
        worker.run(job("exit_with_output"))
    expected = (
        "the interpreter exited with status 3 (first line; no license for this \\x1b[31mmachine)"
    )
    assert str(lost.value) == expected
    with pytest.raises(WorkerLost) as lost:
        worker.run(job("exit_with_output_later"))
    assert str(lost.value) == "the interpreter exited with status 3"


def test_memory_limit_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(HERE)
    limited = Worker({}, 60.0, memory_limit=400_000_000)
    try:
        assert limited.run(job("allocate", megabytes=40)) == 2
        with pytest.raises(WorkerLost, match="out of memory") as lost:
            limited.run(job("allocate", megabytes=4000))
        assert (lost.value.outcome, lost.value.note) == (Outcome.CRASH, Note.OUT_OF_MEMORY)
        assert lost.value.started == "allocating"
        with pytest.raises(WorkerLost, match="out of memory"):
            limited.run(job("allocate_in_child", megabytes=1000))
    finally:
        limited.close()


PARENT = """
import sys
sys.path.insert(0, {here!r})
from sphinx_xpcaps.measure.workers.worker import Worker
from tests.measure.test_isolated_workers import job
worker = Worker({{}}, 60.0)
first = worker.run(job("process_id"))
print(first, worker._server._process.pid, worker._server._folder, flush=True)
print(worker.run(job("detach", file={file!r})), flush=True)
worker.run(job("hold"))
"""


def test_worker_in_c_code_and_detached_processes_end_with_a_killed_parent(tmp_path: Path) -> None:
    program = PARENT.format(here=HERE, file=str(tmp_path / "pid"))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=HERE
    ) as parent:
        assert parent.stdout is not None
        worker_id, server_id, folder = parent.stdout.readline().split()
        detached = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.kill()
    assert wait_for_end(int(worker_id), int(server_id), detached)
    assert not os.path.exists(folder)
