"""The main job: from requests to records, running only what is missing."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.backends import Availability, get_backend
from sphinx_xpcaps.cases.model import Collected, TargetInfo
from sphinx_xpcaps.config import Config, Execute
from sphinx_xpcaps.measure import profile
from sphinx_xpcaps.measure.environment import describe_environment
from sphinx_xpcaps.measure.judging import cells
from sphinx_xpcaps.measure.judging.cells import LostCall
from sphinx_xpcaps.measure.judging.judge import judge
from sphinx_xpcaps.measure.keys import PackageDigests, digest, engine_digest
from sphinx_xpcaps.measure.model import Group, TargetRuns
from sphinx_xpcaps.measure.modes.tracing import TRACE
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.request import Request
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.store import RecordStore
from sphinx_xpcaps.measure.workers.probe import Place, probe
from sphinx_xpcaps.results.model import Cell, Environment, Record, Unavailable

Progress = Callable[[str, int, int], None]
"""Called with what was finished, how many things are done, and how many there are."""

REFERENCE = "numpy"
"""The backend that the others are compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the cache holds after a batch."""

    records: tuple[Record, ...]
    """This machine's records, that of the present environment first."""
    is_current: Callable[[str, Cell, Environment], bool]
    """Whether a cell of a target, measured in an environment, would still be measured so."""
    ran: int = 0
    """How many pairs of target and device were measured now."""


def run(
    requests: Sequence[Request],
    config: Config,
    *,
    cache: Path,
    progress: Progress,
    output: Path | None = None,
    clock: Clock | None = None,
) -> Measured:
    """Measure what `requests` need and `cache` does not hold.

    Parameters
    ----------
    requests : sequence of Request
        What the documentation asks for.
    config : Config
        The options.
    cache : Path
        A folder for records and for what makes the next run quick.
    progress : callable
        Called after each thing that was done.
    output : Path, optional
        One file for the record, in place of the folder of records in the cache.
    clock : Clock, optional
        Takes the time of everything; its profile says where it went.
    """
    return _Batch(requests, config, cache, progress, clock or Clock()).run(output)


