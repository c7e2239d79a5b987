"""Every option once: its name in ``conf.py``, its default, its type and its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any


class Execute(StrEnum):
    """When functions are run."""

    AUTO = "auto"
    """Run what is missing or no longer current."""
    OFF = "off"
    """Run nothing; show what the records say."""
    FORCE = "force"
    """Run everything again."""
    CHECK = "check"
    """Run everything, and warn where the committed records differ."""


DEVICES = ("cpu", "gpu")
"""The columns that a table can have."""


def _option(default: Any, meaning: str) -> Any:
    if isinstance(default, (list, dict)):
        return field(default_factory=default.copy, metadata={"meaning": meaning})
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The options of the extension; in ``conf.py`` each has the prefix ``xpcaps_``."""

    inject: list[str] = _option([], "Patterns of dotted names that get a table without asking.")
    execute: str = _option("auto", "When to run functions: auto, off, force or check.")
    backends: list[str] = _option(
        ["numpy", "cupy", "torch", "jax", "dask"], "Backends that tables show, in this order."
    )
    devices: list[str] = _option(["cpu", "gpu"], "Devices that tables show, in this order.")
    modes: list[str] = _option([], "Optional modes to measure besides those that each backend has.")
    records: list[str] = _option([], "Globs of committed records, relative to conf.py.")
    cases: list[str] = _option(
        [], "Modules that give cases with @cases_for, and files of recorded calls (*.cases)."
    )
    declared: str = _option(
        "", "Declarations to hold measurements against, as `module:table`; none if empty."
    )
    declared_known: str = _option("", "A file of known differences, relative to conf.py.")
    declared_report: str = _option(
        "", "A JSON file for the differences, relative to conf.py, in place of warnings."
    )
    environment: dict[str, str] = _option({}, "Variables that are set in every worker.")
    setup: str = _option("", "A line of code that every worker runs first.")
    timeout: float = _option(30.0, "Seconds that one case may take.")
    jobs: int = _option(0, "Workers side by side; 0 is one per processor.")

    def __post_init__(self) -> None:
        """Refuse a value that no option knows."""
        Execute(self.execute)


PREFIX = "xpcaps_"


def options() -> list[tuple[str, Any, tuple[type, ...], str]]:
    """Return each option as (name in ``conf.py``, default, accepted types, meaning)."""
    found = []
    for option in fields(Config):
        default = option.default if option.default is not MISSING else _default(option)
        types = _accepted(default)
        found.append((PREFIX + option.name, default, types, option.metadata["meaning"]))
    return found


def _default(option: Any) -> Any:
    return option.default_factory()


def _accepted(default: object) -> tuple[type, ...]:
    if isinstance(default, list):
        return (list, tuple)
    if isinstance(default, float):
        return (int, float)
    if isinstance(default, Mapping):
        return (dict,)
    return (type(default),)
