"""The options of the extension: names, defaults, types and meanings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any


class Execute(StrEnum):
    """Values of ``xpcaps_execute``: when functions are run."""

    AUTO = "auto"
    """Run what has not been measured, or has changed since."""
    OFF = "off"
    """Run nothing; show the records."""
    FORCE = "force"
    """Run everything again."""
    CHECK = "check"
    """Run everything again, and warn where the committed records differ."""


DEVICES = ("cpu", "gpu")
"""The possible columns of a table."""
COLUMNS = ("devices", "modes")
"""What the columns of a table are: devices, or modes of each device."""
EVIDENCE = ("all", "failures", "none")
"""How much evidence is below a table."""
POSITIONS = ("end", "parameters", "notes")
"""Where a table is in a description: at its end, after "Parameters" or before "Notes"."""


def _option(default: Any, meaning: str) -> Any:
    if isinstance(default, (list, dict)):
        return field(default_factory=default.copy, metadata={"meaning": meaning})
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The options of the extension; in ``conf.py``, names have the prefix ``xpcaps_``."""

    inject: list[str] = _option([], "Patterns of dotted names whose descriptions get a table.")
    execute: str = _option("auto", "When to run functions: auto, off, force or check.")
    backends: list[str] = _option(
        ["numpy", "cupy", "torch", "jax", "dask"], "Backends that tables show, in this order."
    )
    devices: list[str] = _option(["cpu", "gpu"], "Devices that tables show, in this order.")
    modes: list[str] = _option(
        [], "Optional modes to measure in addition to those of each backend."
    )
    records: list[str] = _option([], "Globs of committed records, relative to conf.py.")
    cases: list[str] = _option(
        [], "Modules that define cases with @cases_for, and files with recorded calls (*.cases)."
    )
    declared: str = _option(
        "", "Declarations to compare with the measurements, as `module:table`; none if empty."
    )
    declared_known: str = _option("", "A file with known differences, relative to conf.py.")
    declared_report: str = _option(
        "", "A JSON file to write differences to instead of warnings, relative to conf.py."
    )
    position: str = _option(
        "end",
        "Where tables are in descriptions that match: end, parameters (after) or notes (before).",
    )
    columns: str = _option("devices", "Columns of tables: devices, or modes of each device.")
    collapse: bool = _option(False, "Whether tables are folded at first, in HTML.")
    evidence: str | dict[str, str] = _option(
        {},
        "Evidence below tables: all, failures or none, for all builders or as a dictionary by "
        "builder. Default: all in HTML, where it is folded, and none elsewhere.",
    )
    report_url: str = _option(
        "",
        "Where readers report a wrong table; `{target}` in it becomes the function's name.",
    )
    mapping: dict[str, tuple[str, str | None]] = _option(
        {},
        "Sites with measurements of functions that are documented here too, as in "
        "intersphinx_mapping: a name, and the address with a file to read instead or None.",
    )
    environment: dict[str, str] = _option({}, "Environment variables of the workers.")
    setup: str = _option(
        "", "Code that every worker runs first; {backend} and {module} are replaced."
    )
    timeout: float = _option(30.0, "Time limit for one case, in seconds.")
    memory: int | str = _option(
        0, 'Memory limit of a worker and its child processes, in bytes or as "2GB"; 0 for none.'
    )
    verify: float = _option(
        0.0,
        "Share of the measured targets to measure again, in new workers and another order, to find "
        "errors of sphinx-xpcaps; between 0 and 1.",
    )
    jobs: int = _option(0, "Number of parallel workers; 0 is one per processor.")
    scheduler: str = _option(
        "", "Address of a scheduler of dask.distributed to measure on a cluster; none if empty."
    )

    def __post_init__(self) -> None:
        """Raise ValueError if a value is invalid."""
        Execute(self.execute)
        parse_size(self.memory)
        if not 0 <= self.verify <= 1:
            raise ValueError(f"expected a share between 0 and 1, got {self.verify!r}")

    @property
    def memory_limit(self) -> int:
        """The memory limit in bytes; 0 for none."""
        return parse_size(self.memory)


_SIZE = re.compile(r"\s*(\d{1,18}(?:\.\d{1,18})?)\s*([KMGT]?)(i?)B?\s*", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def parse_size(size: int | str) -> int:
    """Return a number of bytes.

    Parameters
    ----------
    size : int or str
        A number of bytes, or text such as ``"500MB"``, ``"2GB"`` or ``"2GiB"``.

    Raises
    ------
    ValueError
        It is neither, or it is negative.

    Examples
    --------
    >>> parse_size("2GB"), parse_size("1KiB"), parse_size(10)
    (2000000000, 1024, 10)
    """
    found = _SIZE.fullmatch(str(size))
    if found is None or isinstance(size, bool):
        raise ValueError(f"expected a number of bytes or text such as '2GB', got {size!r}")
    number, prefix, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWERS[prefix.upper()])


PREFIX = "xpcaps_"


def options() -> list[tuple[str, Any, tuple[type, ...], str]]:
    """Return each option as (name in ``conf.py``, default, accepted types, meaning)."""
    found = []
    for option in fields(Config):
        default = option.default if option.default is not MISSING else _default(option)
        types = _accepted(option.name, default)
        found.append((PREFIX + option.name, default, types, option.metadata["meaning"]))
    return found


def _default(option: Any) -> Any:
    return option.default_factory()


def _accepted(name: str, default: object) -> tuple[type, ...]:
    if isinstance(default, list):
        return (list, tuple)
    if isinstance(default, float):
        return (int, float)
    if name == "memory":
        return (int, str)
    if name == "evidence":
        return (str, dict)
    if isinstance(default, Mapping):
        return (dict,)
    return (type(default),)
