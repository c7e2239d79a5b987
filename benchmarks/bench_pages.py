"""A build without changes, with and without the extension."""

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
NUMBERS = (100, 300, 1000)
PER_PAGE = 5


def run() -> dict[str, Any]:
    """Return the seconds of a first build, and of builds without changes."""
    rows = []
    for number in NUMBERS:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            write_project(folder, number, number // PER_PAGE, ["numpy"])
            first = build(folder)
            idle = min(build(folder) for _ in range(3))
            conf = folder / "conf.py"
            conf.write_text('html_theme = "basic"\n', "utf-8")
            build(folder, "plain")
            plain = min(build(folder, "plain") for _ in range(3))
            rows.append({"targets": number, "first": first, "idle": idle, "without": plain})
    return {"rows": rows, "per_page": PER_PAGE}


def build(folder: Path, output: str = "_build") -> float:
    """Build the pages and return the seconds."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    start = time.monotonic()
    subprocess.run(
        [*command, str(folder / output)], env=environment, check=True, capture_output=True
    )
    return round(time.monotonic() - start, 2)
