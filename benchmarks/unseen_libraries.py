"""Compare measured cells of libraries with cells that are expected from calls written by hand.

Install each library without its dependencies into a folder, then measure:

    pip install --no-deps --target /tmp/unseen/einops einops==0.8.2
    python -m benchmarks.unseen_libraries /tmp/unseen [einops ...]

``--install`` prints the commands for all libraries. With ``--coverage``, all public functions of
the libraries' modules are measured on NumPy and the library that is needed, and those without a
measurement are listed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.unseen.calls import LIBRARIES, Library
from sphinx_xpcaps.results.model import Cell, Record, Status
from sphinx_xpcaps.results.record import read

ROOT = Path(__file__).parents[1]
BACKENDS = ("numpy", "torch", "jax", "dask", "array-api-strict")
NO_STATUS = (Status.NOT_MEASURED, Status.NOT_APPLICABLE)


def measure(
    name: str, library: Library, folder: Path, targets: Sequence[str], backends: Sequence[str]
) -> Record:
    """Return the record of targets of a library."""
    with tempfile.TemporaryDirectory() as output:
        file = Path(output, "record.json")
        command = [sys.executable, "-m", "sphinx_xpcaps.cli", "measure", *targets]
        command += ["--output", str(file), "--setup", library.setup, "--jobs", "2"]
        command += ["--env", "SCIPY_ARRAY_API=1"]  # as in `by_hand`
        command += [part for backend in backends for part in ("--backend", backend)]
        path = os.pathsep.join((str(ROOT), str(folder / name)))
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if not file.exists():
            raise SystemExit(f"{name}: {done.stderr}")
        return read(file)


def on_cpu(record: Record, target: str, backend: str) -> Cell | None:
    """Return the cell of a backend on the CPU."""
    cells = record.targets[target].cells if target in record.targets else ()
    return next((c for c in cells if (c.backend, c.device) == (backend, "cpu")), None)


def compare(name: str, record: Record, expected: dict[str, dict[str, str]]) -> tuple[int, int, int]:
    """Print what differs; return the numbers of cells, of right ones by status, and with notes."""
    total = right = with_notes = 0
    for target, row in expected.items():
        for backend, wanted in row.items():
            total += 1
            cell = on_cpu(record, target, backend)
            status, _, note = wanted.partition(": ")
            found = cell.status.value if cell else "absent"
            notes = list(cell.notes) if cell else []
            same = found == status
            right += same
            # That calls are made up or random is no limit, and the expectation does not know it.
            limits = [n for n in notes if not n.startswith(("made-up", "values not compared"))]
            agrees = same and (note in limits if note else not limits or status == "partial")
            with_notes += agrees
            if not agrees:
                reason = next((r for r in cell.reasons), None) if cell else None
                print(f"  {target} {backend}: {wanted}; measured {found} {notes} {reason or ''}")
    return total, right, with_notes


def coverage(record: Record, library: Library) -> tuple[int, int, list[str]]:
    """Return the numbers of functions and of measured ones, and the names of the others."""
    missing = []
    for target in sorted(record.targets):
        cells = [on_cpu(record, target, backend) for backend in ("numpy", library.reference)]
        if not any(cell and cell.status not in NO_STATUS for cell in cells):
            cell = cells[0]
            missing.append(f"{target}: {'; '.join(cell.notes) if cell else ''}")
    return len(record.targets), len(record.targets) - len(missing), missing


def main() -> None:
    """Measure and print the figures of each library."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("libraries", nargs="*")
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--install", action="store_true")
    given = parser.parse_args()
    if given.install or given.folder is None:
        for name, library in LIBRARIES.items():
            print(f"pip install --no-deps --target FOLDER/{name} {' '.join(library.install)}")
        return
    folder = given.folder.resolve()
    expected = tomllib.loads((ROOT / "benchmarks/unseen/expected.toml").read_text())
    totals = [0, 0, 0]
    for name in given.libraries or LIBRARIES:
        library = LIBRARIES[name]
        if given.coverage:
            if library.modules:
                backends = sorted({"numpy", library.reference})
                record = measure(name, library, folder, library.modules, backends)
                count, measured, missing = coverage(record, library)
                print(f"{name}: {measured} of {count} measured", *missing, sep="\n  ", flush=True)
            continue
        record = measure(name, library, folder, tuple(library.calls), BACKENDS)
        found = compare(name, record, expected[name])
        totals = [a + b for a, b in zip(totals, found, strict=True)]
        print(f"{name}: {found[1]} of {found[0]} by status, {found[2]} with notes", flush=True)
    if not given.coverage:
        print(f"all: {totals[1]} of {totals[0]} by status, {totals[2]} with notes")


if __name__ == "__main__":
    main()
