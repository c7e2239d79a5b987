"""Choose which of several measurements of a cell to show.

A measurement takes precedence over "not measured", and a current measurement over an outdated one.
Of the measurements in one environment, the newest is used. If environments disagree, the result
with the newest versions is shown, and the property that separates it from the others is added as a
note; if there is none, the cell is a conflict.

The result does not depend on the order of the measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sphinx_xpcaps.results.conflict import sides
from sphinx_xpcaps.results.labels import STATUSES
from sphinx_xpcaps.results.model import MEASURED, Cell, Status
from sphinx_xpcaps.results.separate import Separator, separator
from sphinx_xpcaps.results.sources import RecordedCell, content, newest_first, recency

_RANKS = {Status.SUPPORTED: 3, Status.PARTIAL: 2, Status.UNSUPPORTED: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The measurement to show, how old it is if outdated, and other measurements."""

    shown: RecordedCell
    outdated: str | None = None
    others: tuple[RecordedCell, ...] = ()
    """Measurements in other environments with another result, the newest versions first."""
    measured: tuple[RecordedCell, ...] = ()
    """All measurements, the newest versions first."""


def choose(seen: Sequence[RecordedCell], is_current: Callable[[RecordedCell], bool]) -> Choice:
    """Return the measurement to show; `seen` is not empty."""
    measured = [one for one in seen if one.cell.status in MEASURED]
    if not measured:
        return Choice(shown=_without_date(max(seen, key=_unmeasured_rank)))
    if len(measured) > 1:
        measured = _newest_versions_first(measured)
        if _all_agree(measured):
            # The usual case: `is_current` takes long, and one current measurement is enough.
            shown = next(filter(is_current, measured), None)
            return _choice(measured, shown or measured[0], is_outdated=shown is None)
    current = [one for one in measured if is_current(one)]
    if not current:
        shown, *others = _newest_of_each_environment(measured)
        return _choice(measured, shown, _differing(others, shown), is_outdated=True)
    known = {one.source.identity for one in current}
    superseded = [one for one in measured if one.source.identity not in known]
    agreed, differ = _agree(_newest_of_each_environment(current))
    differ += _differing(_newest_of_each_environment(superseded), current[0])
    return _choice(measured, agreed, differ)


def newest(cells: Iterable[tuple[str, Cell]]) -> tuple[str, Cell]:
    """Return the date and the cell that counts, of cells with dates from one environment."""
    return max(cells, key=lambda dated: (*rank_unmeasured(dated[1]), dated[0], content(dated[1])))


def rank_unmeasured(cell: Cell) -> tuple[bool, bool]:
    """Return a sort key: whether a cell was measured, and whether a status is expected."""
    return cell.status.measured, cell.expected is not None


def _choice(
    measured: Sequence[RecordedCell],
    shown: RecordedCell,
    others: Sequence[RecordedCell] = (),
    *,
    is_outdated: bool = False,
) -> Choice:
    return Choice(
        shown=_without_date(shown),
        outdated=_age(shown) if is_outdated else None,
        others=tuple(map(_without_date, others)),
        measured=tuple(measured),
    )


def _without_date(one: RecordedCell) -> RecordedCell:
    """Return `one` without the date of the cell, which is that of its environment too."""
    return one if one.cell.date is None else replace(one, cell=replace(one.cell, date=None))


def _unmeasured_rank(one: RecordedCell) -> tuple[bool, str, str, bytes]:
    environment = one.environment
    expected = one.cell.expected is not None
    return expected, environment.date, one.source.identity, content(one.cell)


def _newest_versions_first(seen: Sequence[RecordedCell]) -> list[RecordedCell]:
    backend = seen[0].cell.backend
    indices, has_ties = newest_first(tuple([one.source for one in seen]), backend)
    if has_ties:  # several results of one environment from one day
        return sorted(
            seen, key=lambda one: (recency(one.source, backend), content(one.cell)), reverse=True
        )
    return [seen[index] for index in indices]


def _all_agree(seen: Sequence[RecordedCell]) -> bool:
    first = seen[0].cell
    return all(
        one.cell.status is first.status and one.cell.notes == first.notes for one in seen[1:]
    )


def _newest_of_each_environment(seen: Iterable[RecordedCell]) -> list[RecordedCell]:
    """Return the first cell of each environment; within one, `seen` has the newest first."""
    found: dict[str, RecordedCell] = {}
    for one in seen:
        found.setdefault(one.source.identity, one)
    return list(found.values())


def _differing(seen: Iterable[RecordedCell], shown: RecordedCell) -> list[RecordedCell]:
    return [one for one in seen if one.status_and_notes != shown.status_and_notes]


def _agree(seen: list[RecordedCell]) -> tuple[RecordedCell, list[RecordedCell]]:
    """Return the first of `seen` with a note on where it applies, and those that differ."""
    first = seen[0]
    same = [one for one in seen if one.status_and_notes == first.status_and_notes]
    differ = _differing(seen, first)
    if not differ:
        return first, []
    found = separator(
        [one.facts for one in same],
        [one.facts for one in differ],
        backend=first.cell.backend,
        package=first.package.name,
    )
    if found:
        notes = (*first.cell.notes, _note(found, first, differ))
        return replace(first, cell=replace(first.cell, notes=notes)), differ
    cell = replace(first.cell, status=Status.CONFLICT, notes=tuple(sides(seen)))
    return replace(first, cell=cell), differ


def _note(found: Separator, shown: RecordedCell, differ: Sequence[RecordedCell]) -> str:
    """Return where the shown result holds, or until when there was a better one."""
    before = max(differ, key=lambda one: _RANKS.get(one.cell.status, 0)).cell.status
    if found.ended and _RANKS.get(before, 0) > _RANKS.get(shown.cell.status, 0):
        return f"{STATUSES[before]} {found.ended}"
    return found.text


def _age(one: RecordedCell) -> str:
    version = f" with {one.package.name} {one.package.version}" if one.package.version else ""
    return f"measured {one.environment.date}{version}"
