"""``sphinx-xpcaps init`` adds the extension to projects of any layout, and can be undone."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sphinx_xpcaps.cli import main
from sphinx_xpcaps.init.edit_conf import EditError, add_extension, add_options
from sphinx_xpcaps.init.edit_pyproject import add_table

FORMS = {
    "one line": ("extensions = ['a', 'b']\n", "extensions = ['a', 'b', 'x']\n"),
    "double quotes": ('extensions = ["a"]\n', 'extensions = ["a", "x"]\n'),
    "no items": ("extensions = []\n", 'extensions = ["x"]\n'),
    "a trailing comma": ("extensions = ['a',]\n", "extensions = ['a', 'x']\n"),
    "a tuple": ("extensions = ('a',)\n", "extensions = ('a', 'x',)\n"),
    "an empty tuple": ("extensions = ()\n", 'extensions = ("x",)\n'),
    "several lines": (
        "extensions = [\n    'a',\n    'b',\n]\n",
        "extensions = [\n    'a',\n    'b',\n    'x',\n]\n",
    ),
    "no trailing comma": (
        "extensions = [\n    'a',\n    'b'\n]\n",
        "extensions = [\n    'a',\n    'b',\n    'x'\n]\n",
    ),
    "comments": (
        "extensions = [\n    'a',  # one, two\n    'b',  # ]\n    # 'c',\n]\n",
        "extensions = [\n    'a',  # one, two\n    'b',  # ]\n    'x',\n    # 'c',\n]\n",
    ),
    "a comment without comma": (
        "extensions = [\n    'a'  # one, two\n]\n",
        "extensions = [\n    'a',\n    'x'  # one, two\n]\n",
    ),
    "the bracket on the last line": (
        "extensions = ['a',\n              'b']\n",
        "extensions = ['a',\n              'b',\n              'x']\n",
    ),
    "several on a line": (
        "extensions = [\n    'a', 'b',\n]\n",
        "extensions = [\n    'a', 'b', 'x'\n]\n",
    ),
    "windows": ("extensions = [\r\n  'a',\r\n]\r\n", "extensions = [\r\n  'a',\r\n  'x',\r\n]\r\n"),
    "letters": ("a = 'ä'; extensions = ['ü']\n", "a = 'ä'; extensions = ['ü', 'x']\n"),
    "an annotation": ("extensions: list[str] = ['a']\n", "extensions: list[str] = ['a', 'x']\n"),
    "a sum": ("extensions = base + ['a']\n", "extensions = base + ['a', 'x']\n"),
    "an addition": (
        "from base import *\nextensions += ['a']\n",
        "from base import *\nextensions += ['a', 'x']\n",
    ),
    "extend": (
        "from base import extensions\nextensions.extend(['a'])\n",
        "from base import extensions\nextensions.extend(['a', 'x'])\n",
    ),
    "an import": (
        "from base import extensions  # all\nb = 1\n",
        'from base import extensions  # all\nextensions = [*extensions, "x"]\nb = 1\n',
    ),
    "append": (
        "from base import *\nextensions.append('a')\n",
        "from base import *\nextensions.append('a')\nextensions = [*extensions, \"x\"]\n",
    ),
    "a function": (
        "extensions = make('a')\n",
        "extensions = make('a')\nextensions = [*extensions, \"x\"]\n",
    ),
    "only some builds": (
        "if a:\n    extensions = ['a']\nelse:\n    extensions = []\nb = 1\n",
        "if a:\n    extensions = ['a']\nelse:\n    extensions = []\n"
        'extensions = [*extensions, "x"]\nb = 1\n',
    ),
    "more in some builds": (
        "extensions = ['a']\nif a:\n    extensions.append('b')\n",
        "extensions = ['a', 'x']\nif a:\n    extensions.append('b')\n",
    ),
    "no extensions": ("project = 'p'", "project = 'p'\n\nextensions = [\"x\"]\n"),
    "there already": ("extensions = ['x', 'a']\n", "extensions = ['x', 'a']\n"),
}


@pytest.mark.parametrize(("before", "after"), FORMS.values(), ids=FORMS)
def test_the_extension_is_added_to_the_list_in_its_form(before: str, after: str) -> None:
    edited = add_extension(before.encode(), "x")
    assert edited == after.encode()
    ast.parse(edited)
    assert add_extension(edited, "x") == edited


def test_a_declared_encoding_is_kept() -> None:
    before = "# coding: latin-1\nextensions = ['ä']\n".encode("latin-1")
    assert add_extension(before, "x") == before.replace(b"]", b", 'x']")


@pytest.mark.parametrize(
    "source",
    [
        "from base import *\n",
        "extensions = [\n",
        "def f():\n    extensions.append(1)\n",
        "a\r\nb\n",
    ],
)
def test_a_file_that_is_not_understood_is_not_edited(source: str) -> None:
    with pytest.raises(EditError):
        add_extension(source.encode(), "x")


def test_options_that_are_set_already_are_kept() -> None:
    edited = add_options(b"a = 1", {"a": 2, "b": ["c"]})
    assert edited == b'a = 1\n\nb = ["c"]\n'
    assert add_options(edited, {"a": 2, "b": []}) == edited


@pytest.mark.parametrize("before", ["", "[a]\nb = 1", "[a]\r\nb = 1\r\n", "[tool]\n", "[[a]]\n"])
def test_a_table_is_added_to_any_project_file(before: str) -> None:
    edited = add_table(before.encode(), {"inject": ["p.*"]})
    assert edited.startswith(before.encode())
    assert tomllib.loads(edited.decode())["tool"]["xpcaps"] == {"inject": ["p.*"]}
    assert add_table(edited, {"inject": []}) == edited


def test_a_project_file_without_room_for_a_table_is_not_edited() -> None:
    with pytest.raises(EditError):
        add_table(b"tool = {a = 1}\n", {"inject": ["p.*"]})


Contents = dict[str, bytes]


def contents(folder: Path) -> Contents:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"folder"
        for path in folder.rglob("*")
    }


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "project"
    (folder / "src" / "my_pkg").mkdir(parents=True)
    (folder / "src" / "my_pkg" / "__init__.py").touch()
    (folder / "docs").mkdir()
    (folder / "docs" / "conf.py").write_text("extensions = ['a']\n")
    (folder / "docs" / "requirements.txt").write_text("sphinx")
    (folder / "pyproject.toml").write_text("[project]\nname = 'My-Pkg'\n")
    return folder


def init(*arguments: object, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["init", *map(str, arguments)], input=answer)


def test_all_files_are_changed_after_a_diff_and_a_question(project: Path) -> None:
    before = contents(project)
    declined = init(project, answer="n\n")
    assert declined.exit_code == 1
    assert contents(project) == before
    done = init(project, answer="y\n")
    assert done.exit_code == 0
    for line in ("+extensions = ['a', 'sphinx_xpcaps']", "+++ b/pyproject.toml", "+sphinx-xpcaps"):
        assert line in done.output
    after = contents(project)
    assert after["docs/conf.py"] == b"extensions = ['a', 'sphinx_xpcaps']\n"
    assert after["docs/requirements.txt"] == b"sphinx\nsphinx-xpcaps\n"
    table = tomllib.loads(after["pyproject.toml"].decode())["tool"]["xpcaps"]
    assert table == {"inject": ["my_pkg.*"], "records": ["xpcaps/*.json"]}
    workflow = after[".github/workflows/capabilities.yml"].decode()
    assert "sphinx-xpcaps measure my_pkg --output" in workflow
    assert "mypkg" not in workflow
    assert "xpcaps/README.md" in after


def test_a_diff_changes_nothing(project: Path) -> None:
    before = contents(project)
    assert "+extensions" in init(project, "--diff").output
    assert contents(project) == before


def test_undo_restores_everything(project: Path) -> None:
    before = contents(project)
    init(project, "--yes")
    assert init(project, "--yes").output.startswith("Nothing to change")
    assert init(project, "--undo").exit_code == 0
    assert contents(project) == before
    again = init(project, "--undo")
    assert again.exit_code == 2
    assert "there is nothing to undo" in again.stderr


def test_undo_keeps_files_in_new_folders(project: Path) -> None:
    init(project, "--yes")
    (project / "xpcaps" / "laptop.json").write_text("{}")
    assert init(project, "--undo").exit_code == 0
    assert [path.name for path in (project / "xpcaps").iterdir()] == ["laptop.json"]


@pytest.mark.parametrize("name", ["docs/conf.py", "pyproject.toml", "xpcaps/README.md"])
def test_undo_refuses_if_a_file_was_changed_since(project: Path, name: str) -> None:
    init(project, "--yes")
    (project / name).write_text("changed")
    before = contents(project)
    refused = init(project, "--undo")
    assert refused.exit_code == 2
    assert f"changed since, so nothing is restored: {name}" in refused.stderr
    assert contents(project) == before


def test_undo_of_an_interrupted_run_restores_what_was_written(project: Path) -> None:
    before = contents(project)
    init(project, "--yes")
    (project / "docs" / "conf.py").write_bytes(before["docs/conf.py"])
    (project / "xpcaps" / "README.md").unlink()
    assert init(project, "--undo").exit_code == 0
    assert contents(project) == before


def test_a_project_without_project_file_has_the_options_in_conf_py(project: Path) -> None:
    (project / "pyproject.toml").unlink()
    init(project, "--yes")
    assert not (project / "pyproject.toml").exists()
    assert (project / "docs" / "conf.py").read_text() == (
        "extensions = ['a', 'sphinx_xpcaps']\n\n"
        'xpcaps_inject = ["my_pkg.*"]\nxpcaps_records = ["../xpcaps/*.json"]\n'
    )


def test_the_workflow_is_that_of_the_service(project: Path) -> None:
    assert "capabilities.yml" not in init(project, "--diff", "--workflow", "none").output
    (project / ".gitlab-ci.yml").touch()
    answer = init(project, "--diff")
    assert "+++ b/.gitlab/capabilities.yml" in answer.output
    assert "Left to you: .gitlab-ci.yml: include the new file" in answer.stderr


def test_what_is_not_understood_is_left_to_the_user(project: Path) -> None:
    (project / "docs" / "conf.py").write_text("from base import *\n")
    answer = init(project, "--diff")
    assert "Left to you: docs/conf.py: where it sets 'extensions' is not known" in answer.stderr
    assert "+++ b/pyproject.toml" in answer.output
    assert "docs/conf.py\n+++" not in answer.output


@pytest.mark.parametrize(
    ("files", "arguments", "problem"),
    [
        (["other/conf.py"], [], "there are several conf.py (docs/conf.py, other/conf.py)"),
        (["other/conf.py"], ["--conf", "docs/conf.py"], ""),
        (["a/__init__.py", "b/__init__.py", "-pyproject.toml"], [], "the package cannot be found"),
        (["a/__init__.py", "-pyproject.toml"], ["--package", "a"], ""),
        (["my_pkg.py", "a/__init__.py"], [], ""),
        (["-docs/conf.py"], [], "no conf.py of Sphinx found; name it with --conf"),
    ],
)
def test_what_is_ambiguous_is_asked_for(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: list[str],
    arguments: list[str],
    problem: str,
) -> None:
    monkeypatch.chdir(project)
    for name in files:
        if name.startswith("-"):
            (project / name[1:]).unlink()
        else:
            (project / name).parent.mkdir(exist_ok=True)
            (project / name).write_text("extensions = []\n")
    answer = init("--diff", *arguments)
    assert answer.exit_code == (2 if problem else 0)
    assert problem in answer.stderr
