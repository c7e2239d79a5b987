"""Test the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner, Result

from sphinx_xpcaps.cli import main
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.record import read
from tests.results.make import cell, encode, environment, record

pytestmark = pytest.mark.slow

PACKAGES = Path(__file__).parent / "packages"
FAST = ["--backend", "numpy", "--backend", "array-api-strict"]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.syspath_prepend(PACKAGES)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    return run


def test_a_measured_record_can_be_shown(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    answer = cli(
        "measure", "samples.portable", "samples.numpy_only", "--output", "record.json", *FAST
    )
    assert answer.exit_code == 0, answer.output
    record = read(tmp_path / "record.json")
    assert sorted(record.targets) == ["samples.numpy_only", "samples.portable"]
    shown = cli("show", "record.json").output
    assert "samples.portable" in shown
    assert "⛔ unsupported: returns NumPy" in shown
    one = cli("show", "record.json", "samples.portable").output
    assert "samples.numpy_only" not in one


def test_module_target_expands_to_its_public_callables(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "small.py").write_text(
        "import numpy as np\nfrom os.path import join\n"
        "def f(x):\n    '''F.\n\n    >>> f(np.ones(2))\n    '''\n    return x\n"
        "def _hidden(x):\n    return x\n"
    )
    answer = cli("measure", "small", "--output", "new/record.json", "--backend", "numpy")
    record = read(tmp_path / "new" / "record.json")
    assert list(record.targets) == ["small.f"]
    assert answer.output.endswith("Created the folder new\n")


def test_shells_complete_commands_and_options() -> None:
    shell = BashComplete(main, {}, "sphinx-xpcaps", "_SPHINX_XPCAPS_COMPLETE")
    assert [each.value for each in shell.get_completions([], "mea")] == ["measure"]
    assert [each.value for each in shell.get_completions(["measure"], "--out")] == ["--output"]


def test_current_cells_of_the_output_file_are_not_measured_again(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    first = cli("measure", "samples.portable", "-o", "plain", "--backend", "numpy")
    assert "1 target, 1 cell measured now" in first.output
    before = (tmp_path / "plain").read_bytes()
    again = cli("measure", "samples.portable", "-o", "plain", "--backend", "numpy")
    assert "0 cells measured now" in again.output
    assert (tmp_path / "plain").read_bytes() == before
    forced = cli("measure", "samples.portable", "-o", "plain", "--backend", "numpy", "--force")
    assert "1 cell measured now" in forced.output


def test_profile_is_printed_to_stderr_and_does_not_change_the_record(  # type: ignore[no-untyped-def]
    cli, tmp_path: Path
) -> None:
    plain = cli("measure", "samples.portable", "-o", "plain.json", *FAST)
    answer = cli("measure", "samples.portable", "-o", "profiled.json", "--profile", *FAST)
    assert answer.stdout == plain.stdout.replace("plain.json", "profiled.json")
    for words in ("Phase", "starting workers", "idle", "Slowest targets", "samples.portable"):
        assert words in answer.stderr
    assert (tmp_path / "profiled.json").read_bytes() == (tmp_path / "plain.json").read_bytes()


SWITCHED = """
import os
LIBRARY = ""

def f(x):
    "Return `x`."
    assert os.environ["SWITCH"] == "yes"
    assert LIBRARY == type(x).__module__.partition(".")[0]
    return x
"""
SWITCHED_CASES = """
from sphinx_xpcaps.cases.case_modules import call, cases_for

@cases_for("switched.f")
def cases(xp):
    yield call(xp.ones(2))
