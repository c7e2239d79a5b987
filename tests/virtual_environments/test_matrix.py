"""Measure with several versions of a library, in environments that the commands create."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sphinx_xpcaps.cli import main
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.results.model import Record, Status
from sphinx_xpcaps.results.record import read_records
from sphinx_xpcaps.virtual_environments import measure
from sphinx_xpcaps.virtual_environments import releases as releases_module
from sphinx_xpcaps.virtual_environments.create import Contents, environment_for
from tests.virtual_environments.wheels import write_wheel

ROOT = Path(__file__).parents[2]
LIBRARY = "array-api-strict"
SOURCE = """
def positive(x):
    '''Return the absolute value.

    >>> import numpy as np
    >>> positive(np.asarray([-1.0, 2.0]))
    '''
    return x.__array_namespace__().abs(x)
"""
PROJECT = """
[tool.xpcaps.matrix]
targets = ["smalllib"]
environments = ["array-api-strict==90.1", "array-api-strict==90.4", "array-api-strict==99"]
inherit = true
output = "versions.json"
"""


@dataclass
class Project:
    """A project with a matrix of three environments, one of which cannot be created."""

    folder: Path
    run: Callable[..., Result]
    first: Result
    """The result of the first run of the matrix."""

    @property
    def records(self) -> tuple[Record, ...]:
        """The records in the file."""
        return read_records(self.folder / "versions.json")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Run the matrix once. Releases before 90.3 have no function `abs`."""
    folder = tmp_path_factory.mktemp("project")
    wheels = tmp_path_factory.mktemp("wheels")
    for version in ("90.1", "90.2", "90.3", "90.4"):
        write_wheel(wheels, version, without="" if version >= "90.3" else "abs")
    (folder / "smalllib.py").write_text(SOURCE)
    (folder / "pyproject.toml").write_text(PROJECT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        paths = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(wheels))
        run = CliRunner().invoke
        yield Project(folder, lambda *arguments: run(main, arguments), run(main, ["matrix"]))


def test_each_version_has_a_record(project: Project) -> None:
    found = {
        record.environment.packages[LIBRARY]: record.targets["smalllib.positive"].cells[0].status
        for record in project.records
    }
    assert found == {"90.1": Status.UNSUPPORTED, "90.4": Status.SUPPORTED}
    assert {
        cell.backend for r in project.records for t in r.targets.values() for cell in t.cells
    } == {LIBRARY}


def test_an_environment_that_cannot_be_created_is_one_line(project: Project) -> None:
    assert project.first.exit_code == 1
    assert project.first.stderr == (
        "array-api-strict==99: cannot be created: "
        "No matching distribution found for array-api-strict==99\n"
    )
    assert project.first.stdout.endswith("2 environments. Wrote versions.json\n")


def test_an_environment_is_kept_and_what_is_current_is_not_measured_again(
    project: Project,
) -> None:
    content = (project.folder / "versions.json").read_bytes()
    kept = {path: path.stat().st_mtime_ns for path in project.folder.glob("cache/*/*/*/*.json")}
    assert len(kept) == 2
    answer = project.run("matrix", "--with", "array-api-strict==90.1")
    assert answer.exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert (project.folder / "versions.json").read_bytes() == content


def test_the_release_of_a_change_is_found_between_measured_versions(project: Project) -> None:
    answer = project.run(
        *("history", "--bisect", "smalllib.positive", "--backend", LIBRARY),
        *("--record", "versions.json", "--inherit", "--output", "found.json"),
    )
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == (
        "smalllib.positive: unsupported (NotImplementedError) until array-api-strict 90.2, "
        "supported since array-api-strict 90.3\n"
        "2 releases were measured now\n"
    )
    assert len(read_records(project.folder / "found.json")) == 2


def test_history_names_the_version(project: Project) -> None:
    answer = project.run("history", "smalllib.positive", "--record", "versions.json")
    assert "✅ supported since array-api-strict 90.4" in answer.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["matrix", "--with", "jax=1"], "'jax=1' is not a requirement"),
        (["history", "--bisect", "smalllib.positive"], "--bisect needs one --backend"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    project: Project, arguments: list[str], message: str
) -> None:
    answer = project.run(*arguments)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"Error: {message}")
    assert answer.stderr.count("\n") == 1


def test_a_package_that_cannot_be_imported_is_one_line_for_each_environment(
    project: Project,
) -> None:
    answer = project.run("matrix", "nowhere", "--with", f"{LIBRARY}==90.1")
    assert answer.exit_code == 2
    assert answer.stderr == (
        "array-api-strict==90.1: cannot be measured: nowhere: ModuleNotFoundError: No module named "
        "'nowhere'\nError: no environment could be measured\n"
    )


def test_limits_apply_in_the_environments() -> None:
    options = measure._options(Config(memory=10**9, timeout=5))
    assert options[:4] == ["--timeout", "5", "--memory", "1000000000"]


@pytest.mark.parametrize("option", ["--scheduler=tcp://127.0.0.1:1", "--verify=0.5"])
def test_options_that_only_apply_to_this_environment_are_refused(option: str) -> None:
    answer = CliRunner().invoke(main, ["matrix", "f", option])
    assert answer.exit_code == 2
    assert "No such option" in answer.stderr


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("target = 1", "Object contains unknown field `target`"),
        ("environments = 'jax'", "Expected `array`, got `str` - at `$.environments`"),
    ],
)
def test_an_invalid_table_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(f"[tool.xpcaps.matrix]\n{table}\n")
    answer = CliRunner().invoke(main, ["matrix", "f"])
    assert answer.exit_code == 2
    assert answer.stderr == f"Error: pyproject.toml: [tool.xpcaps.matrix]: {message}\n"


def test_uv_is_used_if_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        "with open(sys.argv[0] + '.log', 'a') as log: print(*sys.argv[1:3], file=log)\n"
        "if sys.argv[1] == 'venv':\n"
        "    python = pathlib.Path(sys.argv[-1], 'bin', 'python')\n"
        "    python.parent.mkdir()\n    python.touch()\n"
    )
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(uv.parent))
    contents = Contents(slug="jax", arguments=("jax==0.4.34",), inherits=False)
    assert environment_for(contents, tmp_path).created
    assert not environment_for(contents, tmp_path).created
    assert (tmp_path / "bin" / "uv.log").read_text() == "venv --quiet\npip install\n"


def test_releases_are_sorted_and_those_that_are_not_supported_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*_: object, **__: object) -> object:
        class Done:
            stdout = "jax (0.10.2)\nAvailable versions: 0.10.2, 0.9.0, 0.4.38, 0.4.33\n"

        return Done()

    monkeypatch.setattr(releases_module.subprocess, "run", run)
    assert releases_module.releases("jax") == ["0.4.38", "0.9.0", "0.10.2"]
