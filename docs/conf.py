"""The project's own site, built by the project itself."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
# SciPy's switch has to be set before SciPy is imported, here as in the workers.
os.environ["SCIPY_ARRAY_API"] = "1"

from sphinx_xpcaps.version import __version__  # noqa: E402

project = "sphinx-xpcaps"
author = "the sphinx-xpcaps developers"
copyright = f"2026, {author}"
release = version = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "sphinx_xpcaps",
    "lazy_pictures",
    "wrong_tables",
    "reference",
    "showcase",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
show_warning_types = True

html_theme = "furo"
html_title = "sphinx-xpcaps"
html_show_sourcelink = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's sections say the types
numpydoc_show_class_members = False
# Roles that SciPy's docstrings use.
extlinks = {
    "doi": ("https://doi.org/%s", "doi:%s"),
    "arxiv": ("https://arxiv.org/abs/%s", "arXiv:%s"),
}

xpcaps_inject = ["scipy.*", "array_api_extra.*"]
xpcaps_environment = {"SCIPY_ARRAY_API": "1"}
# Functions of other projects without any example; their tables say so.
suppress_warnings = ["xpcaps.no_case"]
