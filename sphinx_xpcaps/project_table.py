"""Check a table of ``pyproject.toml``: each problem is one line with the table and the key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.project import TABLE, ProjectTable
from sphinx_xpcaps.option_checks import Check, did_you_mean, known_names
from sphinx_xpcaps.results.labels import one_line

SUBTABLES = ("advise", "matrix", "pytest")
"""The tables inside ``[tool.xpcaps]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTable:
    """The valid values of a table, and one line with the key for each problem."""

    values: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def check_table(
    project: ProjectTable,
    name: str,
    checks: Mapping[str, Check],
    defaults: Mapping[str, Any],
    *,
    others: Collection[str] = (),
) -> CheckedTable:
    """Return the values of a table that can be used.

    Parameters
    ----------
    project : ProjectTable
        The table ``[tool.xpcaps]``.
    name : str
        The name of a table inside it; empty for itself.
    checks : mapping of str to Check
        The check of each key.
    defaults : mapping of str to Any
        The default of each key, which replaces invalid values.
    others : collection of str
        Keys that are checked elsewhere.

    Returns
    -------
    CheckedTable
        Only values of keys that the table has.
    """
    where = f"[tool.{TABLE}{'.' if name else ''}{name}]"
    table = project.content.get(name, {}) if name else project.content
    if not isinstance(table, Mapping):
        return CheckedTable(problems=(f"{where}: expected a table, got {table!r}",))
    values: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in table.items():
        if key in others:
            continue
        if key not in checks:
            hint = did_you_mean(key, [*checks, *others]) or known_names(checks)
            problems.append(f"{where}: unknown key {key!r}; {hint}")
            continue
        checked = checks[key](value, defaults[key])
        if checked.problem:
            problems.append(f"{where}: {key}: {checked.problem}")
        values[key] = checked.value
    return CheckedTable(values=values, problems=tuple(one_line(each, 400) for each in problems))
