"""Measure libraries of the showcase and write their records.

Usage: python docs/showcase/measure.py [--folder FOLDER] [LIBRARY...]

Installs what a library of libraries.toml needs into a folder, without its dependencies that are
named there, and writes docs/showcase/records/LIBRARY.json with ``sphinx-xpcaps measure``. The array
libraries are those of the environment that runs this script.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
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


def main() -> None:
    """Measure the libraries that are given, or all."""
    libraries = tomllib.loads((HERE / "libraries.toml").read_text("utf-8"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="LIBRARY", help="; ".join(libraries))
    parser.add_argument("--folder", type=Path, help="where to install, to keep it")
    parser.add_argument("--output", type=Path, default=HERE / "records")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        for name in given.names or libraries:
            measure(name, libraries[name], folder / name, given.output / f"{name}.json")


if __name__ == "__main__":
    main()
