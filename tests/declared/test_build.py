"""Test comparing declarations with tables in a build of the documentation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_xpcaps.measure.environment import environment_id
from sphinx_xpcaps.results.record import read
from tests.declared.conftest import PACKAGES
from tests.pages.conftest import Site

pytestmark = pytest.mark.slow

KNOWN = """schema = 1
[[known]]
target = "declares.{}"
reason = "r"
link = "l"
expires = 2999-01-01
"""


@pytest.fixture
def site(
    record: Path,
    rootdir: Path,
    tmp_path: Path,
    make_app: Callable[..., SphinxTestApp],
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    """Return a project with tables and declarations of the package."""
    monkeypatch.syspath_prepend(PACKAGES)
    src = tmp_path / "declared"
    shutil.copytree(rootdir / "test-declared", src)
    shutil.copy(record, src)
    cache = src / "_build" / "doctrees" / "xpcaps"
    (cache / "records").mkdir(parents=True)
    where = read(record).environment
    # With these, nothing is measured again, and no library is imported.
    shutil.copy(record, cache / "records" / f"{environment_id(where)}.json")
    for name in ("descriptions.json", "probes.json"):
        shutil.copy(record.parent / "cache" / "sphinx-xpcaps" / name, cache)
    return Site(src, make_app)


def test_each_difference_is_a_typed_warning_in_every_build(site: Site) -> None:
    warnings = site.build().warnings
    traced, lazily, undeclared = warnings
    assert traced.startswith(
        "index.rst:6: WARNING: declares.looks is declared to work with JAX in mode jit, but fails: "
        "TracerBoolConversionError: "
    )
    assert lazily == (
        "index.rst:6: WARNING: declares.looks is declared to work with Dask in mode lazy, but "
        "fails: computes the graph once in looks(np.asarray([1.0, 4.0])) [xpcaps.mismatch]"
    )
    assert undeclared == (
        "index.rst:8: WARNING: declares.undeclared is not declared, but works with JAX, Dask: "
        "1 of 1 cases [xpcaps.mismatch]"
    )
    assert site.build().warnings == warnings


def test_report_replaces_the_warnings(site: Site) -> None:
    assert site.build(xpcaps_declared_report="out/report.json").warnings == []
    found = json.loads((site.src / "out/report.json").read_text())
    assert {each["target"] for each in found["differences"]} == {
        "declares.looks",
        "declares.undeclared",
    }


def test_known_differences_are_silent_and_a_stale_one_is_a_warning_at_the_file(site: Site) -> None:
    entries = "".join(
        KNOWN.format(name).replace("schema = 1\n", "") for name in ("looks", "undeclared", "honest")
    )
    (site.src / "known.toml").write_text(f"schema = 1\n{entries}")
    assert site.build(xpcaps_declared_known="known.toml").warnings == [
        "WARNING: known.toml: the known difference of declares.honest is no longer true: remove "
        "its entry [xpcaps.mismatch]"
    ]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("xpcaps_declared", "declares:nothing", "declares:nothing cannot be read: AttributeError"),
        ("xpcaps_declared_known", "nowhere.toml", "nowhere.toml: No such file or directory"),
    ],
)
def test_unreadable_declarations_give_one_warning_with_the_option(
    site: Site, option: str, value: str, words: str
) -> None:
    (warning,) = site.build(**{option: value}).warnings
    assert warning.startswith(f"WARNING: conf.py: {option}: {words}")
    assert warning.endswith("[xpcaps.option]")


def test_declarations_are_not_read_if_execution_is_off(site: Site) -> None:
    assert site.build(xpcaps_execute="off", xpcaps_declared="declares:nothing").warnings == []
