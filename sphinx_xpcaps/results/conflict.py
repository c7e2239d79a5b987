"""Describe the sides of a conflict by the facts in which their environments differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sphinx_xpcaps.results.labels import STATUSES
from sphinx_xpcaps.results.model import Environment
from sphinx_xpcaps.results.separate import library_name, relevant_packages
from sphinx_xpcaps.results.sources import RecordedCell, StatusAndNotes
from sphinx_xpcaps.results.text import clean

_MOST_FACTS = 3
_MOST_VALUES = 4

Fact = tuple[str, ...]
"""The value of one property in each of several environments."""


def sides(seen: Sequence[RecordedCell]) -> list[str]:
    """Return a text for each result of a conflict, sorted.

    Parameters
    ----------
    seen : sequence of RecordedCell
        Measurements in different environments, with at least two results.
    """
    first = seen[0]
    environments = [one.facts for one in seen]
    facts = [
        fact
        for fact in _facts(environments, first.cell.backend, first.package.name)
        if len(set(fact)) > 1
    ][:_MOST_FACTS]
    by_result: dict[StatusAndNotes, list[int]] = {}
    for index, one in enumerate(seen):
        by_result.setdefault(one.status_and_notes, []).append(index)
    return sorted(
        clean(_side(status_and_notes, [_values([fact[i] for i in indices]) for fact in facts]))
        for status_and_notes, indices in by_result.items()
    )


def _side(status_and_notes: StatusAndNotes, facts: Sequence[str]) -> str:
    status, notes = status_and_notes
    text = STATUSES[status] + (f" ({'; '.join(notes)})" if notes else "")
    return f"{text} with {', '.join(facts)}" if facts else text


def _values(values: Sequence[str]) -> str:
    """Return the different values as one text."""
    named = list(dict.fromkeys(values))
    more = ["…"] if len(named) > _MOST_VALUES else []
    return " or ".join([*named[:_MOST_VALUES], *more])


def _facts(environments: Sequence[Environment], backend: str, package: str) -> Iterator[Fact]:
    """Yield the properties of the environments, likely causes first."""
    relevant = relevant_packages(environments, backend, package)
    for name in relevant:
        versions = [one.packages[name] for one in environments]
        if len(set(versions)) > 1:
            yield tuple(f"{library_name(name)} {version}" for version in versions)
    yield tuple(one.accelerator or "no accelerator" for one in environments)
    yield tuple(one.platform for one in environments)
    yield tuple(f"Python {one.python}" for one in environments)
    for name in sorted({name for one in environments for name in one.variables}):
        yield tuple(
            f"{name}={one.variables[name]}" if name in one.variables else f"no {name}"
            for one in environments
        )
    yield tuple(one.processor for one in environments)
    for name in sorted({name for one in environments for name in one.packages} - set(relevant)):
        yield tuple(
            f"{library_name(name)} {one.packages[name]}" if name in one.packages else f"no {name}"
            for one in environments
        )
    yield tuple(one.date for one in environments)
