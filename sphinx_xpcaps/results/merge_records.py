"""Merge records: those of one environment become one.

No measurement is lost: each cell keeps its newest measurement in each environment. The result does
not depend on the order of the records, and merging it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from sphinx_xpcaps.results.choose import newest
from sphinx_xpcaps.results.model import Cell, Record, Target, Unavailable
from sphinx_xpcaps.results.sources import identity
from sphinx_xpcaps.results.view import target_kind


def merge_records(records: Iterable[Record]) -> tuple[Record, ...]:
    """Return one record for each environment, sorted by environment.

    Of several measurements of a cell in one environment, the newest is kept. A cell that is older
    than its record has its own date.

    Examples
    --------
    >>> from sphinx_xpcaps.results.merge_records import merge_records
    >>> merge_records([])
    ()
    """
    by_environment: dict[str, list[Record]] = {}
    for record in records:
        by_environment.setdefault(identity(record), []).append(record)
    return tuple(_merge(by_environment[key]) for key in sorted(by_environment))


def _merge(records: list[Record]) -> Record:
    """Return one record with the contents of records of one environment."""
    if len(records) == 1 and not _has_own_dates(records[0]):
        return records[0]
    newest_record = max(records, key=_recency)
    date = newest_record.environment.date
    names = sorted({name for record in records for name in record.targets})
    return replace(
        newest_record,
        unavailable=_unavailable(records),
        targets={name: _target(name, records, date) for name in names},
    )


def _recency(record: Record) -> tuple[str, bytes]:
    """Return a sort key by which the newest record is the last, and that has no ties."""
    return record.environment.date, msgspec.json.encode([record.tool, record.package])


def _has_own_dates(record: Record) -> bool:
    return any(c.date is not None for target in record.targets.values() for c in target.cells)


def _unavailable(records: Iterable[Record]) -> tuple[Unavailable, ...]:
    found: dict[tuple[str, str], Unavailable] = {}
    entries = sorted(
        (entry for record in records for entry in record.unavailable),
        key=lambda entry: (entry.backend, entry.device, entry.reason),
    )
    for entry in entries:
        found.setdefault((entry.backend, entry.device), entry)
    return tuple(found.values())


def _target(name: str, records: Iterable[Record], date: str) -> Target:
    results = [
        (record.environment.date, record.targets[name])
        for record in records
        if name in record.targets
    ]
    cells: dict[tuple[str, str], list[tuple[str, Cell]]] = {}
    for record_date, target in results:
        for cell in target.cells:
            cells.setdefault((cell.backend, cell.device), []).append(
                (cell.date or record_date, cell)
            )
    return Target(
        kind=target_kind(target.kind for _, target in results),
        cells=tuple(_dated(*newest(cells[key]), date) for key in sorted(cells)),
    )


def _dated(cell_date: str, cell: Cell, record_date: str) -> Cell:
    """Return a cell that has its own date only if it differs from the record's."""
    date = None if cell_date == record_date else cell_date
    return cell if cell.date == date else replace(cell, date=date)
