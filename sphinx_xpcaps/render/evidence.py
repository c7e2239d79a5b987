"""Below a table: where it was measured, and what happened case by case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from docutils import nodes

from sphinx_xpcaps.render.symbol import mark
from sphinx_xpcaps.results.labels import (
    DEVICES,
    MODES,
    ORIGINS,
    WORDS,
    one_line,
    title,
    version,
    what_happened,
)
from sphinx_xpcaps.results.merge import Seen
from sphinx_xpcaps.results.model import Cell, Environment, Package, Reason, Status
from sphinx_xpcaps.results.view import Shown


def where(cells: Sequence[Shown]) -> list[nodes.paragraph]:
    """Return a line per environment in which `cells` were measured."""
    groups: list[tuple[Environment, Package | None, list[Shown]]] = []
    for shown in cells:
        if shown.environment is None or not shown.cell.status.measured:
            continue
        for environment, _, group in groups:
            if environment == shown.environment:
                group.append(shown)
                break
        else:
            groups.append((shown.environment, shown.package, [shown]))
    lines = (_where(*group, alone=len(groups) == 1) for group in groups)
    return [nodes.paragraph("", line, classes=["xpcaps-where"]) for line in lines]


def _where(
    environment: Environment, package: Package | None, cells: Sequence[Shown], *, alone: bool
) -> str:
    libraries = dict.fromkeys(shown.cell.backend for shown in cells)
    named = [f"{title(name)} {version(name, environment) or ''}".strip() for name in libraries]
    devices = dict.fromkeys(DEVICES.get(shown.cell.device, shown.cell.device) for shown in cells)
    what = f"{package.name} {package.version}" if package and package.version else "Measured"
    verb = " measured" if what != "Measured" else ""
    on = "" if alone else f" on {' and '.join(devices)}"
    machine = [f"Python {environment.python}", environment.platform, environment.accelerator]
    variables = [f"{name}={value}" for name, value in sorted(environment.variables.items())]
    parts = [", ".join(named), ", ".join(part for part in machine if part), ", ".join(variables)]
    said = "; ".join(part for part in parts if part)
    return f"{what}{verb}{on} {environment.date} with {said}."


def how(cells: Sequence[Shown]) -> list[nodes.Element]:
    """Return what happened on each library, and why others were not measured."""
    items = [
        nodes.list_item("", *_item(shown))
        for shown in cells
        if shown.cell.status != Status.NOT_APPLICABLE
    ]
    return [nodes.bullet_list("", *items, bullet="*")] if items else []


def _item(shown: Shown) -> Iterator[nodes.Element]:
    cell = shown.cell
    device = DEVICES.get(cell.device, cell.device)
    line = nodes.paragraph("", "", nodes.strong("", f"{title(cell.backend)}, {device}"))
    if cell.status.measured:
        line += [nodes.Text(": "), *_modes(cell), nodes.Text(_counts(cell))]
    else:
        line += nodes.Text(f": not measured{_why_not(cell)}.")
    yield line
    bullets = [
        *_needs(cell),
        *(_reason(reason) for reason in _failures(cell)),
        *map(_other, shown.others),
    ]
    if bullets:
        yield nodes.bullet_list("", *bullets, bullet="*")


def _modes(cell: Cell) -> Iterator[nodes.Node]:
    for index, (mode, status) in enumerate(cell.modes.items()):
        yield nodes.Text(f"{', ' if index else ''}{MODES.get(mode, mode)} ")
        yield mark(status)
    if cell.modes:
        yield nodes.Text(". ")


def _counts(cell: Cell) -> str:
    origin = f" from {ORIGINS.get(cell.origin, cell.origin)}" if cell.origin else ""
    cases = "case" if cell.total == 1 else "cases"
    said = f"{cell.passed} of {cell.total} {cases}{origin} passed."
    if cell.computes:
        said += f" Computed its graph {_times(cell.computes)}."
    if cell.host_transfer:
        said += " Moved its arrays through the host."
    return said


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _why_not(cell: Cell) -> str:
    said = [one_line(reason.message) for reason in cell.reasons if reason.message]
    return f", as {said[0]}" if said else ""


def _failures(cell: Cell) -> Iterable[Reason]:
    return cell.reasons if cell.status.measured else ()


def _reason(reason: Reason) -> nodes.list_item:
    line = nodes.paragraph("", f"{MODES.get(reason.mode, reason.mode)}: ")
    if reason.call:
        line += [nodes.literal("", one_line(reason.call, 120)), nodes.Text(" ")]
    line += nodes.Text(what_happened(reason))
    return nodes.list_item("", line)


def _needs(cell: Cell) -> Iterator[nodes.list_item]:
    """Say which functions of the standard a traced call needs."""
    if cell.graph is None or not cell.graph.functions:
        return
    line = nodes.paragraph("", "Needs of the array API standard: ")
    for i, name in enumerate(cell.graph.functions):
        line += [nodes.Text(", " if i else ""), nodes.literal("", name)]
    yield nodes.list_item("", line)


def _other(seen: Seen) -> nodes.list_item:
    """Say what another environment, or an older version, gave."""
    cell, environment = seen.cell, seen.environment
    notes = f" ({'; '.join(cell.notes)})" if cell.notes else ""
    library = f"{title(cell.backend)} {version(cell.backend, environment) or ''}".strip()
    package = f"{seen.package.name} {seen.package.version}" if seen.package.version else ""
    where = ", ".join(
        part for part in (package, library, environment.platform, environment.accelerator) if part
    )
    line = f"{environment.date}, {where}: {WORDS[cell.status]}{notes}"
    return nodes.list_item("", nodes.paragraph("", line))