class _Batch:
    def __init__(
        self,
        requests: Sequence[Request],
        config: Config,
        cache: Path,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self.config = config
        self.cache = cache
        self.progress = progress
        self.clock = clock
        self.bodies: dict[str, tuple[str, ...]] = {}
        self.graphs = {request.target for request in requests if request.graph}
        for request in sorted(requests, key=lambda r: (r.target, r.place, r.line or 0)):
            body = (request.body,) if request.body else ()
            self.bodies[request.target] = (*self.bodies.get(request.target, ()), *body)
        self.digests = PackageDigests(cache / "digests.json")
        self.crew = Runner(config, clock)
        self.sources = [
            digest(Path(source).read_bytes().hex()) if Path(source).is_file() else source
            for source in config.cases
        ]
        self.infos: Mapping[str, TargetInfo] = {}

    def run(self, output: Path | None) -> Measured:
        """Fill the ledger in one file, or in the cache's folder of records."""
        packages = sorted({name.partition(".")[0] for name in self.bodies})
        environment = describe_environment(packages, self.config.environment)
        ledger = RecordStore(
            output or self.cache / "records",
            environment,
            targets=list(self.bodies),
            is_file=output is not None,
        )
        if not self.bodies:
            return Measured(records=ledger.records(), is_current=self.is_current)
        self.infos = self.crew.describe(list(self.bodies))
        if self.config.execute == Execute.OFF:
            return Measured(records=ledger.records(), is_current=self.is_current)
        ran = self.fill(ledger, environment)
        self.digests.save()
        return Measured(records=ledger.records(), is_current=self.is_current, ran=ran)

    def fill(self, ledger: RecordStore, environment: Environment) -> int:
        """Put every cell into the ledger, measuring those that it does not hold."""
        with self.clock.lap(profile.PROBE):
            available = probe(
                self.config.backends, self.config.environment, memory=self.cache / "probes.json"
            )
        ledger.unavailable(
            [
                Unavailable(backend=backend, device=device, reason=answer.reason)
                for (backend, device), answer in available.items()
                if not answer.usable
            ]
        )
        missing: dict[str, list[Group]] = {}
        with self.clock.lap(profile.OWN):
            for name, info in self.infos.items():
                for backend, column in self.places():
                    group = self.settle(ledger, environment, available, info, backend, column)
                    if group is not None:
                        missing.setdefault(name, []).append(group)
            ledger.save()
        ran = self.measure(ledger, environment, missing) if missing else 0
        for name in self.infos:
            ledger.expect(name)
        ledger.save()
        return ran

    def places(self) -> list[Place]:
        """Return the backends and columns of every table."""
        return [(b, column) for b in self.config.backends for column in self.config.devices]

    def settle(
        self,
        ledger: RecordStore,
        environment: Environment,
        available: Mapping[Place, Availability],
        info: TargetInfo,
        backend: str,
        column: str,
    ) -> Group | None:
        """Put a cell into the ledger without measuring, or return what has to be measured."""
        device = get_backend(backend).columns.get(column)
        if device is None:
            ledger.put(info.name, info.kind, cells.not_applicable(backend, column))
            return None
        if info.error is not None:
            cell = cells.no_case(backend, device, info.error, exception=info.error_type)
            ledger.put(info.name, info.kind, cell)
            return None
        answer = available[backend, device]
        if not answer.usable:
            ledger.put(info.name, info.kind, cells.not_run(backend, device, answer.reason))
            return None
        key = self.key(info, backend, device, environment)
        force = self.config.execute in (Execute.FORCE, Execute.CHECK)
        if not force and ledger.keep(info.name, backend, device, key):
            return None
        return self.group(info.name, backend, device)

    def group(self, target: str, backend: str, device: str) -> Group:
        """Return what is done for a target on a device: the modes that are measured there."""
        adapter = get_backend(backend)
        asked = {*self.config.modes, *([TRACE] if target in self.graphs else [])}
        wanted = [mode for mode in adapter.optional_modes if mode in asked]
        return Group(
            backend=backend,
            device=device,
            modes=(*adapter.modes, *wanted),
            explain=TRACE in self.config.modes and backend != REFERENCE,
        )

    def measure(
        self, ledger: RecordStore, environment: Environment, missing: Mapping[str, list[Group]]
    ) -> int:
        """Make the cases of the targets, try them, and put the cells into the ledger."""
        scribe = _ResultWriter(self, ledger, environment, missing)
        bodies = {name: self.bodies[name] for name in missing}
        with tempfile.TemporaryDirectory(prefix="xpcaps-cases-") as folder:
            self.crew.measure(missing, bodies, Path(folder), scribe)
        return sum(map(len, missing.values()))

    def caseless(
        self,
        name: str,
        group: Group,
        result: Collected,
        stuck: tuple[LostCall, ...],
        environment: Environment,
    ) -> Cell:
        """Return the cell of a target without a case."""
        key = self.key(self.infos[name], group.backend, group.device, environment)
        if stuck:
            is_reference = group.backend == REFERENCE
            return cells.stuck_everywhere(
                group.backend, group.device, stuck, reference=is_reference, key=key
            )
        return cells.no_case(
            group.backend,
            group.device,
            result.error,
            exception=result.error_type,
            origin=result.origin if result.origin == "directive" else None,
            key=key,
        )

    def key(self, info: TargetInfo, backend: str, device: str, environment: Environment) -> str:
        """Return the key of a cell: everything that could change its outcome."""
        versions = environment.packages
        group = self.group(info.name, backend, device)
        return digest(
            {
                "engine": engine_digest(),
                "package": self.digests.of(info.package),
                "target": info.name,
                "text": info.text,
                "bodies": self.bodies.get(info.name, ()),
                "python": environment.python.rpartition(".")[0],
                "versions": {n: versions.get(n) for n in ("numpy", "array-api-compat", backend)},
                "place": [backend, device, *group.modes, *(["explain"] if group.explain else [])],
                "variables": dict(environment.variables),
                "setup": self.config.setup,
                "timeout": self.config.timeout,
                "cases": self.sources,
            }
        )

    def is_current(self, target: str, cell: Cell, environment: Environment) -> bool:
        """Say whether a cell would be measured the same way today."""
        info = self.infos.get(target)
        if info is None or info.error is not None or cell.key is None:
            return True
        return cell.key == self.key(info, cell.backend, cell.device, environment)


class _ResultWriter:
    """Writes what a crew reports into a ledger."""

    def __init__(
        self,
        batch: _Batch,
        ledger: RecordStore,
        environment: Environment,
        missing: Mapping[str, list[Group]],
    ) -> None:
        self.batch = batch
        self.ledger = ledger
        self.environment = environment
        self.missing = missing
        self.stuck: dict[str, tuple[LostCall, ...]] = {}
        self.total = len(missing) + sum(map(len, missing.values()))
        self.done = 0
        self.lock = threading.Lock()

    def collected(self, name: str, result: Collected, stuck: tuple[LostCall, ...]) -> None:
        """Note the cases of a target; without any, all of its cells are known."""
        self.stuck[name] = stuck
        self.step(name)
        if result.cases:
            return
        for group in self.missing[name]:
            cell = self.batch.caseless(name, group, result, stuck, self.environment)
            self.put(name, group, cell)

    def tried(self, name: str, group: Group, result: TargetRuns | str) -> None:
        """Note what trying gave."""
        if isinstance(result, str):
            cell = cells.not_run(group.backend, group.device, result)
        else:
            info = self.batch.infos[name]
            key = self.batch.key(info, group.backend, group.device, self.environment)
            cell = judge(result, key=key)
            if group.backend == REFERENCE:
                cell = cells.with_stuck(cell, self.stuck[name])
        self.put(name, group, cell)

    def put(self, name: str, group: Group, cell: Cell) -> None:
        """Put a cell into the ledger."""
        self.ledger.put(name, self.batch.infos[name].kind, cell)
        self.ledger.save_soon()
        self.step(f"{name} ({group.backend})")

    def step(self, what: str) -> None:
        """Count one thing as done."""
        with self.lock:
            self.done += 1
            self.batch.progress(what, self.done, self.total)
