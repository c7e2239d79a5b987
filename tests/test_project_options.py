"""Options in ``pyproject.toml`` are those of ``conf.py``, for the build and the command line."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from core.project import ProjectError, read_project
from sphinx_xpcaps.cli.options import measuring
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.project_options import read_options


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(folder: Path, table: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.xpcaps]\n{table}\n")


def test_the_nearest_file_with_the_table_is_used(folder: Path) -> None:
    configure(folder, "jobs = 1")
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    (folder / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert read_options(inner).values == {"jobs": 1}
    (folder / "a" / "pyproject.toml").write_text("[tool.xpcaps]\njobs = 2\n")
    assert read_options(inner).values == {"jobs": 2}


def test_files_outside_the_repository_are_not_used(folder: Path) -> None:
    configure(folder, "jobs = 1")
    inner = folder / "repository"
    (inner / ".git").mkdir(parents=True)
    assert read_project(inner) is None
    assert read_options(inner).values == {}


def test_file_names_are_relative_to_the_file(folder: Path) -> None:
    configure(
        folder,
        'records = ["xpcaps/*.json"]\ncases = ["mod", "a.cases"]\n'
        'declared-known = "known.json"\ndeclared-report = ""\n'
        'mapping = {a = "https://a.org/", b = ["https://b.org/", "b.json"]}',
    )
    (folder / "docs").mkdir()
    found = read_options(folder / "docs")
    assert found.problems == ()
    assert found.values == {
        "records": [f"{folder}/xpcaps/*.json"],
        "cases": ["mod", f"{folder}/a.cases"],
        "declared_known": f"{folder}/known.json",
        "declared_report": "",
        "mapping": {
            "a": ("https://a.org/", None),
            "b": ("https://b.org/", f"{folder}/b.json"),
        },
    }


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("declared_known = 'a'", "unknown key 'declared_known'; did you mean 'declared-known'?"),
        ("backend = ['jax']", "unknown key 'backend'; did you mean 'backends'?"),
        ("qqq = 1", "unknown key 'qqq'; known are inject, execute, backends"),
        ("backends = ['jaxx']", "backends: unknown value 'jaxx'; known are numpy, cupy"),
        ("timeout = -1", "timeout: expected a number of seconds greater than 0, got -1"),
        ("environment = {A = 1}", "environment: expected a dictionary of texts"),
    ],
)
def test_a_mistake_is_one_line_with_table_and_key(folder: Path, table: str, problem: str) -> None:
    configure(folder, table)
    [line] = read_options(folder).problems
    assert line.startswith(f"[tool.xpcaps]: {problem}")


def test_tables_of_other_commands_are_no_unknown_keys(folder: Path) -> None:
    configure(folder, "advise = {}\nmatrix = {}\npytest = {}")
    assert read_options(folder).problems == ()


@pytest.mark.parametrize("content", ["[tool", "[tool]\nxpcaps = 1", b"\xff"])
def test_a_file_that_cannot_be_used_is_one_line(folder: Path, content: str | bytes) -> None:
    raw = content.encode() if isinstance(content, str) else content
    (folder / "pyproject.toml").write_bytes(raw)
    with pytest.raises(ProjectError, match=r"pyproject\.toml"):
        read_project(folder)
    [line] = read_options(folder).problems
    assert str(folder / "pyproject.toml") in line


def options_of(*arguments: str) -> tuple[Config, Result]:
    """Return the options with which a command that measures runs, and its output."""
    seen: list[Config] = []

    @click.command()
    @measuring
    def command(config: Config) -> None:
        seen.append(config)

    answer = CliRunner().invoke(command, arguments, catch_exceptions=False)
    return seen[0], answer


def test_options_of_the_command_line_replace_those_of_the_project(folder: Path) -> None:
    configure(
        folder,
        'backends = ["numpy"]\ntimeout = 5\njobs = 3\nmodes = ["grad"]\nsetup = "a"\n'
        'environment = {A = "1", B = "1"}\nmemory = "1GB"',
    )
    config, _ = options_of()
    assert (config.backends, config.timeout, config.jobs) == (["numpy"], 5, 3)
    assert (config.modes, config.setup, config.memory_limit) == (["grad"], "a", 10**9)
    config, _ = options_of("--backend", "jax", "--timeout", "30", "-j", "1", "--env", "B=2")
    assert (config.backends, config.timeout, config.jobs) == (["jax"], 30, 1)
    assert config.environment == {"A": "1", "B": "2"}


def test_the_command_line_warns_about_mistakes_of_the_project(folder: Path) -> None:
    configure(folder, "timeout = -1")
    config, answer = options_of()
    assert config.timeout == Config().timeout
    assert answer.stderr.startswith(f"Warning: {folder}/pyproject.toml: [tool.xpcaps]: timeout: ")


def test_nothing_changes_without_a_project(folder: Path) -> None:
    config, answer = options_of()
    assert config == Config()
    assert answer.stderr == ""
