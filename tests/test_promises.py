"""The tests that the page `docs/promises.md` names exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_each_promise_names_tests_that_exist() -> None:
    text = (ROOT / "docs/promises.md").read_text("utf-8")
    promises = re.findall(r"^\*\*", text, re.M)
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(promises) == len(re.findall(r"^: `tests/", text, re.M)) > 10
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^def {name}\b", (ROOT / file).read_text("utf-8"), re.M)
    ]
    assert missing == []
