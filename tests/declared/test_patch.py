"""A patch corrects decorators where they stand, and changes nothing else."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared.known_differences import KnownDifference
from sphinx_xpcaps.declared.load import declarations
from tests.declared.conftest import PACKAGES, TABLE, Held

pytestmark = pytest.mark.xdist_group("declared")


def changed(diff: str) -> list[str]:
    """Return the lines that a diff takes away and adds."""
    lines = [line for line in diff.splitlines() if line.startswith(("+", "-"))]
    return [line for line in lines if not line.startswith(("+++", "---"))]


def test_a_limit_is_added_in_the_style_of_the_call(held: Held) -> None:
    diff = held.only("looks").patch().text
    assert changed(diff) == ["+    allow_dask_compute=True,", "+    jax_jit=False,"]


def test_what_works_is_taken_from_a_list_whose_other_items_stay_as_they_are(held: Held) -> None:
    diff = held.only("skips").patch().text
    assert changed(diff) == [
        '-        ("jax", "réductions"),  # once there were none',
        '-        ("array-api-strict", "no such dtype"),',
        "-    allow_dask_compute=2,",
    ]


def test_exceptions_are_added_with_the_quotes_of_the_call(held: Held) -> None:
    diff = held.only("works").patch().text
    assert changed(diff)[1] == (
        "+@declares(np_only=True, reason='compiled code', "
        "exceptions=['torch', 'jax', 'dask', 'array-api-strict'])  # fmt: skip"
    )


def test_what_fails_is_skipped_with_how_it_failed(held: Held) -> None:
    _, line = changed(held.only("to_numpy").patch().text)
    assert line.startswith('+@declares(skip_backends=[("jax", "returns NumPy"), ("dask", ')


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("undeclared", "declares.undeclared is not declared; its arguments should be ()"),
        (
            "shares",
            "declares.shares is not declared by a decorator in a source file; its "
            'arguments should be (np_only=True, exceptions=["jax", "dask", "array-api-strict"])',
        ),
        (
            "names",
            "declares.names: NAMED is not written out in its decorator; its arguments should be "
            '(skip_backends=[("torch", "never tried")])',
        ),
    ],
)
def test_what_is_not_written_out_at_the_function_is_one_line(
    held: Held, name: str, line: str
) -> None:
    made = held.only(name).patch()
    assert made.text == ""
    assert made.left == (line,)


def test_a_known_difference_is_not_patched(held: Held) -> None:
    entry = KnownDifference(
        target="declares.looks", mode="jit", reason="r", link="l", expires=date(2030, 1, 1)
    )
    diff = held.only("looks").patch(entry).text
    assert changed(diff) == ["+    allow_dask_compute=True,"]


def test_backends_are_called_as_the_table_calls_them(held: Held) -> None:
    some = held.only("works", "to_numpy")
    explicit = replace(some.declarations, backend_names={"jax": "jax.numpy"})
    diff = Held(explicit, some.tables).patch().text
    assert "exceptions=['torch', 'jax.numpy', 'dask', 'array-api-strict']" in diff
    assert '("jax.numpy", "returns NumPy")' in diff


def test_a_patched_package_agrees_with_the_measurement(
    held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrigible = ("looks", "works", "skips", "to_numpy")
    shutil.copytree(PACKAGES / "declares", tmp_path / "declares")
    diff = held.only(*corrigible).patch().text
    assert diff.startswith("--- a/declares/__init__.py\n+++ b/declares/__init__.py\n")
    subprocess.run(["git", "apply"], input=diff, text=True, check=True, cwd=tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names = [f"declares.{name}" for name in corrigible]
    again = Held(declarations(names, TABLE, Config()), held.tables)
    assert again.find().agrees
