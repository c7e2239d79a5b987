"""Projects that use other extensions together with ours: the table is there, and nobody warns."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.pages.conftest import cells_of, sphinx_build

MODULE = '''"""A module."""

__all__ = ["scale"]


def scale(x, factor: float = 2.0):
    """Multiply by a factor."""
    return x * factor
'''
RECORD = {
    "schema": 1,
    "tool": {"name": "sphinx-xpcaps", "version": "0.1.0"},
    "package": {"name": "neighbour", "version": "1.0"},
    "environment": {
        "python": "3.11.7", "platform": "linux-x86_64", "processor": "", "accelerator": None,
        "date": "2026-11-22",
    },
    "targets": {
        "neighbour.scale": {
            "kind": "function",
            "cells": [{"backend": "torch", "device": "cpu", "status": "supported"}],
        }
    },
}  # fmt: skip
FUNCTION = "top\n===\n\n.. autofunction:: neighbour.scale\n"


class Project(NamedTuple):
    """A project that uses an extension."""

    extensions: tuple[str, ...]
    files: dict[str, str]
    page: str = "index.html"
    """The page with the table."""
    options: str = ""

    @property
    def missing(self) -> list[str]:
        return [name for name in self.extensions if find_spec(name.partition(".")[0]) is None]


PROJECTS = {
    "autosummary": Project(
        ("sphinx.ext.autodoc", "sphinx.ext.autosummary"),
        {
            "index.rst": "top\n===\n\n.. currentmodule:: neighbour\n\n"
            ".. autosummary::\n   :toctree: api\n\n   scale\n"
        },
        page="api/neighbour.scale.html",
    ),
    "numpydoc": Project(("sphinx.ext.autodoc", "numpydoc"), {"index.rst": FUNCTION}),
    "napoleon": Project(("sphinx.ext.autodoc", "sphinx.ext.napoleon"), {"index.rst": FUNCTION}),
    "typehints": Project(
        ("sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_autodoc_typehints"),
        {"index.rst": FUNCTION},
    ),
    "autodoc2": Project(
        ("autodoc2",),
        {"index.rst": "top\n===\n\n.. toctree::\n\n   apidocs/index\n"},
        page="apidocs/neighbour/neighbour.html",
        options="autodoc2_packages = ['neighbour.py']",
    ),
    "autoapi": Project(
        ("autoapi.extension",),
        {"index.rst": "top\n===\n\n.. toctree::\n\n   autoapi/index\n"},
        page="autoapi/neighbour/index.html",
        options="autoapi_dirs = ['.']\nautoapi_ignore = ['*conf.py']",
    ),
    "gallery": Project(
        ("sphinx.ext.autodoc", "sphinx_gallery.gen_gallery"),
        {
            "index.rst": f"{FUNCTION}\n.. toctree::\n\n   gallery/index\n",
            "examples/README.txt": "Gallery\n=======\n",
            "examples/plot_scale.py": '"""\nScale\n=====\n\nA text.\n"""\n\n1 + 1\n\n'
            "# %%\n# .. xp-capabilities:: neighbour.scale\n",
        },
        page="gallery/plot_scale.html",
        options="sphinx_gallery_conf = {'examples_dirs': 'examples', 'gallery_dirs': 'gallery'}",
    ),
    "myst-nb": Project(
        ("sphinx.ext.autodoc", "myst_nb"),
        {"index.md": "# top\n\n```{eval-rst}\n.. autofunction:: neighbour.scale\n```\n"},
        options="nb_execution_mode = 'off'",
    ),
    "copybutton": Project(("sphinx.ext.autodoc", "sphinx_copybutton"), {"index.rst": FUNCTION}),
    "design": Project(
        ("sphinx.ext.autodoc", "sphinx_design"),
        {
            "index.rst": "top\n===\n\n.. tab-set::\n\n   .. tab-item:: One\n\n"
            "      .. card:: Card\n\n         .. xp-capabilities:: neighbour.scale\n"
        },
    ),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_with_another_extension_has_the_table_and_no_warning(name, tmp_path: Path):
    project = PROJECTS[name]
    if project.missing:
        pytest.skip(f"needs {', '.join(project.missing)}")
    for file, text in {**project.files, "neighbour.py": MODULE}.items():
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "record.json").write_text(json.dumps(RECORD), "utf-8")
    (tmp_path / "conf.py").write_text(
        "import os\nimport sys\n\nsys.path.insert(0, os.path.dirname(__file__))\n"
        f"extensions = {[*project.extensions, 'sphinx_xpcaps']!r}\n"
        "xpcaps_inject = ['neighbour.*']\nxpcaps_execute = 'off'\n"
        f"xpcaps_records = ['record.json']\n{project.options}\n",
        "utf-8",
    )
    run = sphinx_build(tmp_path, "-q")
    assert "WARNING" not in run.output
    assert cells_of(run.page(project.page))["PyTorch", "CPU"] == "supported"
