"""Run the benchmarks of ``make bench`` and write the page about them.

Usage: python -m benchmarks.bench [--only NAME]... [--output FOLDER]

Writes results.json, a plot for each benchmark, and index.md into docs/benchmarks. With ``--only``,
the results of the other benchmarks are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import bench_core, bench_pages, bench_scipy, bench_targets

OUTPUT = Path(__file__).parents[1] / "docs" / "benchmarks"
BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "core": bench_core.run,
    "scipy": bench_scipy.run,
    "targets": bench_targets.run,
    "pages": bench_pages.run,
}
PACKAGES = ("sphinx-xpcaps", "numpy", "scipy", "torch", "jax", "dask", "array-api-extra", "sphinx")


def machine() -> dict[str, str]:
    """Return what the times depend on."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text().splitlines()
        model = next((x.partition(": ")[2] for x in lines if x.startswith("model name")), model)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load": load,
        "date": datetime.now(UTC).date().isoformat(),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def page(results: dict[str, Any]) -> str:
    """Return the page in Markdown."""
    from benchmarks.bench_report import sections

    return "\n".join(["# Benchmarks", "", *sections(results)]) + "\n"


def main() -> None:
    """Run the benchmarks, and write results, plots and the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=BENCHMARKS, default=[])
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--page", action="store_true", help="only write plots and the page again")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    file = given.output / "results.json"
    results = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for name in () if given.page else given.only or BENCHMARKS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        where = machine()
        results[name] = {**BENCHMARKS[name](), "machine": where}
        text = json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False)
        file.write_text(f"{text}\n", "utf-8")
    from benchmarks.bench_report import plots

    plots(results, given.output)
    (given.output / "index.md").write_text(page(results), "utf-8")


if __name__ == "__main__":
    main()
