"""Format of a file with records of several environments: schema 2.

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
from sphinx_xpcaps.results.model import (
    BUNDLE_SCHEMA,
    SCHEMA,
    Cell,
    Environment,
    Name,
    Package,
    Reason,
    Record,
    Target,
    Tool,
    Unavailable,
)
from sphinx_xpcaps.results.order import in_order


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
    """Records of several environments."""

    schema: Literal[2]
    records: Annotated[tuple[Entry, ...], Meta(max_length=10_000)]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a bundle."""
    return msgspec.json.schema(Bundle)


def to_record(entry: Entry) -> Record:
    """Return an entry of a bundle as a record with complete keys."""
    if entry.digests.engine is None:
        targets = entry.targets
    else:
        targets = {
            name: dataclasses.replace(
                target,
                cells=tuple(_with_complete_key(name, cell, entry.digests) for cell in target.cells),
            )
            for name, target in entry.targets.items()
        }
    return Record(
        schema=SCHEMA,
        tool=entry.tool,
        package=entry.package,
        environment=entry.environment,
        unavailable=entry.unavailable,
        targets=targets,
    )


def _with_complete_key(target: str, cell: Cell, shared: SharedDigests) -> Cell:
    key = None if cell.key is None else complete(target, cell.key, shared)
    return cell if key == cell.key else dataclasses.replace(cell, key=key)


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
        name: {
            "kind": target.kind,
            "cells": [_plain_cell(abbreviate(name, cell, digests)) for cell in target.cells],
        }
        for name, target in record.targets.items()
    }
    return entry


def _plain_cell(cell: Cell) -> msgspec.Struct:
    values = {name: getattr(cell, name) for name in _CELL_FIELDS}
    values["reasons"] = tuple(
        _PlainReason(**{name: getattr(reason, name) for name in _REASON_FIELDS})
        for reason in cell.reasons
    )
    return _PlainCell(**values)


def _without_defaults(kind: type[Any]) -> type[msgspec.Struct]:
    """Return a type with the fields of a dataclass, of which defaults are not encoded."""
    fields: list[Any] = []
    for each in dataclasses.fields(kind):
        if each.default is not dataclasses.MISSING:
            fields.append((each.name, Any, each.default))
        elif each.default_factory is not dataclasses.MISSING:
            factory = msgspec.field(default_factory=each.default_factory)
            fields.append((each.name, Any, factory))
        else:
            fields.append((each.name, Any))
    return msgspec.defstruct(f"Plain{kind.__name__}", fields, omit_defaults=True, kw_only=True)


_PlainCell = _without_defaults(Cell)
_PlainReason = _without_defaults(Reason)
_CELL_FIELDS = [each.name for each in dataclasses.fields(Cell)]
_REASON_FIELDS = [each.name for each in dataclasses.fields(Reason)]
