"""Test comparing SciPy's table with a measurement of SciPy."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sphinx_xpcaps.cli import main

NAMES = ("idct", "idst", "dctn", "idctn", "dstn", "idstn")
TABLE = "scipy._lib._array_api:xp_capabilities_table"


def test_transforms_that_are_declared_for_jit_and_fail_there_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scipy = pytest.importorskip("scipy")
    if scipy.__version__ != "1.17.1":
        pytest.skip("another version of SciPy may declare something else")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    targets = [f"scipy.fft.{name}" for name in NAMES]
    arguments = [*targets, "--declared", TABLE, "--backend", "jax", "--env", "SCIPY_ARRAY_API=1"]
    answer = CliRunner().invoke(main, ["check", *arguments, "--patch"])
    assert answer.exit_code == 1
    for target in targets:
        expected = (
            f"{target} is declared to work with JAX in mode jit, but fails: TracerArrayConversion"
        )
        assert expected in answer.stderr
    assert answer.stdout.count("\n+@xp_capabilities(") == len(NAMES)
    assert answer.stdout.count(", jax_jit=False)") == len(NAMES)
