"""Run the code of each finding in findings.toml, and compare what it prints.

Usage: python docs/ecosystem/confirm.py [--folder FOLDER] [LIBRARY...]

Does not use sphinx-xpcaps. FOLDER is that of measure.py; a library that can be imported neither
from it nor from the environment is left out. The exit status is 1 if an output differs.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def confirm(finding: dict[str, Any], folder: Path | None) -> str | None:
    """Run the code of a finding; return a difference, or None if the output is as stated."""
    path = str(folder / finding["library"]) if folder else ""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", finding["code"]],
        env={**os.environ, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0 and done.stdout.split() == finding["prints"].split():
        return None
    return f"status {done.returncode}\n{done.stdout}{done.stderr[-2000:]}"


def main() -> int:
    """Confirm the findings about all libraries, or some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("libraries", nargs="*")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    exit_status = 0
    for finding in tomllib.loads((HERE / "findings.toml").read_text("utf-8"))["finding"]:
        name = finding["library"]
        if given.libraries and name not in given.libraries:
            continue
        installed = given.folder and (given.folder / name).exists()
        if not installed and importlib.util.find_spec(name) is None:
            print("left out, not installed:", name, finding["title"])
            continue
        difference = confirm(finding, given.folder)
        print(
            "WRONG" if difference else "ok   ", name, finding["title"], difference or "", sep="  "
        )
        exit_status |= difference is not None
    return int(exit_status)


if __name__ == "__main__":
    sys.exit(main())
