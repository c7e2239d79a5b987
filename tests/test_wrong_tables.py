"""Each entry of the page on wrong hand-written tables is confirmed by a call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "docs" / "showcase" / "confirm.py"


@pytest.mark.slow
def test_every_entry_is_confirmed_by_its_own_call() -> None:
    scipy = pytest.importorskip("scipy")
    if scipy.__version__ != "1.17.1":
        pytest.skip("the page is about another version of SciPy")
    command = [sys.executable, "-W", "ignore", str(SCRIPT)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = answer.stdout.splitlines()
    assert [line for line in lines if not line.startswith("ok")] == [], answer.stderr
    assert len(lines) > 100
