"""The examples in the documentation of `core.testing`."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

from core.backends import backends

PAGE = Path(__file__).parents[3] / "docs" / "guide" / "testing.md"
MODULES = ["assertions", "declarations", "lazy_functions", "marks", "targets"]
USABLE = [name for name, b in backends().items() if b.availability("cpu").usable]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_the_documented_results(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"core.testing.{name}"))
    assert results.failed == 0
    assert results.attempted > 0


@pytest.fixture
def page(pytester: pytest.Pytester) -> pytest.Pytester:
    """Write the modules of the page to files."""
    blocks = re.findall(
        r"^```python\n# (\w+\.py)\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S
    )
    for name, text in blocks:
        (pytester.path / name).write_text(text)
    assert len(blocks) == 6
    pytester.syspathinsert()
    return pytester


@pytest.mark.skipif(len(USABLE) != 5, reason="the page shows results of five libraries")
@pytest.mark.parametrize(
    ("name", "outcomes", "lines"),
    [
        ("test_stats.py", {"passed": 10}, []),
        (
            "test_lazy.py",
            {"passed": 8, "failed": 2},
            [
                "E * jax.errors.TracerBoolConversionError: Attempted boolean conversion of traced "
                "array with shape bool[[][]].*",
                "E * AssertionError: scale computes a graph: it called dask.compute() or "
                "dask.persist() 1 times, but no calls are allowed. Keep it lazy, or tag it with "
                "allow_dask_compute=1",
            ],
        ),
        ("test_declared.py", {"passed": 5 + 4 + 2, "skipped": 1 + 2, "xfailed": 1}, []),
    ],
)
def test_the_modules_of_the_how_to_give_the_documented_results(
    page: pytest.Pytester, name: str, outcomes: dict[str, int], lines: list[str]
) -> None:
    result = page.runpytest_inprocess(name, "-p", "no:sphinx")
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines_random(lines)
