"""Each entry of the page on wrong hand-written tables is confirmed by a call."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "docs" / "showcase" / "confirm.py"


def confirmed(*functions: str) -> int:
    """Return the number of entries of some functions, or of all, after confirming them."""
    scipy = pytest.importorskip("scipy")
    if scipy.__version__ != "1.17.1":
        pytest.skip("the page is about another version of SciPy")
    command = [sys.executable, "-W", "ignore", str(SCRIPT), *functions]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = answer.stdout.splitlines()
    assert [line for line in lines if not line.startswith("ok")] == [], answer.stderr
    return len(lines)


@pytest.mark.slow
def test_the_first_function_of_each_group_is_confirmed() -> None:
    groups = tomllib.loads(SCRIPT.with_name("wrong_tables.toml").read_text("utf-8"))["group"]
    assert confirmed(*(group["rows"][0]["function"] for group in groups)) >= len(groups)


@pytest.mark.exhaustive
def test_every_entry_is_confirmed_by_its_own_call() -> None:
    assert confirmed() > 100
