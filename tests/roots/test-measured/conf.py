import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "measured"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_xpcaps",
]
numpydoc_show_class_members = False
html_theme = "alabaster"
show_warning_types = True
xpcaps_inject = ["smallpkg.*"]
xpcaps_backends = ["numpy", "torch", "array-api-strict"]


def _report(app, error):
    """Print which array libraries and tools this process has imported."""
    found = {"torch", "jax", "dask", "cupy", "array_api_strict"} & set(sys.modules)
    print("IMPORTED", sorted(found))
    print("TOOLS", sorted({"core.autojit", "core.lazy", "core.lazy_apply"} & set(sys.modules)))


def setup(app):
    app.connect("build-finished", _report)
