"""The defaults of the pytest plugin in ``pyproject.toml``: the table ``[tool.xpcaps.pytest]``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar

from core.backends import get_backend
from core.project import TABLE, ProjectError, read_project

NAME = "pytest"
"""The name of the table inside ``[tool.xpcaps]``."""
DTYPES = ("float32", "float64")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOptions:
    """The defaults of a project, and one line for each mistake in them.

    Parameters
    ----------
    backends : tuple of str
        Names of backends; those of ``[tool.xpcaps]`` if the table has none. All if empty.
    device, dtype : str or None
        The device and the floating dtype.
    problems : tuple of str
        Invalid values and unknown keys.
    """

    __test__: ClassVar[bool] = False  # for pytest: this class has no tests

    backends: tuple[str, ...] = ()
    device: str | None = None
    dtype: str | None = None
    problems: tuple[str, ...] = ()


def read_test_options(folder: Path) -> TestOptions:
    """Return the defaults of the project that a folder belongs to."""
    try:
        project = read_project(folder)
    except ProjectError as error:
        return TestOptions(problems=(str(error),))
    if project is None:
        return TestOptions()
    where = f"{project.path}: [tool.{TABLE}.{NAME}]"
    table = project.content.get(NAME, {})
    if not isinstance(table, Mapping):
        return TestOptions(problems=(f"{where}: expected a table, got {table!r}",))
    values: dict[str, Any] = {}
    problems = []
    for key, value in table.items():
        if key not in _CHECKS:
            close = get_close_matches(key, _CHECKS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(_CHECKS)}"
            problems.append(f"{where}: unknown key {key!r}; {hint}")
            continue
        try:
            values[key] = _CHECKS[key](value)
        except ValueError as error:
            problems.append(f"{where}: {key}: {error}")
    if "backends" not in table and "backends" in project.content:
        try:
            values["backends"] = _backends(project.content["backends"])
        except ValueError as error:
            problems.append(f"{project.path}: [tool.{TABLE}]: backends: {error}")
    return TestOptions(**values, problems=tuple(problems))


def _backends(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"expected a list of backends, got {value!r}")
    return tuple(get_backend(name).name for name in value)


def _device(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a device such as 'cuda', got {value!r}")
    return value


def _dtype(value: Any) -> str:
    if value not in DTYPES:
        raise ValueError(f"unknown dtype {value!r}; known are {', '.join(DTYPES)}")
    return str(value)


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "backends": _backends,
    "device": _device,
    "dtype": _dtype,
}
