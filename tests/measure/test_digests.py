"""Test what changes the digest of a package, and with it the keys of cells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sphinx_xpcaps.cases.model import TargetInfo, WantedCases
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import digests
from sphinx_xpcaps.measure.digests import (
    NOT_IN_ENGINE,
    PackageDigests,
    digest,
    engine_files,
    packages_in_examples,
)
from sphinx_xpcaps.measure.keys import CellKeys
from sphinx_xpcaps.measure.model import Group
from tests.results.make import environment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a package and a module that it imports through another one."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "__init__.py").write_text("")
    (tmp_path / "second" / "part.py").write_text("import third\n")
    (tmp_path / "third.py").write_text("VALUE = 1\n")
    (tmp_path / "unrelated.py").write_text("VALUE = 1\n")
    digests.is_under_development.cache_clear()
    return tmp_path


def digest_of(folder: Path, package: str) -> str:
    return PackageDigests(folder / "digests.json").of(package)


@pytest.mark.parametrize(
    "code",
    [
        "import second.part\n",
        "from second import part\n",
        "def f():\n    import second.part\n",
        "import importlib\n\ndef f():\n    return importlib.import_module('second.part')\n",
    ],
)
def test_changed_module_outside_the_package_changes_its_digest(project: Path, code: str) -> None:
    (project / "first.py").write_text(code)
    before = digest_of(project, "first")
    (project / "unrelated.py").write_text("VALUE = 2\n")
    assert digest_of(project, "first") == before
    (project / "third.py").write_text("# a comment\nVALUE = 1\n")
    assert digest_of(project, "first") == before
    (project / "third.py").write_text("VALUE = 2\n")
    assert digest_of(project, "first") != before


def test_changed_data_in_the_package_changes_its_digest_and_a_text_about_it_does_not(
    project: Path,
) -> None:
    (project / "second" / "table.csv").write_text("1\n")
    before = digest_of(project, "second")
    (project / "second" / "README.md").write_text("About it.\n")
    assert digest_of(project, "second") == before
    (project / "second" / "table.csv").write_text("22\n")
    assert digest_of(project, "second") != before


def test_packages_that_import_each_other_have_digests(project: Path) -> None:
    (project / "first.py").write_text("import second\n")
    (project / "third.py").write_text("import first\nimport second\n")
    before = digest_of(project, "first")
    (project / "second" / "part.py").write_text("import third\nVALUE = 1\n")
    assert digest_of(project, "first") != before


def key(folder: Path, text: str = "", body: tuple[str, ...] = (), **options: object) -> str:
    keys = CellKeys(
        Config(**options),  # type: ignore[arg-type]
        {"unrelated.f": WantedCases(bodies=body)},
        PackageDigests(folder / "digests.json"),
    )
    info = TargetInfo(name="unrelated.f", kind="function", package="unrelated", text=text)
    return keys.key(info, Group(backend="numpy", device="cpu", modes=()), environment())


@pytest.mark.parametrize(
    "uses",
    [
        {"text": "Do.\n\n    >>> import second.part as p\n    >>> f(1)\n"},
        {"body": ("from second.part import third\nf(xp.ones(2))",)},
        {"setup": "import os, second.part"},
        {"cases": ["second.part"]},
    ],
    ids=["example", "body", "set-up", "case module"],
)
def test_changed_module_that_the_case_imports_changes_the_key(
    project: Path, uses: dict[str, object]
) -> None:
    before = key(project, **uses)  # type: ignore[arg-type]
    (project / "third.py").write_text("VALUE = 2\n")
    assert key(project, **uses) != before  # type: ignore[arg-type]
    assert key(project) == key(project)


def test_imports_of_examples_are_found() -> None:
    text = "Use.\n\n>>> import a.b as c, d\n>>> from e.f import g\n... import h\n>>> important(1)\n"
    assert packages_in_examples(text) == {"a", "d", "e", "h"}


LOADED = """
import sys
import sphinx_xpcaps.cases.collect, sphinx_xpcaps.measure.batch, sphinx_xpcaps.measure.case_runs
import sphinx_xpcaps.measure.workers.fork_server
print(*[m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] in ("core",
    "sphinx_xpcaps") and m.__file__], sep="\\n")
"""


def test_key_has_all_code_that_measures_apart_from_what_cannot_change_an_outcome() -> None:
    command = [sys.executable, "-c", LOADED]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    loaded = {Path(line).resolve().relative_to(ROOT).as_posix() for line in output.split()}
    counted = {path.relative_to(ROOT).as_posix() for path in engine_files()}
    assert {name for name in loaded - counted if not name.startswith(tuple(NOT_IN_ENGINE))} == set()
    assert {"sphinx_xpcaps/results/model.py", "core/backends/torch.py"} <= counted
    assert not any(name.startswith(("core/lazy/display/", "core/testing/")) for name in counted)


def test_what_is_not_in_the_key_exists() -> None:
    assert [name for name in NOT_IN_ENGINE if not (ROOT / name).exists()] == []


def test_facts_with_surrogates_have_a_digest() -> None:
    assert digest({"text": "\ud800"}) != digest({"text": "\ud801"})


def test_the_order_of_facts_does_not_change_their_digest() -> None:
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})
