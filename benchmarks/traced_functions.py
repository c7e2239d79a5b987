"""Count how many functions of array-agnostic libraries `core.lazy` traces.

Usage: python benchmarks/traced_functions.py [MODULE...] [--record FILE] [--jit RECORD...]

Measures the public functions of modules with their examples: with NumPy in the mode ``trace``, and
with JAX, whose ``jit`` works for functions that need no values. Prints for each module how many can
be traced, of the functions with a case and of those that JAX can jit, and the reasons of the
others. With ``--jit`` the results of JAX are read from existing records.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sphinx_xpcaps.results.model import Cell, Record, Status
from sphinx_xpcaps.results.record import read

MODULES = [
    "array_api_extra",
    "scipy.cluster.hierarchy",
    "scipy.cluster.vq",
    "scipy.constants",
    "scipy.differentiate",
    "scipy.fft",
    "scipy.integrate",
    "scipy.ndimage",
    "scipy.optimize.elementwise",
    "scipy.signal",
    "scipy.signal.windows",
    "scipy.spatial.distance",
    "scipy.special",
    "scipy.stats",
]


def measure(modules: Sequence[str], backends: Sequence[str], file: Path) -> Record:
    """Measure the public functions of modules through the command line."""
    program = [sys.executable, "-m", "sphinx_xpcaps.cli", "measure", *modules]
    chosen = [word for name in backends for word in ("--backend", name)]
    options = ["--mode", "trace", "--env", "SCIPY_ARRAY_API=1", "--output", str(file)]
    subprocess.run([*program, *chosen, *options], check=True)
    return read(file)


def cell(record: Record, target: str, backend: str) -> Cell | None:
    found = record.targets[target].cells if target in record.targets else ()
    return next((one for one in found if (one.backend, one.device) == (backend, "cpu")), None)


def jits(records: Sequence[Record], target: str) -> bool:
    """Return whether JAX can jit every case of a target."""
    found = [cell(record, target, "jax") for record in records]
    return any(one is not None and one.modes.get("jit") == Status.SUPPORTED for one in found)


def report(modules: Sequence[str], traced: Record, jitted: Sequence[Record]) -> None:
    every = {target: cell(traced, target, "numpy") for target in traced.targets}
    print("module                       traced of those with a case    of those that JAX can jit")
    for module in modules:
        own = {t: c for t, c in every.items() if c and t.rpartition(".")[0] == module}
        with_case = {t: c for t, c in own.items() if c.status.measured}
        good = {t for t, c in with_case.items() if c.modes.get("trace") == Status.SUPPORTED}
        jit = {t for t in with_case if jits(jitted, t)}
        print(
            f"{module:<28} {len(good):4d} of {len(with_case):4d} (public: {len(own):4d})"
            f"   {len(good & jit):4d} of {len(jit):4d}"
        )
        for target in sorted(with_case.keys() - good):
            notes = "; ".join(with_case[target].notes)
            print(f"    {'JAX can jit ' if target in jit else ''}{target}: {notes}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--record", type=Path, help="write the measurements to this file")
    parser.add_argument("--jit", type=Path, nargs="*", help="records with measurements of JAX")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = options.record or Path(folder) / "traced.json"
        backends = ["numpy"] if options.jit else ["numpy", "jax"]
        traced = measure(options.modules, backends, file)
    report(options.modules, traced, [read(one) for one in options.jit or []] or [traced])


if __name__ == "__main__":
    main()
