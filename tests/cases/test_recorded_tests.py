"""Running a library's tests once to record calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from sphinx_xpcaps.cases import case_file
from sphinx_xpcaps.cases.recorded_tests import TestsError, record_tests

PACKAGE = """
def doubled(x, times=2):
    return x * times
"""
TESTS = """
import numpy as np
from tested_package import doubled

def test_doubled():
    assert doubled(np.ones(3)).sum() == 6

def test_that_fails():
    assert doubled(np.ones((2, 2)), times=3).sum() == 0
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Write a package with tests, and return the environment in which it can be imported."""
    folder = tmp_path_factory.mktemp("packages")
    tests = folder / "tested_package" / "tests"
    tests.mkdir(parents=True)
    (folder / "tested_package" / "__init__.py").write_text(PACKAGE)
    (tests / "__init__.py").touch()
    (tests / "test_doubled.py").write_text(TESTS)
    root = Path(__file__).parents[2]
    return {"PYTHONPATH": f"{folder}:{root}"}


def test_calls_are_recorded_although_a_test_fails(
    environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "all.cases"
    count = record_tests("tested_package.tests", {"tested_package"}, file, environment=environment)
    [target] = case_file.read(file)
    assert count == 1
    assert target.names == ("tested_package.doubled",)
    assert {call.text for call in target.calls} == {
        "doubled(np.ones(3))",
        "doubled(np.ones((2, 2)), times=3)",
    }


def test_tests_that_do_not_exist_are_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(TestsError, match=r"not found: tested_package\.absent") as caught:
        record_tests(
            "tested_package.absent",
            {"tested_package"},
            tmp_path / "all.cases",
            environment=environment,
        )
    assert "\n" not in str(caught.value)
