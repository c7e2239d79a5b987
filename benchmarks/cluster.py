"""Measure functions that wait, with 1, 2 and 4 workers of a cluster, and without a cluster.

Prints the time of each run after the workers are connected, and the overhead of each target: the
time of a second target that does nothing.

    python benchmarks/cluster.py [--functions N] [--seconds S]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from sphinx_xpcaps.config import Config  # noqa: E402
from sphinx_xpcaps.measure.batch import run  # noqa: E402
from sphinx_xpcaps.measure.request import MeasurementRequest  # noqa: E402
from tests.measure.schedulers.processes import LocalCluster  # noqa: E402


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=0.1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    sys.path.insert(0, str(folder))
    write(folder / "waits.py", options.functions, options.seconds)
    write(folder / "quick.py", options.functions, 0.0)
    print("workers  waiting functions  others, each")
    for workers in (0, 1, 2, 4):
        waiting, quick = measure(folder, workers, options.functions)
        name = str(workers) if workers else "local, 1"
        print(f"{name:8} {waiting:15.1f} s {1000 * quick / options.functions:10.0f} ms", flush=True)


def write(file: Path, functions: int, seconds: float) -> None:
    """Write a module with functions that wait."""
    parts = ['"""Functions."""\nimport time\nimport numpy as np\n']
    for number in range(functions):
        example = f"    '''Wait.\n\n    >>> f{number}(np.ones(2))\n    '''\n"
        wait = f"    time.sleep({seconds})\n" if seconds else ""
        parts.append(f"\n\ndef f{number}(x):\n{example}{wait}    return x\n")
    file.write_text("".join(parts))


def measure(folder: Path, workers: int, functions: int) -> tuple[float, float]:
    """Return the seconds that both modules take, after a first run has started workers."""
    cluster = LocalCluster(folder) if workers else None
    if cluster is not None:
        cluster.start_scheduler()
        for _ in range(workers):
            cluster.start_worker()
    config = Config(
        backends=["numpy"],
        devices=["cpu"],
        jobs=0 if workers else 1,
        scheduler=cluster.address if cluster is not None else "",
    )
    try:
        found = []
        for module in ("quick", "waits", "quick"):
            requests = [MeasurementRequest(target=f"{module}.f{i}") for i in range(functions)]
            cache = Path(tempfile.mkdtemp(dir=folder))
            began = time.monotonic()
            run(requests, config, cache=cache, progress=lambda *_: None)
            found.append(time.monotonic() - began)
        return found[1], found[2]
    finally:
        if cluster is not None:
            cluster.close()


if __name__ == "__main__":
    main()
