"""Measure how long a build with many records takes that has nothing to measure, and its memory.

Usage: python benchmarks/record_scale.py [--targets N] [--records N] [--grow] [--limit]

Simulates records of several environments with 5 backends, whose cells have the sizes of SciPy's.
Then another process reads all of them, combines those of the same environment, derives the tables,
and finds out that no cell has to be measured. Prints the processor time of each step and the peak
memory of the process. ``--grow`` repeats this with more and more targets and records; ``--limit``
makes the exit status 1 if it takes more than 10 s or 1 GB.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from core.backends import Availability, get_backend
from sphinx_xpcaps.cases.model import TargetInfo
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.digests import PackageDigests
from sphinx_xpcaps.measure.keys import CellKeys
from sphinx_xpcaps.measure.missing import Groups, find_missing
from sphinx_xpcaps.measure.model import BackendDevice
from sphinx_xpcaps.measure.store import RecordStore
from sphinx_xpcaps.results.merge_records import merge_records
from sphinx_xpcaps.results.model import (
    SCHEMA,
    Cell,
    Environment,
    Outcome,
    Package,
    Reason,
    Record,
    RecordedCase,
    Status,
    Target,
    Tool,
)
from sphinx_xpcaps.results.record import read_files, write_bundle
from sphinx_xpcaps.results.view import derive

BACKENDS = ["numpy", "torch", "jax", "dask", "array-api-strict"]
DEVICE = "cpu"
MOST_SECONDS = 10.0
MOST_BYTES = 1e9
SHARES = {Status.SUPPORTED: 63, Status.PARTIAL: 13, Status.UNSUPPORTED: 24}
"""How many of 100 measured cells of SciPy have each status."""

T = TypeVar("T")


def environments(number: int) -> list[Environment]:
    """Return environments that differ in the versions of the libraries."""
    return [
        Environment(
            python="3.11.7",
            platform="linux-x86_64",
            processor="Intel(R) Xeon(R) Processor",
            accelerator=None,
            date=f"2026-{1 + index % 12:02}-01",
            packages=dict.fromkeys(("array-api-compat", *BACKENDS, "pkg"), f"2.{index}.0"),
            variables={"SCIPY_ARRAY_API": "1"},
        )
        for index in range(number)
    ]


def infos(number: int) -> dict[str, TargetInfo]:
    """Return descriptions of functions with examples of the usual length."""
    names = [f"pkg.module{index % 50}.function_{index}" for index in range(number)]
    example = (
        "    >>> import numpy as np\n    >>> x = np.linspace(0, 1, 10)\n    >>> {}(x, axis=-1)\n"
    )
    return {
        name: TargetInfo(
            name=name, kind="function", package="pkg", text=example.format(name.rsplit(".")[-1]) * 3
        )
        for name in names
    }


def simulated_cell(target: str, backend: str, version: int, key: str) -> Cell:
    """Return a cell; one in twenty depends on the version of the library."""
    choice = random.Random(f"{target} {backend}")
    (status,) = choice.choices(list(SHARES), list(SHARES.values()))
    changes_at = choice.randrange(10) if choice.random() < 0.05 else 99
    if version >= changes_at:
        status = Status.SUPPORTED
    call = f"{target.rpartition('.')[2]}(x, axis=-1)"
    reasons = () if status is Status.SUPPORTED else tuple(_reasons(call, choice))
    modes = dict.fromkeys(get_backend(backend).modes, status)
    return Cell(
        backend=backend,
        device=DEVICE,
        status=status,
        notes=("no JIT",) if status is Status.PARTIAL else (),
        modes=modes,
        origin="docstring",
        passed=4,
        total=4,
        reasons=reasons,
        cases=tuple(_cases(call)),
        host_transfer=False,
        computes=0,
        key=key,
    )


def _cases(call: str) -> Iterator[RecordedCase]:
    """Yield cases as code with the usual length."""
    for size in (10, 20, 30, 40):
        yield RecordedCase(
            call=call.replace("x", f"np.linspace(0, 1, {size})"),
            setup=f"from pkg import function\nx = np.linspace(0, 1, {size})",
            expression=call,
            arrays=("x",),
            floats=("x",),
        )


def _reasons(call: str, choice: random.Random) -> Iterator[Reason]:
    """Yield one or two reasons with messages of about 50 characters."""
    for mode in ("eager", "jit")[: choice.choice([1, 2, 2])]:
        yield Reason(
            mode=mode,
            outcome=Outcome.RAISED,
            exception="TypeError",
            message=f"{call} got an array of another library: {choice.randrange(10**6)}",
            call=call,
        )


def simulate(folder: Path, targets: int, records: int) -> None:
    """Write one record for each environment."""
    described = infos(targets)
    config = Config(backends=BACKENDS, devices=[DEVICE])
    keys, groups = _keys(config, folder)
    for index, environment in enumerate(environments(records)):
        results = {
            name: Target(
                kind="function",
                cells=tuple(
                    simulated_cell(
                        name,
                        backend,
                        index,
                        keys.key(info, groups.of(name, backend, DEVICE), environment),
                    )
                    for backend in sorted(BACKENDS)
                ),
            )
            for name, info in described.items()
        }
        record = Record(
            schema=SCHEMA,
            tool=Tool(name="sphinx-xpcaps", version="0"),
            package=Package(name="pkg", version=environment.packages["pkg"]),
            environment=environment,
            targets=results,
        )
        write_bundle([record], folder / f"{index:02}.json")


def _keys(config: Config, folder: Path) -> tuple[CellKeys, Groups]:
    return CellKeys(config, {}, PackageDigests(folder / "digests")), Groups(config, ())


def build(folder: Path, targets: int) -> dict[str, float]:
    """Do what a build does that has nothing to measure; return the seconds of each step."""
    seconds: dict[str, float] = {}

    def timed(name: str, function: Callable[[], T]) -> T:
        start = time.process_time()
        result = function()
        seconds[name] = time.process_time() - start
        return result

    paths = sorted(folder.glob("*.json"))
    config = Config(backends=BACKENDS, devices=[DEVICE])
    described = infos(targets)
    keys, groups = _keys(config, folder)
    here = environments(len(paths))[-1]

    def is_current(target: str, cell: Cell, environment: Environment) -> bool:
        group = groups.of(target, cell.backend, cell.device)
        return cell.key == keys.key(described[target], group, environment)

    loaded = timed("load", lambda: read_files(paths).records)
    merged = timed("merge", lambda: merge_records(loaded))
    tables = timed(
        "derive",
        lambda: derive(merged, backends=BACKENDS, devices=[DEVICE], is_current=is_current),
    )
    assert len(tables) == targets

    def missing() -> int:
        store = RecordStore(paths[-1], here, package="pkg", is_file=True)
        available = {BackendDevice(name, DEVICE): Availability(usable=True) for name in BACKENDS}
        found = find_missing(
            described,
            config,
            groups,
            lambda target, group: keys.key(described[target], group, here),
            available,
            store,
        )
        return found.count

    assert timed("nothing to do", missing) == 0
    seconds["all"] = sum(seconds.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return seconds | {"memory": peak}


def measure(targets: int, records: int) -> dict[str, float]:
    """Simulate records and measure a build in another process; print the result."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(folder, targets, records)
        size = sum(path.stat().st_size for path in folder.glob("*.json"))
        command = [sys.executable, __file__, "--folder", name, "--targets", str(targets)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout)
    steps = "  ".join(f"{key} {value:5.2f} s" for key, value in found.items() if key != "memory")
    print(
        f"{targets:6} targets x {len(BACKENDS)} backends x {records:2} records, "
        f"{size / 1e6:4.0f} MB: {steps}  memory {found['memory'] / 1e6:4.0f} MB",
        flush=True,
    )
    return found


def bundle_size(targets: int) -> None:
    """Print how large a record is with each schema."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(folder, targets, 1)
        (path,) = folder.glob("*.json")
        records = read_files([path]).records
        write_bundle(records, folder / "bundle")
        sizes = [
            file.stat().st_size / targets / len(BACKENDS) for file in (path, folder / "bundle")
        ]
    print(f"bytes per cell: {sizes[0]:.0f} in a record, {sizes[1]:.0f} in a bundle")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, default=20_000)
    parser.add_argument("--records", type=int, default=10)
    parser.add_argument("--grow", action="store_true", help="measure smaller numbers first")
    parser.add_argument("--limit", action="store_true", help="fail above 10 s or 1 GB")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        print(json.dumps(build(options.folder, options.targets)))
        return
    if options.grow:
        bundle_size(1000)
        for share in (0.1, 0.5):
            measure(int(options.targets * share), options.records)
        measure(options.targets, 1)
        measure(options.targets, max(options.records // 2, 1))
    found = measure(options.targets, options.records)
    if options.limit and (found["all"] > MOST_SECONDS or found["memory"] > MOST_BYTES):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
