"""The evidence below a table: where it was measured, and the results for each backend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docutils import nodes

from sphinx_xpcaps.render.case_results import cases
from sphinx_xpcaps.render.cells import status_symbol
from sphinx_xpcaps.render.words import (
    _,
    device_word,
    mode_word,
    note_words,
    origin_words,
    plural,
    status_word,
)
from sphinx_xpcaps.results.labels import one_line, title, version
from sphinx_xpcaps.results.model import Cell, Environment, Package, Status
from sphinx_xpcaps.results.sources import RecordedCell
from sphinx_xpcaps.results.view import TableCell


def provenance(cells: Sequence[TableCell]) -> list[nodes.paragraph]:
    """Return a line for each environment in which cells were measured."""
    groups: list[tuple[Environment, Package | None, list[TableCell]]] = []
    for shown in cells:
        if shown.environment is None or not shown.cell.status.measured:
            continue
        for environment, _package, group in groups:
            if environment == shown.environment:
                group.append(shown)
                break
        else:
            groups.append((shown.environment, shown.package, [shown]))
    lines = (_provenance(*group, alone=len(groups) == 1) for group in groups)
    return [nodes.paragraph("", line, classes=["xpcaps-where"]) for line in lines]


def _provenance(
    environment: Environment, package: Package | None, cells: Sequence[TableCell], *, alone: bool
) -> str:
    libraries = dict.fromkeys(shown.cell.backend for shown in cells)
    named = [f"{title(name)} {version(name, environment) or ''}".strip() for name in libraries]
    devices = dict.fromkeys(device_word(shown.cell.device) for shown in cells)
    machine = [f"Python {environment.python}", environment.platform, environment.accelerator]
    variables = [f"{name}={value}" for name, value in sorted(environment.variables.items())]
    parts = [", ".join(named), ", ".join(part for part in machine if part), ", ".join(variables)]
    known = package is not None and package.version
    if known and alone:
        text = _("{package} measured {date} with {details}.")
    elif known:
        text = _("{package} measured on {devices} {date} with {details}.")
    elif alone:
        text = _("Measured {date} with {details}.")
    else:
        text = _("Measured on {devices} {date} with {details}.")
    return str(text).format(
        package=f"{package.name} {package.version}" if package else "",
        devices=str(_(" and ")).join(devices),
        date=environment.date,
        details="; ".join(part for part in parts if part),
    )


def results(
    cells: Sequence[TableCell],
    *,
    only_failures: bool = False,
    with_programs: bool = False,
    body: Sequence[nodes.Node] = (),
) -> list[nodes.Element]:
    """Return the results for each backend, or why it was not measured.

    Parameters
    ----------
    cells : sequence of TableCell
    only_failures : bool, optional
        Whether to leave out what passes or was not measured.
    with_programs : bool, optional
        Whether to add a folded program to each case.
    body : sequence of Node, optional
        The page with the code of the cases, if it is on another page.
    """
    items = [
        nodes.list_item("", *_item(shown, body, only_failures, with_programs))
        for shown in cells
        if shown.cell.status != Status.NOT_APPLICABLE
        and not (only_failures and not _fails(shown.cell))
    ]
    return [nodes.bullet_list("", *items, bullet="*")] if items else []


def _fails(cell: Cell) -> bool:
    return cell.status.measured and cell.status is not Status.SUPPORTED


def _item(
    shown: TableCell, body: Sequence[nodes.Node], only_failures: bool, with_programs: bool
) -> Iterator[nodes.Element]:
    cell = shown.cell
    name = f"{title(cell.backend)}, {device_word(cell.device)}"
    line = nodes.paragraph("", "", nodes.strong("", name))
    if cell.status.measured:
        line += [nodes.Text(": "), *_modes(cell), *_counts(cell, body)]
    else:
        line += nodes.Text(f": {status_word(cell.status)}{_not_measured_reason(cell)}.")
    yield line
    bullets = [
        *_functions(cell),
        *cases(shown, only_failures=only_failures, with_programs=with_programs),
        *_history(shown),
        *map(_other_measurement, shown.others),
    ]
    if bullets:
        yield nodes.bullet_list("", *bullets, bullet="*")


def _modes(cell: Cell) -> Iterator[nodes.Node]:
    for index, (mode, status) in enumerate(cell.modes.items()):
        yield nodes.Text(f"{', ' if index else ''}{mode_word(mode)} ")
        yield status_symbol(status)
    if cell.modes:
        yield nodes.Text(". ")


def _counts(cell: Cell, body: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    """Return how many cases passed, and where they come from."""
    total = plural("{count} case", "{count} cases", cell.total)
    if not cell.origin:
        yield nodes.Text(
            str(_("{passed} of {cases} passed.")).format(passed=cell.passed, cases=total)
        )
    else:
        origin = origin_words(cell.origin)
        elsewhere = bool(body) and cell.origin == "directive"
        if elsewhere:
            origin = str(_("the code on the page {page}"))
        words = str(_("{passed} of {cases} from {origin} passed."))
        text = words.format(passed=cell.passed, cases=total, origin=origin)
        before, _found, after = text.partition("{page}")
        yield nodes.Text(before)
        if elsewhere:
            yield from (node.deepcopy() for node in body)
        yield nodes.Text(after)
    text = ""
    if cell.computes:
        times = plural("once", "{count} times", cell.computes)
        text += " " + str(_("Computed its graph {times}.")).format(times=times)
    if cell.host_transfer:
        text += " " + str(_("Converted arrays to NumPy arrays."))
    yield nodes.Text(text)


def _not_measured_reason(cell: Cell) -> str:
    messages = [one_line(reason.message) for reason in cell.reasons if reason.message]
    return f" ({messages[0]})" if messages else ""


def _functions(cell: Cell) -> Iterator[nodes.list_item]:
    """Return the functions of the array API standard that a traced call uses, if known."""
    if cell.graph is None or not cell.graph.functions:
        return
    line = nodes.paragraph("", str(_("Functions of the array API standard that it calls:")) + " ")
    for i, name in enumerate(cell.graph.functions):
        line += [nodes.Text(", " if i else ""), nodes.literal("", name)]
    yield nodes.list_item("", line)


def _history(shown: TableCell) -> Iterator[nodes.list_item]:
    """Return the results by version, if several versions were measured."""
    if shown.history:
        text = str(_("By version: {history}.")).format(history=one_line(shown.history, 500))
        yield nodes.list_item("", nodes.paragraph("", text))


def _other_measurement(seen: RecordedCell) -> nodes.list_item:
    """Return the result in another environment or with an older version."""
    cell, environment = seen.cell, seen.environment
    notes = f" ({'; '.join(map(note_words, cell.notes))})" if cell.notes else ""
    library = f"{title(cell.backend)} {version(cell.backend, environment) or ''}".strip()
    package = f"{seen.package.name} {seen.package.version}" if seen.package.version else ""
    where = ", ".join(
        part for part in (package, library, environment.platform, environment.accelerator) if part
    )
    line = f"{environment.date}, {where}: {status_word(cell.status)}{notes}"
    return nodes.list_item("", nodes.paragraph("", line))
