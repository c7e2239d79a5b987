"""Test that an interrupted run loses nothing that it measured, and leaves no file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sphinx_xpcaps.results.record import read

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCE = """
import os
import time
from pathlib import Path
import numpy as np

HERE = Path(__file__).parent

def _wait(x):
    if type(x).__module__.startswith("array_api_strict") and not (HERE / "go").exists():
        (HERE / "waiting").touch()
        while True:
            time.sleep(0.01)
"""
FUNCTION = '''
def f{number}(x):
    """Return twice the argument.

    >>> f{number}(np.ones(2))
    """
    {wait}
    return x + x
'''
# Shells let processes in the background ignore interrupts.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from sphinx_xpcaps.cli import main
main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a package whose fourth function waits until there is a file."""
    text = SOURCE + "".join(
        FUNCTION.format(number=number, wait="_wait(x)" if number == 3 else "")
        for number in range(6)
    )
    (tmp_path / "waits.py").write_text(text)
    for name in ("temporary", "cache", "records"):
        (tmp_path / name).mkdir()
    return tmp_path


def start(project: Path) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(ROOT), str(project)])
    command = [sys.executable, "-c", START, "measure", "waits", "--jobs", "1"]
    options = ["-o", "records/r.json", "--backend", "numpy", "--backend", "array-api-strict"]
    return subprocess.Popen(
        command + options,
        cwd=project,
        env=os.environ
        | {
            "PYTHONPATH": paths,
            "TMPDIR": str(project / "temporary"),
            "XDG_CACHE_HOME": str(project / "cache"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_interrupted_run_loses_nothing_and_leaves_no_file(
    project: Path, number: signal.Signals
) -> None:
    run = start(project)
    while not (project / "waiting").exists():
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    run.send_signal(number)
    run.communicate()
    assert run.returncode != 0
    before = read(project / "records" / "r.json")
    if number != signal.SIGKILL:
        assert len(before.targets) >= 3
        assert os.listdir(project / "records") == ["r.json"]
        assert os.listdir(project / "temporary") == []
    (project / "go").touch()
    run = start(project)
    output, errors = run.communicate()
    assert run.returncode == 0, errors
    found = re.match(r"6 targets, (\d+) cells measured now", output)
    assert found is not None, output
    kept = sum(cell.key is not None for t in before.targets.values() for cell in t.cells)
    assert 0 < int(found[1]) <= 6 * 3 - kept
    assert os.listdir(project / "records") == ["r.json"]
    assert os.listdir(project / "temporary") == []
    resumed = (project / "records" / "r.json").read_bytes()
    (project / "records" / "r.json").unlink()
    start(project).communicate()
    assert (project / "records" / "r.json").read_bytes() == resumed
