"""Measure a batch: find the cells that are missing, have them run, judge and store the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sphinx_xpcaps.cases.model import TargetInfo, WantedCases
from sphinx_xpcaps.config import Config, Execute
from sphinx_xpcaps.measure import profile
from sphinx_xpcaps.measure.compilation_cache import limit_size
from sphinx_xpcaps.measure.descriptions import describe
from sphinx_xpcaps.measure.digests import PackageDigests
from sphinx_xpcaps.measure.environment import describe_environment, package_version
from sphinx_xpcaps.measure.executor import Executor, LocalExecutor
from sphinx_xpcaps.measure.judging import cells
from sphinx_xpcaps.measure.judging.judge import judge
from sphinx_xpcaps.measure.keys import CellKeys
from sphinx_xpcaps.measure.missing import Groups, Missing, find_missing
from sphinx_xpcaps.measure.model import Group, GroupResult, Result
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.signals import ending_on_sigterm
from sphinx_xpcaps.measure.store import RecordStore
from sphinx_xpcaps.measure.verify import MeasuredCells, Unstable, compare, sample
from sphinx_xpcaps.measure.workers.servers import Servers
from sphinx_xpcaps.results.model import Cell, Environment, Record

OnProgress = Callable[[str, int, int], None]
"""Called with the name of what was finished, how many things are finished, and how many exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The contents of the cache after a batch."""

    records: tuple[Record, ...]
    """This machine's records, that of the present environment first."""
    is_current: Callable[[str, Cell, Environment], bool]
    """Whether a target's cell, measured in an environment, has the key that it would have now."""
    ran: int = 0
    """How many pairs of a target and a device were measured now."""
    unstable: tuple[Unstable, ...] = ()
    """Cells that differed when a share of the targets was measured again."""


def run(
    requests: Sequence[MeasurementRequest],
    config: Config,
    *,
    cache: Path,
    progress: OnProgress,
    output: Path | None = None,
    clock: Clock | None = None,
    servers: Servers | None = None,
) -> Measured:
    """Measure what is requested and not in the cache.

    Parameters
    ----------
    requests : sequence of MeasurementRequest
        Requests for tables.
    config : Config
        The options.
    cache : Path
        The folder with records and with data that makes the next run faster.
    progress : callable
        Called whenever something is finished.
    output : Path, optional
        A file for the record. Default: the folder of records in the cache.
    clock : Clock, optional
        Measures where the time goes.
    servers : Servers, optional
        Fork servers of earlier steps.
    """
    clock = clock or Clock()
    wanted = _wanted_by_target(requests)
    packages = sorted({name.partition(".")[0] for name in wanted})

    def open_store(environment: Environment) -> RecordStore:
        return RecordStore(
            output or cache / "records",
            environment,
            package=next(iter(packages), ""),
            is_file=output is not None,
        )

    with ending_on_sigterm(), closing(Servers()) as started:
        if not wanted or config.execute == Execute.OFF:
            store = open_store(describe_environment(packages, config.environment))
            return Measured(records=store.records(), is_current=_has_present_version)
        digests = PackageDigests(cache / "digests.json")
        runner = Runner(config, clock, servers or started)
        with _executor(runner, packages, digests, cache) as executor:
            store = open_store(executor.environment)
            infos = describe(
                list(wanted),
                config,
                executor.environment,
                cache_file=cache / "descriptions.json",
                digests=digests,
                describe_now=runner.describe,
            )
            batch = _Batch(
                config=config,
                clock=clock,
                executor=executor,
                store=store,
                infos=infos,
                wanted=wanted,
                keys=CellKeys(config, wanted, digests),
                groups=Groups(config, (each.target for each in requests if each.graph)),
            )
            try:
                return batch.run(progress)
            finally:
                digests.save()