"""


def test_workers_get_variables_setup_code_for_their_library_and_cases(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "switched.py").write_text(SWITCHED)
    (tmp_path / "switched_cases.py").write_text(SWITCHED_CASES)
    setup = "import switched; switched.LIBRARY = '{module}' if '{backend}' else None"
    options = ["--env", "SWITCH=yes", "--setup", setup, "--cases", "switched_cases"]
    answer = cli("measure", "switched.f", "-o", "r.json", *options, *FAST)
    assert "3 supported" in answer.output
    [record] = json.loads((tmp_path / "r.json").read_text())["records"]
    cells = record["targets"]["switched.f"]["cells"]
    assert {cell["origin"] for cell in cells if cell["status"] == "supported"} == {"cases"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "tests.cases: No such file or directory"),
        (b"\xff", "tests.cases: 'utf-8' codec can't decode"),
        (b"{}", "tests.cases: not a file of recorded calls"),
    ],
)
def test_file_of_calls_that_cannot_be_read_is_refused(  # type: ignore[no-untyped-def]
    cli, tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "tests.cases").write_bytes(content)
    answer = cli("measure", "samples.portable", "--cases", "tests.cases", "-o", "r.json")
    assert answer.exit_code == 2
    assert words in answer.output
    assert not (tmp_path / "r.json").exists()


def test_module_of_cases_that_fails_is_one_line_for_all_targets(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    options = ["--cases", "no_such_module", "--backend", "numpy", "-o", "r.json"]
    answer = cli("measure", "samples.portable", "samples.numpy_only", *options)
    assert answer.exit_code == 1
    assert answer.stderr == (
        "sphinx-xpcaps: the module of cases no_such_module failed: ModuleNotFoundError: "
        "No module named 'no_such_module'; other cases are used\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["measure", "samples", "-o", "r", "--backend", "theano"], "unknown backend 'theano'"),
        (["measure", "samples", "-o", "r", "--mode", "faster"], "unknown mode 'faster'"),
        (
            ["measure", "samples", "-o", "r", "--env", "NOTHING"],
            "expected NAME=VALUE, got 'NOTHING'",
        ),
        (["measure", "samples", "-o", "r", "--timeout", "0"], "0.0 is not in the range x>0"),
        (["measure", "-o", "r"], "Missing argument 'TARGET...'"),
        (["show", "nowhere.json"], "nowhere.json: No such file or directory"),
    ],
)
def test_invalid_input_gives_a_one_line_error(cli, arguments: list[str], words: str) -> None:  # type: ignore[no-untyped-def]
    answer = cli(*arguments)
    assert answer.exit_code != 0
    assert words in answer.output


def test_missing_target_is_named_and_other_targets_are_measured(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    answer = cli(
        "measure", "samples.portable", "samples.nope", "-o", "r.json", "--backend", "numpy"
    )
    assert answer.exit_code == 1
    assert "samples.nope: module 'samples' has no attribute 'nope'" in answer.output
    targets = read(tmp_path / "r.json").targets
    assert targets["samples.portable"].cells[0].status == "supported"
    assert targets["samples.nope"].kind == "missing"


def test_shards_measure_each_function_once(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    names = ["samples.portable", "samples.numpy_only", "samples.absent"]
    for part in ("1/2", "2/2"):
        cli("measure", *names, "-o", f"{part[0]}.json", "--backend", "numpy", "--shard", part)
    parts = [list(read(tmp_path / f"{part}.json").targets) for part in "12"]
    assert parts == [["samples.absent", "samples.portable"], ["samples.numpy_only"]]


def test_a_shard_that_does_not_exist_is_an_error(cli) -> None:  # type: ignore[no-untyped-def]
    answer = cli("measure", "samples", "--shard", "3/2")
    assert answer.exit_code == 2
    assert "expected I/N with I from 1 to N, got '3/2'" in answer.output


def test_missing_targets_alone_are_an_error_without_a_record(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    answer = cli("measure", "samples.nope", "-o", "r.json", "--backend", "numpy")
    assert answer.exit_code == 2
    assert answer.output == "Error: samples.nope: module 'samples' has no attribute 'nope'\n"
    assert not (tmp_path / "r.json").exists()


def test_measuring_without_a_file_prints_the_tables(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    answer = cli("measure", "samples.numpy_only", *FAST)
    assert answer.exit_code == 0
    assert "samples.numpy_only" in answer.stdout
    assert "⛔ unsupported: returns NumPy" in answer.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_file_that_is_no_record_is_refused_in_one_line(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    answer = cli("measure", "samples.portable", "-o", "pyproject.toml", "--backend", "numpy")
    assert answer.exit_code == 2
    assert answer.output.startswith("Error: pyproject.toml: not a record: ")
    assert answer.output.count("\n") == 1
    assert (tmp_path / "pyproject.toml").read_text() == "[project]\n"


@pytest.mark.parametrize("place", ["/dev/null/record.json", "/proc/nowhere/record.json"])
def test_record_that_cannot_be_written_is_an_error_in_one_line(cli, place: str) -> None:  # type: ignore[no-untyped-def]
    answer = cli("measure", "samples.portable", "-o", place, "--backend", "numpy")
    assert answer.exit_code == 2
    assert answer.output.startswith(f"Error: {place} cannot be written: ")
    assert answer.output.count("\n") == 1


def test_unusable_home_folder_does_not_matter(cli, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/dev/null")
    answer = cli("measure", "samples.portable", "-o", "r.json", "--backend", "numpy")
    assert answer.exit_code == 0, answer.output
    assert cli("measure", "samples.portable", "--backend", "numpy").exit_code == 0


def test_long_temporary_folder_does_not_matter(  # type: ignore[no-untyped-def]
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    answer = cli("measure", "samples.portable", "-o", "r.json", "--backend", "numpy")
    assert answer.exit_code == 0, answer.output
    assert list(folder.iterdir()) == []


def test_backends_lists_each_backend_and_why_it_is_unavailable(cli) -> None:  # type: ignore[no-untyped-def]
    shown = cli("backends").output
    for name in ("numpy", "cupy", "torch", "jax", "dask", "array-api-strict"):
        assert name in shown


def test_markup_and_unknown_backends_in_a_record_are_shown_as_text(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    cells = (cell(Status.PARTIAL, "list[int] [/foo] :smile:", backend="numpy"),)
    others = (cell(Status.SUPPORTED, backend="ndonnx"),)
    (tmp_path / "record.json").write_bytes(encode(record(environment(), *cells, *others)))
    answer = cli("show", "record.json")
    assert answer.exit_code == 0
    assert "list[int] [/foo] :smile:" in " ".join(answer.output.split())
    assert "ndonnx" in answer.output


def test_cells_that_differ_when_measured_again_are_errors(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "varying.py").write_text(
        "import os\nfrom pathlib import Path\nimport numpy as np\n"
        "def f(x):\n    '''F.\n\n    >>> f(np.ones(2))\n    '''\n"
        "    with Path(__file__).with_name('seen').open('a+') as file:\n"
        "        file.write(f'{os.getpid()}\\n')\n        file.seek(0)\n"
        "        return x if len(set(file)) < 4 else 'the fourth process'\n"
    )
    answer = cli("measure", "varying.f", "-o", "record.json", "--backend", "numpy", "--verify", "1")
    assert answer.exit_code == 1
    text = "varying.f (numpy, cpu) was first supported, and not measured (NumPy gives other"
    assert text in answer.stderr


def test_worker_that_cannot_start_is_one_error_with_the_cause(cli) -> None:  # type: ignore[no-untyped-def]
    answer = cli("measure", "samples.portable", "--env", "PYTHONHOME=/nonexistent")
    assert answer.exit_code == 2
    assert answer.stderr.splitlines() == [
        "Error: a worker cannot start: ModuleNotFoundError: No module named 'encodings'"
    ]


def test_package_that_ends_the_interpreter_on_import_is_one_error(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "aborts.py").write_text(
        "import os, sys\nprint('no device', file=sys.stderr)\nos._exit(5)\n"
    )
    answer = cli("measure", "aborts", "aborts.f", *FAST)
    assert answer.exit_code == 2
    assert answer.stderr.splitlines() == [
        "Error: aborts, aborts.f: importing it: the interpreter exited with status 5 (no device)"
    ]
