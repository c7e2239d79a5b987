"""The main job: from requests to records, running only what is missing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sphinx_xpcaps.cases.model import TargetInfo
from sphinx_xpcaps.config import Config, Execute
from sphinx_xpcaps.files import temporary_folder
from sphinx_xpcaps.measure import profile
from sphinx_xpcaps.measure.descriptions import describe
from sphinx_xpcaps.measure.digests import PackageDigests
from sphinx_xpcaps.measure.environment import describe_environment, package_version
from sphinx_xpcaps.measure.judging import cells
from sphinx_xpcaps.measure.judging.judge import judge
from sphinx_xpcaps.measure.keys import CellKeys
from sphinx_xpcaps.measure.missing import Groups, Missing, find_missing
from sphinx_xpcaps.measure.model import Group, GroupResult
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.measure.runner import Result, Runner
from sphinx_xpcaps.measure.schedulers.cluster import Cluster
from sphinx_xpcaps.measure.schedulers.connect import connect
from sphinx_xpcaps.measure.signals import ending_on_sigterm
from sphinx_xpcaps.measure.store import RecordStore
from sphinx_xpcaps.measure.verify import MeasuredCells, Unstable, compare, sample
from sphinx_xpcaps.measure.workers.probe import probe
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
    bodies = _bodies_by_target(requests)
    packages = sorted({name.partition(".")[0] for name in bodies})
    measures = bool(bodies) and config.execute != Execute.OFF
    digests = PackageDigests(cache / "digests.json")
    with (
        ending_on_sigterm(),
        Servers() as started,
        _cluster(config.scheduler if measures else "", config, packages, digests) as cluster,
    ):
        environment = (
            cluster.environment
            if cluster is not None
            else describe_environment(packages, config.environment)
        )
        store = RecordStore(
            output or cache / "records",
            environment,
            package=next(iter(bodies), "").partition(".")[0],
            is_file=output is not None,
        )
        if not measures:
            return Measured(records=store.records(), is_current=_has_present_version)
        runner = Runner(config, clock, servers or started)
        return _run(runner, requests, bodies, environment, store, cache, progress, digests, cluster)


@contextmanager
def _cluster(
    address: str, config: Config, packages: Sequence[str], digests: PackageDigests
) -> Iterator[Cluster | None]:
    """Connect to the cluster with a scheduler at an address; yield None if there is no address."""
    if not address:
        yield None
        return
    with closing(connect(address)) as scheduler:
        yield Cluster(scheduler, config, packages, digests.of)


def _run(
    runner: Runner,
    requests: Sequence[MeasurementRequest],
    bodies: Mapping[str, tuple[str, ...]],
    environment: Environment,
    store: RecordStore,
    cache: Path,
    progress: OnProgress,
    digests: PackageDigests,
    cluster: Cluster | None,
) -> Measured:
    config, clock = runner.config, runner.clock
    infos = describe(
        list(bodies),
        config,
        environment,
        cache_file=cache / "descriptions.json",
        digests=digests,
        describe_now=runner.describe,
    )
    keys = CellKeys(config, bodies, digests)
    groups = Groups(config, (request.target for request in requests if request.graph))

    def key(target: str, group: Group, environment: Environment = environment) -> str:
        return keys.key(infos[target], group, environment)

    def is_current(target: str, cell: Cell, environment: Environment) -> bool:
        info = infos.get(target)
        if info is None or info.error is not None or cell.key is None:
            return True
        return cell.key == key(target, groups.of(target, cell.backend, cell.device), environment)

    with clock.lap(profile.PROBE):
        available = (
            cluster.probe()
            if cluster is not None
            else probe(
                config.backends,
                config.environment,
                cache_file=cache / "probes.json",
                servers=runner.servers,
            )
        )
    store.set_available(available)
    with clock.lap(profile.OVERHEAD):
        missing = find_missing(infos, config, groups, key, available, store)
        for target, known_cell in missing.cells:
            store.put(target, infos[target].kind, known_cell, measured=False)
        store.save()
    try:
        results = (
            cluster.measure(missing.groups, bodies)
            if cluster is not None
            else _run_groups(runner, missing.groups, bodies)
        )
        found = _measure(results, missing, infos, key, store, progress, clock)
        unstable = _verify(runner, cluster, missing, bodies, key, found)
    finally:  # also on an interrupt
        store.add_expectations(infos)
        store.save()
        digests.save()
    return Measured(
        records=store.records(), is_current=is_current, ran=missing.count, unstable=unstable
    )


def _measure(
    running: Generator[Result, None, None],
    missing: Missing,
    infos: Mapping[str, TargetInfo],
    key: Callable[[str, Group], str],
    store: RecordStore,
    progress: OnProgress,
    clock: Clock,
) -> dict[tuple[str, str, str], Cell]:
    """Measure what is missing, store each cell at once, and return the cells."""
    found: dict[tuple[str, str, str], Cell] = {}
    done, total = 0, len(missing.groups) + missing.count
    with closing(running) as results:
        for result in results:
            with clock.lap(profile.OVERHEAD, target=result.target):
                for what, cell in _judge(result, missing.groups[result.target], key):
                    if cell is not None:
                        store.put(result.target, infos[result.target].kind, cell)
                        store.save_soon()
                        found[result.target, cell.backend, cell.device] = cell
                    done += 1
                    progress(what, done, total)
    return found


def _verify(
    runner: Runner,
    cluster: Cluster | None,
    missing: Missing,
    bodies: Mapping[str, tuple[str, ...]],
    key: Callable[[str, Group], str],
    first: MeasuredCells,
) -> tuple[Unstable, ...]:
    """Measure a random share of the targets again, each in new processes, and compare."""
    targets = sample(missing.groups, runner.config.verify)
    if not targets:
        return ()
    second: dict[tuple[str, str, str], Cell] = {}
    groups = {target: missing.groups[target] for target in targets}
    running = (
        cluster.measure(groups, bodies)
        if cluster is not None
        else _run_groups(runner, groups, bodies, new_processes=True)
    )
    with closing(running) as results:
        for result in results:
            for _, cell in _judge(result, missing.groups[result.target], key):
                if cell is not None:
                    second[result.target, cell.backend, cell.device] = cell
    return tuple(compare(targets, first, second))


def _has_present_version(target: str, cell: Cell, environment: Environment) -> bool:
    """Return whether a cell was measured with the installed version of its target's package.

    Nothing is imported. If one of the versions is not known, the cell counts as current.
    """
    package = target.partition(".")[0]
    measured, present = environment.packages.get(package), package_version(package)
    return measured is None or present is None or measured == present


def _bodies_by_target(requests: Sequence[MeasurementRequest]) -> dict[str, tuple[str, ...]]:
    """Return the bodies of directives for each target; no body for most targets."""
    bodies: dict[str, tuple[str, ...]] = {}
    for request in sorted(requests, key=lambda r: (r.target, r.place, r.line or 0)):
        body = (request.body,) if request.body else ()
        bodies[request.target] = (*bodies.get(request.target, ()), *body)
    return bodies


def _run_groups(
    runner: Runner,
    groups: Mapping[str, Sequence[Group]],
    bodies: Mapping[str, tuple[str, ...]],
    *,
    new_processes: bool = False,
) -> Generator[Result, None, None]:
    """Find the cases of the targets and run them, with a temporary folder for the cases."""
    if groups:
        with temporary_folder("cases") as folder:
            yield from runner.measure(groups, bodies, folder, new_processes=new_processes)


def _judge(
    result: Result,
    groups: Sequence[Group],
    key: Callable[[str, Group], str],
) -> Iterator[tuple[str, Cell | None]]:
    """Yield the name of each thing that a result finishes, with the cell if it is one."""
    target = result.target
    if isinstance(result, GroupResult):
        cell = judge(result, key=key(target, result.group))
        yield f"{target} ({result.group.backend})", cell
        return
    yield target, None
    if not result.collected.cases:
        for group in groups:
            cell = cells.without_cases(result, group, key=key(target, group))
            yield f"{target} ({group.backend})", cell