@contextmanager
def _executor(
    runner: Runner, packages: Sequence[str], digests: PackageDigests, cache: Path
) -> Iterator[Executor]:
    """Yield the cluster whose scheduler has an address in the options, or this machine."""
    config = runner.config
    if not config.scheduler:
        yield LocalExecutor(runner, packages, cache)
        return
    from sphinx_xpcaps.measure.schedulers.cluster import Cluster  # most builds need none
    from sphinx_xpcaps.measure.schedulers.connect import connect

    with closing(connect(config.scheduler)) as scheduler:
        yield Cluster(scheduler, config, packages, digests.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The targets of a batch, and what is needed to measure them."""

    config: Config
    clock: Clock
    executor: Executor
    store: RecordStore
    infos: Mapping[str, TargetInfo]
    """What each target is."""
    wanted: Mapping[str, WantedCases]
    """Which cases of each target are used."""
    keys: CellKeys
    groups: Groups

    def key(self, target: str, group: Group) -> str:
        """Return the key of a target's cell in the present environment."""
        return self.keys.key(self.infos[target], group, self.executor.environment)

    def is_current(self, target: str, cell: Cell, environment: Environment) -> bool:
        """Return whether a cell has the key that it would have now in its environment."""
        info = self.infos.get(target)
        if info is None or info.error is not None or cell.key is None:
            return True
        group = self.groups.of(target, cell.backend, cell.device)
        return cell.key == self.keys.key(info, group, environment)

    def run(self, progress: OnProgress) -> Measured:
        """Measure the cells that are missing, and verify a share of them."""
        missing = self.find_missing()
        if missing.groups:
            limit_size()
        try:
            measured = self.measure(missing.groups, progress)
            unstable = self.verify(missing.groups, measured)
        finally:  # also on an interrupt
            self.store.add_expectations(self.infos)
            self.store.save()
        return Measured(
            records=self.store.records(),
            is_current=self.is_current,
            ran=missing.count,
            unstable=unstable,
        )

    def find_missing(self) -> Missing:
        """Return what has to be measured, after the cells for which nothing is run are stored."""
        with self.clock.lap(profile.PROBE):
            available = self.executor.probe()
        self.store.set_available(available)
        with self.clock.lap(profile.OVERHEAD):
            missing = find_missing(
                self.infos, self.config, self.groups, self.key, available, self.store
            )
            for target, known_cell in missing.cells:
                self.store.put(target, self.infos[target].kind, known_cell, measured=False)
            self.store.save()
        return missing

    def measure(
        self, groups: Mapping[str, Sequence[Group]], progress: OnProgress
    ) -> dict[tuple[str, str, str], Cell]:
        """Measure targets in their groups, store each cell at once, and return the cells."""
        found: dict[tuple[str, str, str], Cell] = {}
        done, total = 0, len(groups) + sum(map(len, groups.values()))
        with closing(self.executor.measure(groups, self.wanted)) as results:
            for result in results:
                with self.clock.lap(profile.OVERHEAD, target=result.target):
                    for what, cell in self._judge(result, groups[result.target]):
                        if cell is not None:
                            self.store.put(result.target, self.infos[result.target].kind, cell)
                            self.store.save_soon()
                            found[result.target, cell.backend, cell.device] = cell
                        done += 1
                        progress(what, done, total)
        return found

    def verify(
        self, groups: Mapping[str, Sequence[Group]], first: MeasuredCells
    ) -> tuple[Unstable, ...]:
        """Measure a random share of the targets again, each in new processes, and compare."""
        targets = sample(groups, self.config.verify)
        if not targets:
            return ()
        second: dict[tuple[str, str, str], Cell] = {}
        again = {target: groups[target] for target in targets}
        with closing(self.executor.measure(again, self.wanted, new_processes=True)) as results:
            for result in results:
                for _, cell in self._judge(result, again[result.target]):
                    if cell is not None:
                        second[result.target, cell.backend, cell.device] = cell
        return tuple(compare(targets, first, second))

    def _judge(self, result: Result, groups: Sequence[Group]) -> Iterator[tuple[str, Cell | None]]:
        """Yield the name of each thing that a result finishes, with the cell if it is one."""
        target = result.target
        if isinstance(result, GroupResult):
            cell = judge(result, key=self.key(target, result.group))
            yield f"{target} ({result.group.backend})", cell
            return
        yield target, None
        if not result.collected.cases:
            for group in groups:
                cell = cells.without_cases(result, group, key=self.key(target, group))
                yield f"{target} ({group.backend})", cell


def _has_present_version(target: str, cell: Cell, environment: Environment) -> bool:
    """Return whether a cell was measured with the installed version of its target's package.

    Nothing is imported. If one of the versions is not known, the cell counts as current.
    """
    package = target.partition(".")[0]
    measured, present = environment.packages.get(package), package_version(package)
    return measured is None or present is None or measured == present


def _wanted_by_target(requests: Sequence[MeasurementRequest]) -> dict[str, WantedCases]:
    """Return which cases of each target are used: all bodies, and the first choice of origins."""
    wanted: dict[str, WantedCases] = {}
    for request in sorted(requests, key=lambda r: (r.target, r.place, r.line or 0)):
        before = wanted.get(request.target, WantedCases())
        body = (request.body,) if request.body else ()
        wanted[request.target] = WantedCases(
            bodies=(*before.bodies, *body), origins=before.origins or request.origins
        )
    return wanted
