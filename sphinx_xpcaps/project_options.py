"""The options of the extension in the table ``[tool.xpcaps]`` of ``pyproject.toml``.

The names are those in ``conf.py`` without prefix, with hyphens: ``declared-known``. Names of files
are relative to ``pyproject.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from core.project import ProjectError, ProjectTable, read_project
from sphinx_xpcaps.config import PREFIX, Config, options
from sphinx_xpcaps.option_checks import CHECKS
from sphinx_xpcaps.project_table import SUBTABLES, check_table

_FILES = ("declared_known", "declared_report")
"""Options that are the name of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOptions:
    """The options of a project.

    Parameters
    ----------
    values : mapping of str to Any
        Valid values by the field of `Config`. Names of files are absolute.
    problems : tuple of str
        One line for each invalid value or unknown key.
    path : Path or None
        The file with the table; None if there is none.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    path: Path | None = None

    def config(self, **given: Any) -> Config:
        """Return the options, in which those that are given otherwise replace the project's."""
        return Config(**{**self.values, **given})


def read_options(folder: Path) -> ProjectOptions:
    """Return the options of the project that a folder belongs to.

    Parameters
    ----------
    folder : Path
        See `core.project.read_project`.
    """
    try:
        project = read_project(folder)
    except ProjectError as error:
        return ProjectOptions(problems=(str(error),))
    if project is None:
        return ProjectOptions()
    names = {_key(one.name): one.name for one in fields(Config)}
    defaults = {_key(name.removeprefix(PREFIX)): default for name, default, _, _ in options()}
    checks = {_key(name): check for name, check in CHECKS.items()}
    checked = check_table(_with_pairs(project), "", checks, defaults, others=SUBTABLES)
    values = {
        names[key]: _absolute(names[key], value, project.path.parent)
        for key, value in checked.values.items()
    }
    return ProjectOptions(values=values, problems=checked.problems, path=project.path)


def _key(name: str) -> str:
    return name.replace("_", "-")


def _with_pairs(project: ProjectTable) -> ProjectTable:
    """Return the table with the addresses of sites as pairs, since TOML has no ``None``."""
    sites = project.content.get("mapping")
    if not isinstance(sites, Mapping):
        return project
    pairs = {name: (site, None) if isinstance(site, str) else site for name, site in sites.items()}
    return ProjectTable(path=project.path, content={**project.content, "mapping": pairs})


def _absolute(name: str, value: Any, folder: Path) -> Any:
    """Return the value of an option with absolute names of files."""
    if name == "records":
        return [str(folder / each) for each in value]
    if name == "cases":
        return [str(folder / each) if each.endswith(".cases") else each for each in value]
    if name == "mapping":
        return {k: (site, file and str(folder / file)) for k, (site, file) in value.items()}
    return str(folder / value) if name in _FILES and value else value
