"""Measuring functions of SciPy beside running SciPy's own tests of the same functions.

A maintainer without tables can find out with the tests, by running them with each array library.
Both run here for the same module, with the same libraries, one after the other, with as many
processes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MODULES = {
    "scipy.fft": "scipy.fft.tests",
    "scipy.cluster.vq": "scipy.cluster.tests.test_vq",
    "scipy.signal.windows": "scipy.signal.tests.test_windows",
}
BACKENDS = ("torch", "jax", "dask")
NAMES_IN_SCIPY = {"torch": "torch", "jax": "jax.numpy", "dask": "dask.array"}
PROCESSES = 2
LIMIT = 400
"""Seconds after which the tests of a module with one library are stopped."""


def run() -> dict[str, Any]:
    """Return seconds and findings for each module."""
    return {"modules": {m: {"measured": measured(m), "tests": tested(m)} for m in MODULES}}


def measured(module: str) -> dict[str, Any]:
    """Measure a module; return the seconds and the numbers of statuses by library."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "record.json")
        command = [sys.executable, "-m", "sphinx_xpcaps", "measure", module]
        command += ["--output", str(output), "--env", "SCIPY_ARRAY_API=1"]
        command += ["--jobs", str(PROCESSES)]
        command += [part for name in ("numpy", *BACKENDS) for part in ("--backend", name)]
        start = time.monotonic()
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        seconds = time.monotonic() - start
        from sphinx_xpcaps.results.record import read

        record = read(output)
    found = {
        backend: Counter(
            str(cell.status)
            for target in record.targets.values()
            for cell in target.cells
            if (cell.backend, cell.device) == (backend, "cpu")
        )
        for backend in BACKENDS
    }
    return {"seconds": round(seconds, 1), "functions": len(record.targets), "found": found}


def tested(module: str) -> dict[str, Any]:
    """Run SciPy's tests of a module with each library; return seconds and numbers of results."""
    found = {}
    total = 0.0
    for backend in BACKENDS:
        command = [sys.executable, "-m", "pytest", "--quiet", "--pyargs", MODULES[module]]
        command += ["-p", "no:cacheprovider", "-n", str(PROCESSES), "--tb", "no"]
        environment = {**os.environ, "SCIPY_ARRAY_API": json.dumps([NAMES_IN_SCIPY[backend]])}
        start = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(
                    command,
                    cwd=folder,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=LIMIT,
                )
            summary = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
            numbers = re.findall(r"(\d+) (passed|failed|skipped|xfailed|errors?)", summary)
            found[backend] = {what: int(number) for number, what in numbers}
        except subprocess.TimeoutExpired:
            found[backend] = {}
        total += time.monotonic() - start
    return {"seconds": round(total, 1), "found": found}
