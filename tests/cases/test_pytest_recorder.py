"""Test recording the calls in a library's tests as cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sphinx_xpcaps.cases.case_file import CaseFileError, decode
from sphinx_xpcaps.cases.case_modules import from_case_modules
from sphinx_xpcaps.cases.payload import load_steps

PACKAGE = """
def smooth(x, n=1, *, mode="a"):
    return inner(x) * n


def inner(x):
    return x


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def apply(self, x):
        return x * self.factor
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


def test_methods():
    recorded.Scale(np.ones(2)).apply(np.ones(2))


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
    assert "5 passed" in answer.stdout, answer.stdout + answer.stderr
    monkeypatch.syspath_prepend(tmp_path)
    found = from_case_modules("recorded.smooth", [str(tmp_path / "calls.cases")])
    assert found.origin == "tests"
    steps = [load_steps(payload)[0] for _, payload, _ in found.calls]
    assert sorted(step.args[0].shape for step in steps)[-1] == (3,)
    assert {"mode": "b"} in [step.kwargs for step in steps]
    assert all(isinstance(step.args[0], np.ndarray) for step in steps)
    # The calls that the library itself makes are not recorded.
    assert not from_case_modules("recorded.inner", [str(tmp_path / "calls.cases")]).calls


def test_recording_without_targets_is_a_usage_error(tmp_path: Path) -> None:
    answer = record(tmp_path, "--xpcaps-cases", "calls.cases")
    assert answer.returncode != 0
    assert "--xpcaps-cases needs --xpcaps-targets" in answer.stderr


def test_methods_and_classes_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, "--xpcaps-cases", "calls.cases", "--xpcaps-targets", "recorded.*")
    monkeypatch.syspath_prepend(tmp_path)
    files = [str(tmp_path / "calls.cases")]
    [call] = from_case_modules("recorded.Scale.apply", files).calls
    assert len(load_steps(call.payload)) == 2
    [call] = from_case_modules("recorded.Scale", files).calls
    assert call.all_steps


def test_workers_of_xdist_record_the_same(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    targets = ("--xpcaps-targets", "recorded.*")
    record(tmp_path, "--xpcaps-cases", "one.cases", *targets)
    record(tmp_path, "--xpcaps-cases", "two.cases", *targets, "-n", "2")
    assert (tmp_path / "one.cases").read_bytes() == (tmp_path / "two.cases").read_bytes()


def test_recording_without_assertion_rewriting_is_a_usage_error(tmp_path: Path) -> None:
    targets = ("--xpcaps-targets", "recorded.*")
    answer = record(tmp_path, "--xpcaps-cases", "calls.cases", *targets, "--assert=plain")
    assert answer.returncode != 0
    assert "--assert=plain" in answer.stderr


@pytest.mark.parametrize(
    "step",
    [
        {"callee": "os.system", "args": ["true"], "kwargs": {}, "number": 0},
        {"callee": "numpy.load", "args": ["x"], "kwargs": {}, "number": 0},
        {"callee": "json.decoder.re.compile", "args": ["x"], "kwargs": {}, "number": 0},
        {"callee": "json.loads", "args": [{"name": "os.system"}], "kwargs": {}, "number": 0},
        {"callee": {"of": 0, "method": "__reduce__"}, "args": [], "kwargs": {}, "number": 0},
        {"callee": "json.loads", "args": [{"array": {"dtype": "|O", "shape": [1]}}]},
        [],
    ],
)
def test_a_file_cannot_refer_to_other_code(step: object) -> None:
    with pytest.raises(CaseFileError):
        decode(step, "json")
