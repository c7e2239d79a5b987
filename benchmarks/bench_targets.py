"""The cost of a target as their number grows, with the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.many_pages import write_project

ROOT = Path(__file__).parents[1]
NUMBERS = (25, 50, 100, 200, 400)
BACKENDS = ("numpy", "jax", "dask")


def run() -> dict[str, Any]:
    """Return the seconds for each number of targets: measured, and again without changes."""
    rows = []
    for number in NUMBERS:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            write_project(folder, number, 1, BACKENDS)
            first = measure(folder, number)
            rows.append({"targets": number, "measured": first, "again": measure(folder, number)})
    return {"rows": rows, "backends": list(BACKENDS)}


def measure(folder: Path, number: int) -> float:
    """Measure the targets of a project and return the seconds."""
    modules = sorted({f"many.m{i // 100}" for i in range(number)})
    command = [sys.executable, "-m", "sphinx_xpcaps", "measure", *modules]
    command += ["--output", str(folder / "record.json"), "--jobs", "2"]
    command += [part for name in BACKENDS for part in ("--backend", name)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    start = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return round(time.monotonic() - start, 1)
