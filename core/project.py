"""Find and read the table ``[tool.xpcaps]`` of a project's ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "pyproject.toml"
TABLE = "xpcaps"


class ProjectError(Exception):
    """A ``pyproject.toml`` cannot be read; the message names it and gives the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTable:
    """The table ``[tool.xpcaps]`` of a project.

    Parameters
    ----------
    path : Path
        The file with the table. File names in the table are relative to its folder.
    content : mapping
        The table.
    """

    path: Path
    content: Mapping[str, Any] = field(default_factory=dict)


def read_project(folder: Path) -> ProjectTable | None:
    """Return the table of the project that a folder belongs to.

    Parameters
    ----------
    folder : Path
        The folder. The file is searched in it and in the folders above, up to that of a Git
        repository.

    Returns
    -------
    ProjectTable or None
        None if no file there has the table.

    Raises
    ------
    ProjectError
        A file on the way cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "pyproject.toml").write_text("[tool.xpcaps]\\nbackends = ['numpy']")
    >>> read_project(folder).content
    {'backends': ['numpy']}
    """
    start = folder.resolve()
    for parent in (start, *start.parents):
        path = parent / FILE
        if path.is_file():
            found = _read(path)
            if found is not None:
                return found
        if (parent / ".git").exists():
            break
    return None


def _read(path: Path) -> ProjectTable | None:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ProjectError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProjectError(f"{path}: {error}") from error
    tools = content.get("tool")
    table = tools.get(TABLE) if isinstance(tools, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ProjectError(f"{path}: [tool.{TABLE}]: expected a table, got {table!r}")
    return ProjectTable(path=path, content=table)
