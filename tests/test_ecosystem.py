"""The tutorials, the findings about other libraries, and the generated reference."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[1] / "docs"
TUTORIALS = ["maintainer", "reader", "author"]


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(DOCS / "tutorials")
    yield __import__("follow")
    sys.modules.pop("follow", None)


@pytest.mark.parametrize("page", TUTORIALS)
def test_each_file_of_a_tutorial_can_be_compiled(page: str, follow: ModuleType) -> None:
    steps = list(follow.steps((DOCS / "tutorials" / f"{page}.md").read_text("utf-8")))
    files = [step for step in steps if isinstance(step, follow.File)]
    assert len(steps) - len(files) >= 3
    for file in files:
        if file.name.endswith(".py"):
            compile(file.text, file.name, "exec")


def test_a_command_that_prints_something_else_is_reported(
    tmp_path: Path, follow: ModuleType
) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one\ntwo\n$ echo three\nthr...\n```\n", "utf-8")
    (difference,) = follow.follow(page, tmp_path / "folder", Path(sys.prefix))
    assert "$ echo one" in difference


@pytest.mark.exhaustive
@pytest.mark.parametrize("page", TUTORIALS)
def test_each_tutorial_can_be_followed_literally(
    page: str, tmp_path: Path, follow: ModuleType
) -> None:
    pytest.importorskip("torch")
    assert follow.follow(DOCS / "tutorials" / f"{page}.md", tmp_path, Path(sys.prefix)) == []


@pytest.mark.exhaustive
def test_each_finding_about_an_installed_library_is_confirmed() -> None:
    pytest.importorskip("torch")
    command = [sys.executable, str(DOCS / "ecosystem" / "confirm.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok ") >= 4


def test_each_measured_library_has_modules_and_a_title() -> None:
    libraries = tomllib.loads((DOCS / "ecosystem" / "libraries.toml").read_text("utf-8"))
    findings = tomllib.loads((DOCS / "ecosystem" / "findings.toml").read_text("utf-8"))
    assert all(it["modules"] and it["title"] for it in libraries.values())
    assert {one["library"] for one in findings["finding"]} <= set(libraries)
