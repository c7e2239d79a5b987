"""Encode targets as JSON without the fields that have their default value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from sphinx_xpcaps.results.model import Cell, Reason, RecordedCase, Target


def without_defaults(target: Target) -> dict[str, Any]:
    """Return an object that msgspec encodes as `target`."""
    numbers = {case: number for number, case in enumerate(_different_cases(target))}
    plain: dict[str, Any] = {
        "kind": target.kind,
        "cells": [_plain_cell(cell, numbers) for cell in target.cells],
    }
    if numbers:
        plain["cases"] = [_CASE(*_CASE_VALUES(case)) for case in numbers]
    return plain


def _different_cases(target: Target) -> Iterable[RecordedCase]:
    """Return the cases of all cells, each once."""
    return dict.fromkeys(case for cell in target.cells for case in cell.cases)


def _struct(kind: type[Any]) -> Callable[..., Any]:
    """Return a type with the fields of a dataclass in their order."""
    fields: list[Any] = []
    for each in dataclasses.fields(kind):
        if each.default is not dataclasses.MISSING:
            fields.append((each.name, Any, each.default))
        elif each.default_factory is not dataclasses.MISSING:
            factory = msgspec.field(default_factory=each.default_factory)
            fields.append((each.name, Any, factory))
        else:
            fields.append((each.name, Any))
    return msgspec.defstruct(f"Plain{kind.__name__}", fields, omit_defaults=True)


def _values(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(each.name for each in dataclasses.fields(kind)))


_CELL, _REASON, _CASE = _struct(Cell), _struct(Reason), _struct(RecordedCase)
_CELL_VALUES, _REASON_VALUES, _CASE_VALUES = map(_values, (Cell, Reason, RecordedCase))


def _plain_cell(cell: Cell, numbers: Mapping[RecordedCase, int]) -> Any:
    plain = _CELL(*_CELL_VALUES(cell))
    plain.cases, plain.case_numbers = (), tuple(numbers[case] for case in cell.cases)
    if cell.reasons:
        plain.reasons = [_REASON(*_REASON_VALUES(reason)) for reason in cell.reasons]
    return plain
