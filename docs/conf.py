"""Configuration of the project's documentation, which uses the extension itself."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE / "_samples")]
# SciPy reads this variable when it is imported, here and in the workers.
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
    "example",
    "lazy_pictures",
    "mathml",
    "mermaid",
    "reference",
    "showcase",
    "wrong_tables",
]
exclude_patterns = ["_build", "ecosystem"]
templates_path = ["_templates"]
show_warning_types = True

html_theme = "furo"
html_title = "sphinx-xpcaps"
html_show_sourcelink = False
html_math_renderer = "mathml"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's sections list the types
numpydoc_show_class_members = False
# Roles used in SciPy's docstrings.
extlinks = {
    "doi": ("https://doi.org/%s", "doi:%s"),
    "arxiv": ("https://arxiv.org/abs/%s", "arXiv:%s"),
}

xpcaps_inject = ["scipy.*", "array_api_extra.*", "torch_losses.*"]
xpcaps_verify = 0.02 if os.environ.get("CI") else 0
xpcaps_environment = {"SCIPY_ARRAY_API": "1"}
xpcaps_records = ["showcase/records/*.json"]
# The showcase contains functions without examples; their tables say so.
suppress_warnings = ["xpcaps.no_case"]
