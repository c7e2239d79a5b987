"""Measure libraries and write their records.

Usage: python docs/ecosystem/measure.py [--folder FOLDER] [LIBRARY...]

Installs what libraries.toml names for a library into a folder, and writes
data/xpcaps_data/records/LIBRARY.json with ``sphinx-xpcaps measure``. The array libraries are those
of the environment that runs this script. Cells without information, of devices that the machine
does not have, are left out of the record.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from sphinx_xpcaps.results.model import Cell, Record, Status
from sphinx_xpcaps.results.record import read, write_bundle

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RECORDS = ROOT / "data" / "xpcaps_data" / "records"
FOLDERS = re.compile(r"/(?:[\w.+-]+/)*site-packages/|/(?:[\w.+-]+/){2,}[\w.+-]*(?=…)")
"""The beginning of the path of an installed module, which differs between machines."""
BACKENDS = ("numpy", "torch", "jax", "dask", "array-api-strict")


def install(requirements: list[str], folder: Path) -> None:
    """Install requirements into a folder, unless it exists."""
    if requirements and not folder.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        subprocess.run([*pip, str(folder), *requirements], check=True)


def measure(name: str, library: dict[str, Any], folder: Path, output: Path) -> None:
    """Measure a library and write or complete its record."""
    install(library.get("install", []), folder)
    command = [sys.executable, "-m", "sphinx_xpcaps.cli", "measure", *library["modules"]]
    command += ["--output", str(output)]
    command += [part for backend in BACKENDS for part in ("--backend", backend)]
    for variable, value in library.get("environment", {}).items():
        command += ["--env", f"{variable}={value}"]
    if "setup" in library:
        command += ["--setup", library["setup"]]
    path = os.pathsep.join((str(ROOT), str(folder)))
    start = time.monotonic()
    subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=True)
    print(f"{name}: {time.monotonic() - start:.0f} s, {output.stat().st_size / 1e6:.1f} MB")


def compact(record: Record) -> Record:
    """Leave out keys, and the cells that say only that the machine has no such device.

    A key tells whether a cell has to be measured again, which nobody does with these records.
    """
    devices = {(one.backend, one.device) for one in record.unavailable}

    def is_empty(cell: Cell) -> bool:
        if cell.status == Status.NOT_APPLICABLE:
            return True
        is_missing = (cell.backend, cell.device) in devices
        return is_missing and cell.status == Status.NOT_MEASURED and cell.expected is None

    targets = {
        name: dataclasses.replace(
            target,
            cells=tuple(dataclasses.replace(c, key=None) for c in target.cells if not is_empty(c)),
        )
        for name, target in record.targets.items()
    }
    return dataclasses.replace(record, targets=targets)


def shorten(path: Path) -> None:
    """Leave out empty cells, and the folders in messages."""
    write_bundle([compact(read(path))], path)
    path.write_text(FOLDERS.sub("", path.read_text("utf-8")), "utf-8")


def main() -> None:
    """Measure the libraries that are given, or all."""
    libraries = tomllib.loads((HERE / "libraries.toml").read_text("utf-8"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="LIBRARY", help="; ".join(libraries))
    parser.add_argument("--folder", type=Path, help="where to install, to keep it")
    parser.add_argument("--output", type=Path, default=RECORDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        for name in given.names or libraries:
            output = given.output / f"{name}.json"
            measure(name, libraries[name], folder / name, output)
            shorten(output)


if __name__ == "__main__":
    main()
