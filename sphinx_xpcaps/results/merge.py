"""Choose which of several measurements of a cell to show.

A measurement takes precedence over "not measured", and a current measurement over an outdated one.
Of the measurements in one environment, the newest is used. If environments disagree, the property
that separates them is added as a note; if there is none, the cell is a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sphinx_xpcaps.results.model import Cell, Environment, Package, Status
from sphinx_xpcaps.results.separate import separator


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The cell of one record, with the environment in which it was measured."""

    cell: Cell
    environment: Environment
    package: Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The measurement to show, how old it is if outdated, and other measurements."""

    seen: Seen
    outdated: str | None = None
    others: tuple[Seen, ...] = ()


def choose(seen: Sequence[Seen], is_current: Callable[[Seen], bool]) -> Choice:
    """Return the measurement to show; `seen` is not empty, and earlier items win ties."""
    measured = [one for one in seen if one.cell.status.measured]
    if not measured:
        return Choice(seen=_best_unmeasured(seen))
    current = [one for one in measured if is_current(one)]
    if not current:
        shown, *others = _newest_of_each_environment(measured)
        return Choice(seen=shown, outdated=_age(shown), others=tuple(others))
    superseded = [one for one in measured if one not in current]
    agreed, others = _agree(_newest_of_each_environment(current))
    others += _newest_of_each_environment(
        [one for one in superseded if _identity(one) not in map(_identity, current)]
    )
    return Choice(seen=agreed, others=tuple(others))


def _best_unmeasured(seen: Sequence[Seen]) -> Seen:
    """Return the newest unmeasured cell, if possible one with an expected status."""
    newest_first = sorted(seen, key=lambda one: one.environment.date, reverse=True)
    return min(newest_first, key=lambda one: one.cell.expected is None)


def _newest_of_each_environment(seen: Sequence[Seen]) -> list[Seen]:
    """Return the newest cell of each environment, newest first; the first if dates are equal."""
    found: list[Seen] = []
    for one in sorted(seen, key=lambda one: one.environment.date, reverse=True):
        if all(_identity(one) != _identity(other) for other in found):
            found.append(one)
    return found


def _identity(one: Seen) -> Environment:
    """Return the environment without its date."""
    return replace(one.environment, date="")


def _agree(seen: list[Seen]) -> tuple[Seen, list[Seen]]:
    """Return the newest of `seen` with a note on where it applies, and those that differ."""
    newest = seen[0]
    same = [one for one in seen if _verdict(one) == _verdict(newest)]
    differ = [one for one in seen if _verdict(one) != _verdict(newest)]
    if not differ:
        return newest, []
    note = separator(
        [one.environment for one in same],
        [one.environment for one in differ],
        backend=newest.cell.backend,
        package=newest.package.name,
    )
    if note:
        noted = replace(newest.cell, notes=(*newest.cell.notes, note))
        return replace(newest, cell=noted), differ
    sides = {_verdict(one): one for one in reversed(seen)}
    both = sorted(_side(one) for one in sides.values())
    cell = replace(newest.cell, status=Status.CONFLICT, notes=tuple(both))
    return replace(newest, cell=cell), differ


def _verdict(one: Seen) -> tuple[Status, tuple[str, ...]]:
    return one.cell.status, one.cell.notes


def _side(one: Seen) -> str:
    """Return the text of one side of a conflict."""
    where = one.environment
    version = where.packages.get(one.cell.backend)
    parts = [f"{one.cell.backend} {version}" if version else "", where.platform, where.date]
    notes = f" ({'; '.join(one.cell.notes)})" if one.cell.notes else ""
    return f"{one.cell.status}{notes} with {', '.join(part for part in parts if part)}"


def _age(one: Seen) -> str:
    version = f" with {one.package.name} {one.package.version}" if one.package.version else ""
    return f"measured {one.environment.date}{version}"
