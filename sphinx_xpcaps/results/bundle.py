"""Format of a file with records of one or several environments: schema 2.

Fields that have their default value are left out, and digests that many cells share are stored once
for each record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sphinx_xpcaps.results.cell_key import SharedDigests, abbreviate, complete, shared_digests
from sphinx_xpcaps.results.encoding import without_defaults
from sphinx_xpcaps.results.model import (
    BUNDLE_SCHEMA,
    SCHEMA,
    Cell,
    Environment,
    Name,
    Package,
    Record,
    RecordedCase,
    Target,
    Tool,
    Unavailable,
)
from sphinx_xpcaps.results.order import in_order

_set_key, _set_cases, _set_case_numbers = (
    getattr(Cell, name).__set__ for name in ("key", "cases", "case_numbers")
)
"""Setters of fields, although cells are frozen: copying a million cells takes seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The record of one environment in a bundle."""

    tool: Tool
    package: Package
    environment: Environment
    digests: SharedDigests = field(default_factory=SharedDigests)
    unavailable: tuple[Unavailable, ...] = ()
    targets: Mapping[Name, Target] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Records of one or several environments."""

    schema: Literal[2]
    records: Annotated[tuple[Entry, ...], Meta(max_length=10_000)]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a bundle."""
    return msgspec.json.schema(Bundle)


def to_record(entry: Entry) -> Record:
    """Return an entry of a bundle as a record with complete keys."""
    targets = {
        name: _complete(name, target, entry.digests) for name, target in entry.targets.items()
    }
    return Record(
        schema=SCHEMA,
        tool=entry.tool,
        package=entry.package,
        environment=entry.environment,
        unavailable=entry.unavailable,
        targets=targets,
    )


def _complete(name: str, target: Target, shared: SharedDigests) -> Target:
    """Return a target whose cells have complete keys and their cases.

    The cells are modified, so nothing else may refer to them.
    """
    numbers: tuple[int, ...] = ()
    cases: tuple[RecordedCase, ...] = ()
    for cell in target.cells:
        if cell.key is not None:
            _set_key(cell, complete(name, cell.key, shared))
        if cell.case_numbers:
            if cell.case_numbers != numbers:  # usually all cells have the same cases
                numbers = cell.case_numbers
                cases = _cases(name, target, numbers)
            _set_cases(cell, cases)
            _set_case_numbers(cell, ())
    return Target(kind=target.kind, cells=target.cells)


def _cases(name: str, target: Target, numbers: tuple[int, ...]) -> tuple[RecordedCase, ...]:
    """Return the cases of a cell."""
    if max(numbers) >= len(target.cases):
        message = "the number of a case must be less than the number of cases"
        raise msgspec.ValidationError(f"{message} - at `$.targets[{name}]`")
    return tuple(target.cases[number] for number in numbers)


def encode(records: Iterable[Record]) -> bytes:
    """Return the bytes of a file with `records`."""
    entries = [_plain_entry(in_order(record)) for record in records]
    entries.sort(key=lambda entry: msgspec.json.encode([entry["environment"], entry["package"]]))
    content = msgspec.json.encode({"schema": BUNDLE_SCHEMA, "records": entries})
    return msgspec.json.format(content, indent=1) + b"\n"


def _plain_entry(record: Record) -> dict[str, Any]:
    digests = shared_digests(record.targets.items())
    entry: dict[str, Any] = {
        "tool": record.tool,
        "package": record.package,
        "environment": record.environment,
    }
    if digests.engine is not None:
        entry["digests"] = digests
    if record.unavailable:
        entry["unavailable"] = record.unavailable
    entry["targets"] = {
        name: without_defaults(_abbreviated(name, target, digests))
        for name, target in record.targets.items()
    }
    return entry


def _abbreviated(name: str, target: Target, digests: SharedDigests) -> Target:
    if digests.engine is None:
        return target
    cells = tuple(abbreviate(name, cell, digests) for cell in target.cells)
    return dataclasses.replace(target, cells=cells)
