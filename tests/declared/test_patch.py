"""Test patches that correct decorators."""

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
from tests.declared.conftest import PACKAGES, TABLE, Measured


def changed(diff: str) -> list[str]:
    """Return the lines that a diff takes away and adds."""
    lines = [line for line in diff.splitlines() if line.startswith(("+", "-"))]
    return [line for line in lines if not line.startswith(("+++", "---"))]


def test_a_limit_is_added_in_the_style_of_the_call(measured: Measured) -> None:
    diff = measured.only("looks").patch().text
    assert changed(diff) == ["+    allow_dask_compute=True,", "+    jax_jit=False,"]


def test_backend_that_works_is_removed_from_a_list(measured: Measured) -> None:
    diff = measured.only("skips").patch().text
    assert changed(diff) == [
        '-        ("jax", "réductions"),  # once there were none',
        '-        ("array-api-strict", "no such dtype"),',
        "-    allow_dask_compute=2,",
    ]


def test_exceptions_are_added_with_the_quotes_of_the_call(measured: Measured) -> None:
    diff = measured.only("works").patch().text
    assert changed(diff)[1] == (
        "+@declares(np_only=True, reason='compiled code', "
        "exceptions=['torch', 'jax', 'dask', 'array-api-strict'])  # fmt: skip"
    )


def test_backend_that_fails_is_skipped_with_the_reason(measured: Measured) -> None:
    _, line = changed(measured.only("to_numpy").patch().text)
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
def test_declaration_that_cannot_be_patched_gives_one_line(
    measured: Measured, name: str, line: str
) -> None:
    made = measured.only(name).patch()
    assert made.text == ""
    assert made.left == (line,)


def test_a_known_difference_is_not_patched(measured: Measured) -> None:
    entry = KnownDifference(
        target="declares.looks", mode="jit", reason="r", link="l", expires=date(2030, 1, 1)
    )
    diff = measured.only("looks").patch(entry).text
    assert changed(diff) == ["+    allow_dask_compute=True,"]


def test_patch_uses_the_backend_names_of_the_table(measured: Measured) -> None:
    some = measured.only("works", "to_numpy")
    explicit = replace(some.declarations, backend_names={"jax": "jax.numpy"})
    diff = Measured(explicit, some.tables).patch().text
    assert "exceptions=['torch', 'jax.numpy', 'dask', 'array-api-strict']" in diff
    assert '("jax.numpy", "returns NumPy")' in diff


def test_a_patched_package_agrees_with_the_measurement(
    measured: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrigible = ("looks", "works", "skips", "to_numpy")
    shutil.copytree(PACKAGES / "declares", tmp_path / "declares")
    diff = measured.only(*corrigible).patch().text
    assert diff.startswith("--- a/declares/__init__.py\n+++ b/declares/__init__.py\n")
    subprocess.run(["git", "apply"], input=diff, text=True, check=True, cwd=tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names = [f"declares.{name}" for name in corrigible]
    again = Measured(declarations(names, TABLE, Config()), measured.tables)
    assert again.find().agrees
