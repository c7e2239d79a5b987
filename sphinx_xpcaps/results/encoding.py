"""Encode targets as JSON: with all fields, or without fields that have their default value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from operator import attrgetter
from typing import Any

import msgspec

from sphinx_xpcaps.results.model import Cell, Reason, Target


class _Encoder:
    """Converts cells to objects that msgspec encodes, without the fields that are left out.

    Parameters
    ----------
    omit_defaults : bool
        Whether all fields that have their default value are left out.
    optional : collection of str
        Fields that are left out if they are None.
    """

    def __init__(self, *, omit_defaults: bool, optional: Collection[str] = ()) -> None:
        self._cell = _struct(Cell, optional, omit_defaults=omit_defaults)
        self._reason = _struct(Reason, optional, omit_defaults=omit_defaults)
        self._cell_values = _values(Cell)
        self._reason_values = _values(Reason)
        self._optional = optional

    def target(self, target: Target) -> dict[str, Any]:
        """Return an object that is encoded as `target`."""
        return {"kind": target.kind, "cells": [self._plain_cell(cell) for cell in target.cells]}

    def _plain_cell(self, cell: Cell) -> Any:
        plain: Any = self._cell(*self._cell_values(cell))
        if cell.reasons:
            plain.reasons = [self._plain_reason(reason) for reason in cell.reasons]
        self._unset(plain)
        return plain

    def _plain_reason(self, reason: Reason) -> Any:
        plain = self._reason(*self._reason_values(reason))
        self._unset(plain)
        return plain

    def _unset(self, plain: Any) -> None:
        for name in self._optional:
            if getattr(plain, name, msgspec.UNSET) is None:
                setattr(plain, name, msgspec.UNSET)


def _struct(
    kind: type[Any], optional: Collection[str], *, omit_defaults: bool
) -> Callable[..., Any]:
    """Return a type with the fields of a dataclass in their order."""
    fields: list[Any] = []
    for each in dataclasses.fields(kind):
        annotation = Any | msgspec.UnsetType if each.name in optional else Any
        if each.default is not dataclasses.MISSING:
            fields.append((each.name, annotation, each.default))
        elif each.default_factory is not dataclasses.MISSING:
            factory = msgspec.field(default_factory=each.default_factory)
            fields.append((each.name, annotation, factory))
        else:
            fields.append((each.name, annotation))
    return msgspec.defstruct(f"Plain{kind.__name__}", fields, omit_defaults=omit_defaults)


def _values(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(each.name for each in dataclasses.fields(kind)))


all_fields = _Encoder(omit_defaults=False, optional=("expected", "graph", "date", "line")).target
"""Return an object that is encoded as a target in a file with one record."""

without_defaults = _Encoder(omit_defaults=True).target
"""Return an object that is encoded as a target in a bundle."""
