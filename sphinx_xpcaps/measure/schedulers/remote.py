"""Run a task on a machine of a cluster, in killable processes that are kept for later tasks."""

from __future__ import annotations

import atexit
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec

from core.backends import Availability
from sphinx_xpcaps.cases.model import WantedCases
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.files import temporary_folder
from sphinx_xpcaps.measure.digests import PackageDigests, digest, engine_digest
from sphinx_xpcaps.measure.environment import describe_environment
from sphinx_xpcaps.measure.model import CollectedCases, FindingGroup, Group, GroupResult
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.workers.probe import probe
from sphinx_xpcaps.measure.workers.worker import Worker
from sphinx_xpcaps.results.model import Environment

_IDLE = 6
"""How many idle workers a machine keeps: those of the groups that it served last."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine has installed."""

    environment: Environment
    code: dict[str, str]
    """Digests of this program and of the measured packages."""

    @property
    def fingerprint(self) -> str:
        """A digest that machines share whose measurements can be in one record."""
        return _fingerprint(self.environment, self.code)


class Describe(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Describe the machine."""


class Probe(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Find out which devices of a backend can be used."""

    backend: str


class Find(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Find the cases of a target."""

    target: str
    wanted: WantedCases


class Run(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Run the cases of a target in a group."""

    target: str
    group: Group
    cases: bytes


class MachineRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a machine of the cluster."""

    config: Config
    packages: tuple[str, ...]
    """The top-level names of the measured packages."""
    fingerprint: str
    """That of the first machine; empty when it is not known yet."""
    what: Describe | Probe | Find | Run
    new_process: bool = False
    """Whether a process that runs nothing else finds or runs the cases."""


class Devices(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The answer to `Probe`: usable or not with a reason, by device."""

    devices: dict[str, tuple[bool, str]]


class Found(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The answer to `Find`: the result, and the file with the cases."""

    collected: CollectedCases
    cases: bytes


class Ran(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The answer to `Run`."""

    result: GroupResult


class Described(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The answer to `Describe`."""

    machine: Machine


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The machine has other versions than the first one."""

    environment: Environment


Answer = Described | Devices | Found | Ran | Refused


def run(content: bytes) -> bytes:
    """Handle an encoded request and return the encoded answer."""
    request = msgspec.msgpack.decode(content, type=MachineRequest)
    return msgspec.msgpack.encode(_answer(request))


def decode(content: bytes) -> Answer:
    """Return the answer to a request, decoded."""
    answer: Answer = msgspec.msgpack.decode(content, type=Answer)
    return answer


def _answer(request: MachineRequest) -> Answer:
    machine = _machine(request.packages, tuple(sorted(request.config.environment.items())))
    what = request.what
    if request.fingerprint not in ("", machine.fingerprint):
        return Refused(environment=machine.environment)
    if isinstance(what, Describe):
        return Described(machine=machine)
    if isinstance(what, Probe):
        found = probe([what.backend], request.config.environment)
        return Devices(
            devices={place.device: (each.usable, each.reason) for place, each in found.items()}
        )
    with temporary_folder("cases") as folder:
        return _measure(request, what, folder / "target.cases")


def _measure(request: MachineRequest, what: Find | Run, file: Path) -> Answer:
    runner = Runner(request.config)
    group: Group | FindingGroup = what.group if isinstance(what, Run) else FindingGroup()
    wanted = what.wanted if isinstance(what, Find) else WantedCases()
    if isinstance(what, Run):
        file.write_bytes(what.cases)
    with _WORKERS.one(runner, group) as worker:
        if request.new_process:
            worker.restart()
        result = runner.run_task(worker, group, what.target, wanted, file)
    if isinstance(result, GroupResult):
        return Ran(result=result)
    return Found(collected=result, cases=file.read_bytes() if file.exists() else b"")


@cache
def _machine(packages: tuple[str, ...], variables: tuple[tuple[str, str], ...]) -> Machine:
    digests = PackageDigests(Path(tempfile.gettempdir(), "xpcaps-no-digests.json"))
    return Machine(
        environment=describe_environment(packages, dict(variables)),
        code={"": engine_digest(), **{name: digests.of(name) for name in packages}},
    )


def _fingerprint(environment: Environment, code: dict[str, str]) -> str:
    facts = [environment.python, environment.platform, sorted(environment.packages.items())]
    return digest([*facts, sorted(code.items())])


class _IdleWorkers:
    """The workers of this process that have nothing to do."""

    def __init__(self) -> None:
        self._idle: deque[tuple[bytes, Worker]] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def one(self, runner: Runner, group: Group | FindingGroup) -> Iterator[Worker]:
        """Yield a worker for a group, started if none is idle."""
        key = msgspec.msgpack.encode([runner.config, group])
        worker = self._take(key) or runner.start_worker(group)
        try:
            yield worker
        except BaseException:
            worker.close()
            raise
        self._put(key, worker)

    def close(self) -> None:
        """End all workers."""
        while self._idle:
            self._idle.popleft()[1].close()

    def _take(self, key: bytes) -> Worker | None:
        with self._lock:
            for index, (other, worker) in enumerate(self._idle):
                if other == key:
                    del self._idle[index]
                    return worker
        return None

    def _put(self, key: bytes, worker: Worker) -> None:
        with self._lock:
            self._idle.append((key, worker))
            oldest = self._idle.popleft()[1] if len(self._idle) > _IDLE else None
        if oldest is not None:
            oldest.close()


_WORKERS = _IdleWorkers()
atexit.register(_WORKERS.close)


def availability(devices: Devices) -> dict[str, Availability]:
    """Return the availability of each device."""
    return {device: Availability(*answer) for device, answer in devices.devices.items()}
