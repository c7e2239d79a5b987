"""Another package that is named core."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.pages.conftest import sphinx_build


@pytest.mark.parametrize("file", ["core/__init__.py", "core.py"])
def test_the_error_names_the_file_of_another_package_named_core(tmp_path, file):
    foreign = tmp_path / file
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("x = 1\n", "utf-8")
    (tmp_path / "conf.py").write_text(
        'import sys\nsys.path.insert(0, ".")\nextensions = ["sphinx_xpcaps"]\n', "utf-8"
    )
    (tmp_path / "index.rst").write_text("Title\n=====\n", "utf-8")
    run = sphinx_build(tmp_path, returncode=2)
    assert "sphinx_xpcaps needs its own package 'core'" in run.stderr
    assert str(foreign) in run.stderr
    assert "AttributeError" not in run.stderr
    assert "ImportError" not in run.stderr


def test_the_command_line_names_the_file_of_another_package_named_core(tmp_path):
    foreign = tmp_path / "core.py"
    foreign.write_text("x = 1\n", "utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    run = subprocess.run(
        [sys.executable, "-m", "sphinx_xpcaps", "--version"],
        cwd=tmp_path,  # `python -m` puts the current folder first
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert f"Python imports {foreign}" in line
