"""Measure on a real scheduler with four workers, which are killed in the middle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import batch
from sphinx_xpcaps.measure.batch import Measured
from sphinx_xpcaps.measure.model import BackendDevice
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.measure.schedulers.base import Completed, RemoteTask, SchedulerError
from sphinx_xpcaps.measure.schedulers.cluster import Cluster
from sphinx_xpcaps.measure.schedulers.remote import MachineRequest, run
from sphinx_xpcaps.results.model import Record, Status
from sphinx_xpcaps.results.record import read
from tests.measure.schedulers.processes import LocalCluster

pytest.importorskip("distributed")

COUNT = 6
SOURCE = (
    '"""Functions that wait."""\nimport os, time\nfrom pathlib import Path\n\nimport numpy as np\n'
    + "".join(
        f"\n\ndef f{number}(x):\n    '''Wait.\n\n    >>> f{number}(np.ones(2))\n    '''\n"
        f"    time.sleep(0.05)\n    return x\n"
        for number in range(COUNT)
    )
)
SOURCE += """

def process(x):
    '''Write down which process calls it.

    >>> process(np.ones(2))
    '''
    with Path(__file__).with_name("processes").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    return x
"""
NAMES = [f"waiting.f{number}" for number in range(COUNT)]


@dataclass
class Watched:
    """A measurement during which a worker and then the scheduler were killed."""

    measured: Measured
    local: Measured
    counts: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of a package that can be imported here and on the workers."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "waiting.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder


def measure(folder: Path, config: Config, progress: batch.OnProgress, name: str) -> Measured:
    requests = [MeasurementRequest(target=target) for target in NAMES]
    return batch.run(
        requests, config, cache=folder / name, progress=progress, output=folder / f"{name}.json"
    )


@pytest.fixture(scope="module")
def watched(waiting: Path) -> Watched:
    local = LocalCluster(waiting)
    local.start_scheduler()
    for _ in range(4):
        local.start_worker()
    config = Config(backends=["numpy"], devices=["cpu"])
    found = Watched(measured=None, local=None)  # type: ignore[arg-type]

    def progress(what: str, done: int, total: int) -> None:
        found.counts.append(done)
        if done == 2:
            local.kill_worker()
        elif done == COUNT:
            local.kill_scheduler()
            local.start_scheduler()
            local.start_worker()

    try:
        on_cluster = replace(config, scheduler=local.address)
        found.measured = measure(waiting, on_cluster, progress, "cluster")
    finally:
        local.close()
    found.local = measure(waiting, config, lambda *_: None, "local")
    return found


def without_dates(record: Record) -> Record:
    return replace(record, environment=replace(record.environment, date=""))


def test_nothing_is_lost_when_a_worker_and_the_scheduler_are_killed(watched: Watched) -> None:
    record = watched.measured.records[0]
    statuses = {name: [c.status for c in record.targets[name].cells] for name in NAMES}
    assert statuses == {name: [Status.SUPPORTED] for name in NAMES}


def test_each_result_comes_once(watched: Watched) -> None:
    assert watched.counts == list(range(1, 2 * COUNT + 1))


def test_a_cluster_writes_the_record_that_this_machine_writes(
    watched: Watched, waiting: Path
) -> None:
    found, local = read(waiting / "cluster.json"), read(waiting / "local.json")
    assert without_dates(found) == without_dates(local)


class Here:
    """A scheduler that runs tasks in this process, one after another.

    Parameters
    ----------
    offered : sequence of str
        The resources.
    refuses : int
        How many tasks are run as if the machine had other versions.
    fails : str
        A part of the names of tasks that fail.
    """

    def __init__(self, offered: Sequence[str] = (), refuses: int = 0, fails: str = "") -> None:
        self.offered = frozenset(offered)
        self.tasks: list[RemoteTask] = []
        self.names: list[str] = []
        self.asked: dict[str, dict[str, float]] = {}
        self.refuses = refuses
        self.fails = fails

    def resources(self) -> frozenset[str]:
        return self.offered

    def submit(self, tasks: Sequence[RemoteTask]) -> None:
        self.tasks += tasks

    def completed(self) -> Iterator[Completed]:
        while self.tasks:
            task = self.tasks.pop(0)
            self.names.append(task.name)
            self.asked[task.name] = dict(task.resources)
            if self.fails and self.fails in task.name:
                yield Completed(task=task, content=None, error="OSError: no disk")
                continue
            content = task.content
            if self.refuses and task.name.startswith("waiting"):
                self.refuses -= 1
                request = msgspec.msgpack.decode(content, type=MachineRequest)
                other = msgspec.structs.replace(request, fingerprint="sha256:other")
                content = msgspec.msgpack.encode(other)
            yield Completed(task=task, content=run(content))

    def close(self) -> None:
        pass


def cluster(scheduler: Here, backends: Sequence[str] = ("numpy",)) -> Cluster:
    from sphinx_xpcaps.measure.digests import PackageDigests

    digests = PackageDigests(Path("/nonexistent/digests.json"))
    return Cluster(scheduler, Config(backends=list(backends)), ["waiting"], digests.of)


def results(
    scheduler: Here, names: Sequence[str] = NAMES[:2], *, new_processes: bool = False
) -> list[str]:
    from sphinx_xpcaps.cases.model import WantedCases
    from sphinx_xpcaps.measure.model import CollectedCases, Group

    group = Group(backend="numpy", device="cpu", modes=("eager",))
    found = cluster(scheduler).measure(
        dict.fromkeys(names, (group,)),
        dict.fromkeys(names, WantedCases()),
        new_processes=new_processes,
    )
    return [each.target for each in found if not isinstance(each, CollectedCases)]


@pytest.mark.usefixtures("waiting")
def test_any_object_with_the_four_methods_is_a_scheduler() -> None:
    scheduler = Here()
    assert results(scheduler) == NAMES[:2]
    assert scheduler.names == [
        "describe",
        "waiting.f0",
        "waiting.f1",
        "waiting.f0 (numpy, cpu)",
        "waiting.f1 (numpy, cpu)",
    ]


@pytest.mark.usefixtures("waiting")
def test_a_task_is_sent_to_another_machine_if_one_has_other_versions() -> None:
    assert sorted(results(Here(refuses=3))) == NAMES[:2]


def test_a_target_that_is_verified_runs_in_new_processes_of_the_cluster(waiting: Path) -> None:
    def processes(*, new: bool) -> set[str]:
        (waiting / "processes").write_text("")
        assert results(Here(), ["waiting.process"], new_processes=new) == ["waiting.process"]
        return set((waiting / "processes").read_text().split())

    first = processes(new=False)
    assert first == processes(new=False)
    assert not first & processes(new=True)


@pytest.mark.usefixtures("waiting")
def test_a_failed_task_is_an_error_after_all_results() -> None:
    scheduler = Here(fails="waiting.f1")
    with pytest.raises(SchedulerError, match=r"1 task failed on the cluster: waiting\.f1: OSError"):
        results(scheduler)
    assert "waiting.f0 (numpy, cpu)" in scheduler.names


@pytest.mark.usefixtures("waiting")
def test_a_gpu_and_backends_that_machines_offer_are_asked_for() -> None:
    scheduler = Here(offered=["GPU", "array-api-strict"])
    found = cluster(scheduler, ["cupy", "array-api-strict"]).probe()
    assert scheduler.asked["cupy on gpu"] == {"GPU": 1}
    assert scheduler.asked["array-api-strict on cpu"] == {"array-api-strict": 1}
    assert not found[BackendDevice("cupy", "gpu")].usable


@pytest.mark.usefixtures("waiting")
def test_without_machines_with_a_gpu_its_cells_say_so() -> None:
    answer = cluster(Here(), ["cupy"]).probe()[BackendDevice("cupy", "gpu")]
    assert (answer.usable, answer.reason) == (False, "no machine offers the resource GPU")
