"""The cases of a cell: each call with what happened, and a program that repeats it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from docutils import nodes

from sphinx_xpcaps.render.nodes import details
from sphinx_xpcaps.render.program import program
from sphinx_xpcaps.render.words import _, mode_word, reason_words
from sphinx_xpcaps.results.labels import one_line
from sphinx_xpcaps.results.model import Reason, RecordedCase
from sphinx_xpcaps.results.view import TableCell


def cases(
    shown: TableCell, *, only_failures: bool, with_programs: bool
) -> Iterator[nodes.list_item]:
    """Yield an item for each case, and for each failure that belongs to no case.

    Parameters
    ----------
    shown : TableCell
        A cell.
    only_failures : bool
        Whether to leave out the cases that pass.
    with_programs : bool
        Whether to add a folded program to each case.
    """
    cell = shown.cell
    if not cell.status.measured:
        return
    for reason in cell.reasons:
        if reason.case is None or reason.case >= len(cell.cases):
            yield nodes.list_item("", _failure(reason))
    for number, case in enumerate(cell.cases):
        reasons = [reason for reason in cell.reasons if reason.case == number]
        if reasons or not only_failures:
            yield _case(shown, case, reasons, with_programs)


def _failure(reason: Reason) -> nodes.paragraph:
    line = nodes.paragraph("", f"{mode_word(reason.mode)}: ")
    if reason.call:
        line += [nodes.literal("", one_line(reason.call, 120)), nodes.Text(" ")]
    line += nodes.Text(reason_words(reason))
    return line


def _case(
    shown: TableCell, case: RecordedCase, reasons: Sequence[Reason], with_programs: bool
) -> nodes.list_item:
    line = nodes.paragraph("", "", nodes.literal("", one_line(case.call, 120)))
    item = nodes.list_item("", line)
    if not reasons:
        line += nodes.Text(f": {_('passed')}")
    elif len(reasons) == 1:
        line += nodes.Text(f": {_outcome(reasons[0])}")
    else:
        failures = [nodes.list_item("", nodes.paragraph("", _outcome(each))) for each in reasons]
        item += nodes.bullet_list("", *failures, bullet="*")
    if with_programs:
        item += _folded_program(shown, case, reasons)
    return item


def _outcome(reason: Reason) -> str:
    variant = f", {reason.variant}" if reason.variant else ""
    return f"{mode_word(reason.mode)}{variant}: {reason_words(reason)}"


def _folded_program(
    shown: TableCell, case: RecordedCase, reasons: Sequence[Reason]
) -> list[nodes.Element]:
    """Return a program that repeats the first failure, or else the call."""
    mode, variant = (reasons[0].mode, reasons[0].variant) if reasons else ("eager", None)
    assert shown.environment is not None  # it was measured
    text = program(case, shown.cell, shown.environment, mode=mode, variant=variant)
    if text is None:
        return []
    code = nodes.literal_block(text, text, language="python")
    words = json.dumps({"copy": str(_("Copy")), "copied": str(_("Copied"))})
    summary = str(_("Program"))
    return [details("", code, summary=summary, classes=["xpcaps-program"], words=words)]
