"""Print the lowest versions that ``pyproject.toml`` declares of what a build of pages imports.

Packages that array libraries themselves depend on are left out, as the newest array libraries,
which the tests run, do not work with the oldest of these.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

LEFT_OUT = {"numpy"}
"""Packages whose lowest version does not work with the array libraries in the environment."""

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))[
    "project"
]
declared = [
    *project["dependencies"],
    *(line for line in project["optional-dependencies"]["test"] if line.startswith("myst-parser")),
]
for requirement in map(Requirement, declared):
    (lowest,) = (one.version for one in requirement.specifier if one.operator == ">=")
    if requirement.name not in LEFT_OUT:
        print(f"{requirement.name}=={lowest}")
