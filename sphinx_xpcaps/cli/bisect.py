"""The option ``history --bisect``: find the release in which a cell changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import click

from core.backends import get_backend
from sphinx_xpcaps.cli.records import fail
from sphinx_xpcaps.cli.virtual_environments import keep, measure_entry
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.results.history import History, histories
from sphinx_xpcaps.results.labels import cell_text
from sphinx_xpcaps.results.model import Cell, Record, Status
from sphinx_xpcaps.results.separate import library_name
from sphinx_xpcaps.results.sources import parsed
from sphinx_xpcaps.virtual_environments.bisect import Change, find_change
from sphinx_xpcaps.virtual_environments.create import CreateError
from sphinx_xpcaps.virtual_environments.measure import MeasureError
from sphinx_xpcaps.virtual_environments.releases import ReleasesError, releases
from sphinx_xpcaps.virtual_environments.requirements import parse

Result: TypeAlias = tuple[Status, tuple[str, ...]]
"""Status and notes of a cell."""


def bisect(
    target: str,
    backend: str,
    records: Sequence[Record],
    *,
    others: str = "",
    variables: dict[str, str],
    inherits: bool,
    output: Path | None,
) -> None:
    """Print the release of a backend's library in which the cell of a target changed.

    Parameters
    ----------
    target, backend : str
        The cell, on the CPU.
    records : sequence of Record
        Their results are used, and need not be measured again.
    others : str
        Further requirements of all environments.
    variables : dict
        Environment variables; by default those of the records.
    inherits : bool
        Whether environments use the packages of this one.
    output : Path, optional
        A file to add the measurements to.
    """
    adapter = get_backend(backend)
    library = (adapter.distributions or (adapter.name,))[0]
    known_history = _history(records, target, backend)
    known = _known(known_history)
    config = Config(backends=[backend], environment=variables or _variables(records, target))
    tried: list[str] = []

    def measure(release: str) -> Result | None:
        tried.append(release)
        entry = parse(f"{library}=={release} {others}")
        try:
            record = measure_entry(entry, [target], config, inherits=inherits)
        except (CreateError, MeasureError) as error:
            click.echo(f"{library} {release}: {error}", err=True)
            return None
        if output is not None:
            keep([record], output)
        found = record.targets.get(target)
        cell = next((c for c in found.cells if c.device == "cpu"), None) if found else None
        if cell is None or not cell.status.measured:
            click.echo(f"{library} {release}: not measured", err=True)
            return None
        click.echo(f"{library} {release}: {cell_text(cell)}", err=True)
        return cell.status, cell.notes

    try:
        available = releases(library)
    except ReleasesError as error:
        fail(str(error))
    change = find_change(_between(available, known_history), measure, known)
    if change is None:
        fail(f"{target}: no release of {library} can be measured")
    click.echo(f"{target}: {_sentence(change, library_name(library))}")
    count = len(tried)
    click.echo(f"{count} {'release was' if count == 1 else 'releases were'} measured now")


def _history(records: Sequence[Record], target: str, backend: str) -> History | None:
    """Return the history of the cell on the CPU by versions of the backend."""
    found = (one for one in histories(records, target) if one.backend == backend)
    return next((one for one in found if one.device == "cpu" and one.library == backend), None)


def _known(history: History | None) -> dict[str, Result]:
    """Return the results by version that records have."""
    if history is None:
        return {}
    ends = [(v, span.cell) for span in history.spans for v in (span.first, span.last)]
    return {version: (cell.status, cell.notes) for version, cell in ends}


def _between(available: list[str], history: History | None) -> list[str]:
    """Return the releases among which the last change must be."""
    if history is None:
        return available
    newest = history.spans[-1].first
    oldest = history.spans[-2].last if len(history.spans) > 1 else None
    every = sorted({*available, newest, *([oldest] if oldest else [])}, key=parsed)
    start = every.index(oldest) if oldest else 0
    return every[start : every.index(newest) + 1]


def _variables(records: Sequence[Record], target: str) -> dict[str, str]:
    """Return the environment variables of the newest record of a target."""
    of_target = [record for record in records if target in record.targets]
    newest = max(of_target, key=lambda record: record.environment.date, default=None)
    return dict(newest.environment.variables) if newest else {}


def _sentence(change: Change[Result], library: str) -> str:
    present = _text(change.present)
    if change.before is None or change.earlier is None:
        return f"{present} with all releases from {library} {change.since}"
    text = f"{_text(change.earlier)} until {library} {change.before}, "
    text += f"{present} since {library} {change.since}"
    if change.unknown:
        text += f" ({', '.join(change.unknown)} cannot be measured)"
    return text


def _text(result: Result) -> str:
    status, notes = result
    return cell_text(Cell(backend="", device="cpu", status=status, notes=notes))
