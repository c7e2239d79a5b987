"""Configuration of the pages on other libraries, which are built from records and run nothing."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "_ext"))

project = "sphinx-xpcaps: libraries"
author = "the sphinx-xpcaps developers"
extensions = ["myst_parser", "sphinx_xpcaps", "ecosystem"]
exclude_patterns = ["_build"]
show_warning_types = True
suppress_warnings = ["xpcaps.no_case"]

html_theme = "furo"
html_title = "sphinx-xpcaps: libraries"
html_show_sourcelink = False

xpcaps_execute = "off"
xpcaps_records = ["../../data/xpcaps_data/records/*.json"]
xpcaps_backends = ["numpy", "torch", "jax", "dask", "array-api-strict"]
