"""Find records that are installed: those that packages of data, or measured packages, ship."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

GROUP = "xpcaps.records"
"""Entry point group: the value is the name of a package that contains records as ``*.json``."""


def installed_records() -> tuple[Path, ...]:
    """Return the files with records that are installed; nothing is imported."""
    found: list[Path] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        found += _in_package(entry.value.partition(":")[0], "**/*.json")
    return tuple(dict.fromkeys(found))


def _in_package(name: str, pattern: str) -> Iterator[Path]:
    """Yield files in the folder of a package; a parent package is not imported."""
    top, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield from sorted(Path(location, *rest).glob(pattern))
