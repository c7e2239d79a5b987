"""What the site says of hand-written tables is shown by its own scripts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "showcase" / "wrong_tables.md"
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
SAID = [
    ("TracerArrayConversionError", 6),
    ("ArrayImpl True", 2),
    (" Array\n", 18),
    ("TypeError", 2),
]


@pytest.mark.parametrize(("script", "said"), list(zip(SCRIPTS, SAID, strict=True)))
def test_a_script_shows_what_its_section_says(script: str, said: tuple[str, int]) -> None:
    scipy = pytest.importorskip("scipy")
    if scipy.__version__ != "1.17.1":
        pytest.skip("the page is about another version of SciPy")
    command = [sys.executable, "-W", "ignore", "-c", script]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    words, times = said
    assert answer.stdout.count(words) == times
