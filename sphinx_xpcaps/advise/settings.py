"""The settings of ``advise``: the table ``[tool.xpcaps.advise]`` of ``pyproject.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.backends import backends
from core.project import ProjectTable
from sphinx_xpcaps.advise.knowledge import known_device, known_modes
from sphinx_xpcaps.advise.rules import UnknownRuleError, matching
from sphinx_xpcaps.option_checks import Check, Checked, names_check, texts_check
from sphinx_xpcaps.project_table import CheckedTable, check_table

TABLE = "advise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to check, and against which records.

    Parameters
    ----------
    backends, modes : tuple of str
        Libraries that the code is used with, and modes in which it runs.
    device : str
        The device as users name it.
    records : tuple of str
        Files or patterns, relative to `folder`.
    select, ignore : tuple of str
        Codes of rules, or their beginnings.
    host_functions : tuple of str
        Functions of the project that return NumPy arrays or Python objects.
    exclude : tuple of str
        Patterns of files that are not checked.
    per_file_ignores : mapping of str to tuple of str
        Rules to ignore in files that match a pattern.
    folder : Path
        The folder of ``pyproject.toml``, which names of files are relative to.
    """

    backends: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    device: str = "cpu"
    records: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    host_functions: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folder: Path = Path()


def _device(value: Any, default: Any) -> Checked:
    if not isinstance(value, str):
        return Checked(default, f"expected a device such as 'cuda', got {value!r}")
    try:
        known_device(value, list(backends()))
    except ValueError as error:
        return Checked(default, str(error))
    return Checked(value)


def _codes(value: Any, default: Any) -> Checked:
    checked = texts_check('a list of rules such as ["XPC003"]')(value, default)
    if checked.problem:
        return checked
    try:
        matching(checked.value)
    except UnknownRuleError as error:
        return Checked(default, str(error))
    return checked


def _per_file(value: Any, default: Any) -> Checked:
    if not isinstance(value, Mapping):
        return Checked(
            default, f'expected a table such as {{"tests/*" = ["XPC006"]}}, got {value!r}'
        )
    for pattern, codes in value.items():
        checked = _codes(codes, [])
        if checked.problem:
            return Checked(default, f"{pattern!r}: {checked.problem}")
    return Checked({pattern: tuple(codes) for pattern, codes in value.items()})


CHECKS: Mapping[str, Check] = {
    "backends": names_check("a list of backends", lambda: list(backends())),
    "modes": names_check("a list of modes", known_modes),
    "device": _device,
    "records": texts_check('a list of files such as ["xpcaps/*.json"]'),
    "select": _codes,
    "ignore": _codes,
    "host-functions": texts_check('a list of functions such as ["pkg.to_numpy"]'),
    "exclude": texts_check('a list of patterns such as ["build/*"]'),
    "per-file-ignores": _per_file,
}
"""The check of each key of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSettings:
    """The settings of a project, and what is wrong with them."""

    settings: Settings
    problems: tuple[str, ...] = ()


def read_settings(project: ProjectTable | None) -> ReadSettings:
    """Return the settings of a project; those that are invalid have their defaults."""
    if project is None:
        return ReadSettings(settings=Settings())
    checked: CheckedTable = check_table(project, TABLE, CHECKS, vars_of(Settings()))
    values = {name.replace("-", "_"): _frozen(value) for name, value in checked.values.items()}
    settings = replace(Settings(folder=project.path.parent), **values)
    problems = tuple(f"{project.path}: {problem}" for problem in checked.problems)
    return ReadSettings(settings=settings, problems=problems)


def vars_of(settings: Settings) -> dict[str, Any]:
    """Return the default of each key of the table."""
    return {name: getattr(settings, name.replace("-", "_")) for name in CHECKS}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
