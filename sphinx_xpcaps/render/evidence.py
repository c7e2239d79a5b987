"""The evidence below a table: where it was measured, and the results for each backend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from docutils import nodes

from sphinx_xpcaps.render.cells import status_symbol
from sphinx_xpcaps.results.labels import (
    DEVICES,
    MODES,
    ORIGINS,
    STATUSES,
    one_line,
    reason_text,
    title,
    version,
)
from sphinx_xpcaps.results.model import Cell, Environment, Package, Reason, Status
from sphinx_xpcaps.results.sources import Seen
from sphinx_xpcaps.results.view import Shown


def provenance(cells: Sequence[Shown]) -> list[nodes.paragraph]:
    """Return a line for each environment in which cells were measured."""
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
    lines = (_provenance(*group, alone=len(groups) == 1) for group in groups)
    return [nodes.paragraph("", line, classes=["xpcaps-where"]) for line in lines]


def _provenance(
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
    details = "; ".join(part for part in parts if part)
    return f"{what}{verb}{on} {environment.date} with {details}."


def results(cells: Sequence[Shown]) -> list[nodes.Element]:
    """Return the results for each backend, or why it was not measured."""
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
        line += nodes.Text(f": not measured{_not_measured_reason(cell)}.")
    yield line
    bullets = [
        *_functions(cell),
        *(_reason(reason) for reason in _failures(cell)),
        *map(_other_measurement, shown.others),
    ]
    if bullets:
        yield nodes.bullet_list("", *bullets, bullet="*")


def _modes(cell: Cell) -> Iterator[nodes.Node]:
    for index, (mode, status) in enumerate(cell.modes.items()):
        yield nodes.Text(f"{', ' if index else ''}{MODES.get(mode, mode)} ")
        yield status_symbol(status)
    if cell.modes:
        yield nodes.Text(". ")


def _counts(cell: Cell) -> str:
    origin = f" from {ORIGINS.get(cell.origin, cell.origin)}" if cell.origin else ""
    cases = "case" if cell.total == 1 else "cases"
    text = f"{cell.passed} of {cell.total} {cases}{origin} passed."
    if cell.computes:
        text += f" Computed its graph {_times(cell.computes)}."
    if cell.host_transfer:
        text += " Converted arrays to NumPy arrays."
    return text


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _not_measured_reason(cell: Cell) -> str:
    messages = [one_line(reason.message) for reason in cell.reasons if reason.message]
    return f" ({messages[0]})" if messages else ""


def _failures(cell: Cell) -> Iterable[Reason]:
    return cell.reasons if cell.status.measured else ()


def _reason(reason: Reason) -> nodes.list_item:
    line = nodes.paragraph("", f"{MODES.get(reason.mode, reason.mode)}: ")
    if reason.call:
        line += [nodes.literal("", one_line(reason.call, 120)), nodes.Text(" ")]
    line += nodes.Text(reason_text(reason))
    return nodes.list_item("", line)


def _functions(cell: Cell) -> Iterator[nodes.list_item]:
    """Return the functions of the array API standard that a traced call uses, if known."""
    if cell.graph is None or not cell.graph.functions:
        return
    line = nodes.paragraph("", "Functions of the array API standard that it calls: ")
    for i, name in enumerate(cell.graph.functions):
        line += [nodes.Text(", " if i else ""), nodes.literal("", name)]
    yield nodes.list_item("", line)


def _other_measurement(seen: Seen) -> nodes.list_item:
    """Return the result in another environment or with an older version."""
    cell, environment = seen.cell, seen.environment
    notes = f" ({'; '.join(cell.notes)})" if cell.notes else ""
    library = f"{title(cell.backend)} {version(cell.backend, environment) or ''}".strip()
    package = f"{seen.package.name} {seen.package.version}" if seen.package.version else ""
    where = ", ".join(
        part for part in (package, library, environment.platform, environment.accelerator) if part
    )
    line = f"{environment.date}, {where}: {STATUSES[cell.status]}{notes}"
    return nodes.list_item("", nodes.paragraph("", line))
