"""A package of the user's that is called core as well."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file", ["core/__init__.py", "core.py"])
def test_a_foreign_core_is_named_instead_of_a_missing_attribute(tmp_path, file):
    foreign = tmp_path / file
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("x = 1\n", "utf-8")
    (tmp_path / "conf.py").write_text(
        'import sys\nsys.path.insert(0, ".")\nextensions = ["sphinx_xpcaps"]\n', "utf-8"
    )
    (tmp_path / "index.rst").write_text("Title\n=====\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", ".", "_build"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 2
    assert "sphinx_xpcaps needs its own package 'core'" in done.stderr
    assert str(foreign) in done.stderr
    assert "AttributeError" not in done.stderr
    assert "ImportError" not in done.stderr
