"""Test recording the calls in a library's tests as cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sphinx_xpcaps.cases.case_modules import from_case_modules
from sphinx_xpcaps.cases.payload import load_steps

PACKAGE = """
def smooth(x, n=1, *, mode="a"):
    return inner(x) * n


def inner(x):
    return x
"""
TESTS = '''
"""Tests."""

from __future__ import annotations

import numpy as np
import pytest

import recorded
from recorded import smooth as sm


@pytest.mark.parametrize("n", [1, 2])
def test_numbers(n):
    assert (sm(np.ones(3), n) == n).all()


def test_mode():
    x = np.zeros((2, 2))
    np.testing.assert_array_equal(recorded.smooth(x, mode="b"), x)


def test_refused():
    with pytest.raises(TypeError):
        recorded.smooth()
'''


def record(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests with the plugin."""
    (folder / "recorded.py").write_text(PACKAGE)
    (folder / "test_it.py").write_text(TESTS)
    plugin = ["-p", "sphinx_xpcaps.cases.pytest_recorder"]
    command = [sys.executable, "-m", "pytest", "-q", *plugin, *options, "test_it.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_calls_of_tests_become_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = record(tmp_path, "--xpcaps-cases", "calls.cases", "--xpcaps-targets", "recorded.*")
    assert "4 passed" in answer.stdout, answer.stdout + answer.stderr
    monkeypatch.syspath_prepend(tmp_path)
    found = from_case_modules("recorded.smooth", [str(tmp_path / "calls.cases")])
    assert found.origin == "tests"
    steps = [load_steps(payload)[0] for _, payload, _ in found.calls]
    assert sorted(step.args[0].shape for step in steps)[-1] == (3,)
    assert {"mode": "b"} in [step.kwargs for step in steps]
    assert all(isinstance(step.args[0], np.ndarray) for step in steps)
    # What the library calls inside is its own business.
    assert not from_case_modules("recorded.inner", [str(tmp_path / "calls.cases")]).calls


def test_recording_without_targets_is_a_usage_error(tmp_path: Path) -> None:
    answer = record(tmp_path, "--xpcaps-cases", "calls.cases")
    assert answer.returncode != 0
    assert "--xpcaps-cases needs --xpcaps-targets" in answer.stderr
