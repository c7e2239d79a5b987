"""Sessions that run tests with other versions of Python, Sphinx, NumPy and array libraries.

usage: nox [--session NAME] [-- ARGUMENTS OF PYTEST]

A session whose interpreter is missing is skipped with its name. PyTorch is used where it has
a CPU build for the interpreter.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
SPHINX = ["7.4", "8.1", "8.2", "newest"]
# The libraries that work with each NumPy; newer ones need a newer NumPy.
NUMPY = {
    "1.26": ["dask[array]==2024.8.*", "array-api-strict==2.1.*", "jax==0.4.34", "scipy==1.14.*"],
    "2.0": ["dask[array]==2024.8.*", "array-api-strict==2.1.*", "jax==0.4.38", "scipy==1.14.*"],
    "2.2": ["dask[array]", "array-api-strict==2.3.*", "jax==0.6.*", "scipy==1.16.*"],
    "newest": ["dask[array]", "array-api-strict", "jax", "scipy"],
}
# What the extras declare as lowest, with the NumPy that these libraries accept.
LOWEST = {
    "jax": ["jax==0.4.34", "jaxlib==0.4.34", "numpy==1.26.*"],
    "dask": ["dask[array]==2024.8.0", "numpy==1.26.*"],
    "strict": ["array-api-strict==2.1", "numpy==1.26.*"],
    "torch": ["numpy==1.26.*"],
}
TOOLS = ["beautifulsoup4", "hypothesis", "myst-parser>=4", "pytest>=8", "pytest-xdist>=3"]
# These need no library in particular: what is missing is skipped.
TESTS = ["tests/backends", "tests/cases", "tests/core", "tests/results"]


def run(session: nox.Session, tests: list[str]) -> None:
    """Run tests, or what is given behind ``--``."""
    session.run("python", "-m", "pip", "list", "--format", "freeze", silent=True)
    session.run("python", "-m", "pytest", "-n", "2", *(session.posargs or tests))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests with each Python and the newest libraries."""
    session.install("--editable", ".[test]")
    session.run(".ci/install_torch", "python", external=True)
    run(session, ["--dist", "loadfile", "-m", "not exhaustive"])


@nox.session(python="3.11")
@nox.parametrize("sphinx", ["lowest", *SPHINX])
def sphinx(session: nox.Session, sphinx: str) -> None:
    """Run the tests of pages with each Sphinx."""
    session.install("--editable", ".", *TOOLS, "array-api-strict", "dask[array]", "scipy")
    if sphinx == "lowest":
        lowest = session.run("python", ".ci/lowest_versions.py", silent=True)
        session.install(*str(lowest).split())
    elif sphinx != "newest":
        session.install(f"sphinx=={sphinx}.*")
    run(session, ["-p", "no:platformdirs", "tests/pages"])


@nox.session(python="3.11")
@nox.parametrize("numpy", list(NUMPY))
def numpy(session: nox.Session, numpy: str) -> None:
    """Run tests with each NumPy."""
    chosen = [] if numpy == "newest" else [f"numpy=={numpy}.*"]
    session.install("--editable", ".", *TOOLS, *NUMPY[numpy], *chosen)
    run(session, TESTS)


@nox.session(python="3.11")
@nox.parametrize("library", list(LOWEST))
def lowest(session: nox.Session, library: str) -> None:
    """Run tests with the lowest version of an array library that is declared."""
    session.install("--editable", ".", *TOOLS, *LOWEST[library])
    if library == "torch":
        session.run(".ci/install_torch", "python", "2.3.0", external=True)
    run(session, TESTS)
