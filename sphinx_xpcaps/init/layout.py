"""Find out how a project is organized: its package, its documentation and its workflows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LEFT_OUT = frozenset(
    {
        *("benchmarks", "build", "ci", "dist", "doc", "docs", "examples", "node_modules"),
        *("scripts", "test", "testing", "tests", "tools"),
    }
)
"""Folders that are no package of the project."""
_OPTION = re.compile(r"^\s*(extensions|project|html_theme)\b|^from .+ import", re.MULTILINE)
"""A sign that ``conf.py`` has options of Sphinx."""
_DEPTH = 3
"""How many folders deep ``conf.py`` may be."""


class LayoutError(Exception):
    """The project is not organized in a way that is known; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of a project are.

    Parameters
    ----------
    root : Path
        The folder of the project.
    conf : Path
        The configuration of the documentation.
    package : str
        The name with which the package is imported.
    pyproject : Path or None
        None if there is no ``pyproject.toml``.
    """

    root: Path
    conf: Path
    package: str
    pyproject: Path | None


def find_layout(root: Path, conf: Path | None = None, package: str | None = None) -> Layout:
    """Return how the project in a folder is organized.

    Parameters
    ----------
    root : Path
        The folder.
    conf : Path, optional
        The configuration of the documentation. Default: the only ``conf.py`` that has options of
        Sphinx.
    package : str, optional
        The name with which the package is imported. Default: that of the project.

    Raises
    ------
    LayoutError
        The configuration or the package cannot be found, or there are several.
    """
    pyproject = root / "pyproject.toml"
    return Layout(
        root=root,
        conf=conf or _find_conf(root),
        package=package or _find_package(root, pyproject),
        pyproject=pyproject if pyproject.is_file() else None,
    )


def _find_conf(root: Path) -> Path:
    built = root / "build"  # with copies of files
    found = [
        path
        for path in _named(root, "conf.py", _DEPTH)
        if built not in path.parents and _is_sphinx(path)
    ]
    if not found:
        raise LayoutError(f"{root}: no conf.py of Sphinx found; name it with --conf")
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(root)) for path in found)
        raise LayoutError(f"{root}: there are several conf.py ({names}); name one with --conf")
    return found[0]


def _named(folder: Path, name: str, depth: int) -> Iterator[Path]:
    """Yield files with a name, not those of hidden folders and of builds."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name == name:
            yield path
        elif path.is_dir() and depth and not path.is_symlink():
            is_hidden = path.name.startswith((".", "_"))
            if not is_hidden and path.name not in ("node_modules", "tests", "venv"):
                yield from _named(path, name, depth - 1)


def _is_sphinx(path: Path) -> bool:
    text = path.read_text("utf-8", "replace")
    return _OPTION.search(text) is not None


def _find_package(root: Path, pyproject: Path) -> str:
    packages = list(_packages(root))
    name = _project_name(pyproject)
    if name and (root / f"{name}.py").is_file():
        return name
    if name in packages or (len(packages) == 1 and not name):
        return name if name in packages else packages[0]
    close = [one for one in packages if one.lower().replace("_", "") == name.replace("_", "")]
    if len(close) == 1:
        return close[0]
    if len(packages) == 1:
        return packages[0]
    found = f" ({', '.join(packages)})" if packages else ""
    raise LayoutError(f"{root}: the package cannot be found{found}; name it with --package")


def _packages(root: Path) -> Iterator[str]:
    for folder in (root / "src", root, root / "lib"):
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if (path / "__init__.py").is_file() and path.name not in _LEFT_OUT:
                yield path.name
            elif folder.name == "src" and path.suffix == ".py":
                yield path.stem


def _project_name(pyproject: Path) -> str:
    """Return the name of the project as a module would have it; empty if it is not known."""
    try:
        content: dict[str, Any] = tomllib.loads(pyproject.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return ""
    tools = content.get("tool", {})
    flit = tools.get("flit", {}).get("metadata")
    for table in (content.get("project"), tools.get("poetry"), flit):
        name = (table or {}).get("name") or (table or {}).get("module")
        if isinstance(name, str):
            return re.sub(r"[-_.]+", "_", name).lower()
    return ""
