"""The section "Limits" below a table: arguments that fail on some libraries, with a call each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docutils import nodes

from sphinx_xpcaps.render.words import _, device_word, mode_word, reason_words, translated
from sphinx_xpcaps.results.labels import one_line, title
from sphinx_xpcaps.results.limits import Failure, Limit, limits
from sphinx_xpcaps.results.view import TableCell

INPUTS = ("integer input", "float32 input", "complex input")
"""Causes that are words, not code."""


def limits_section(cells: Sequence[TableCell]) -> list[nodes.Element]:
    """Return a title and an item for each argument that makes calls fail; nothing if none does."""
    found = limits(cells)
    if not found:
        return []
    several = len({failure.column for limit in found for failure in limit.failures}) > 1
    items = [nodes.list_item("", *_item(limit, several)) for limit in found]
    return [
        nodes.rubric("", str(_("Limits")), classes=["xpcaps-limits-title"]),
        nodes.bullet_list("", *items, bullet="*", classes=["xpcaps-limits"]),
    ]


def _item(limit: Limit, several: bool) -> Iterator[nodes.Element]:
    name = (
        nodes.strong("", translated(limit.cause))
        if limit.cause in INPUTS
        else nodes.literal("", one_line(limit.cause, 120))
    )
    where = (_place(failure, several) for failure in limit.failures)
    text = str(_("fails on {libraries}")).format(libraries=", ".join(dict.fromkeys(where)))
    yield nodes.paragraph("", "", name, nodes.Text(f" {text}"))
    examples = [_example(failure, several) for failure in limit.failures if failure.reason.call]
    if examples:
        yield nodes.bullet_list("", *examples, bullet="*")


def _place(failure: Failure, several: bool) -> str:
    details = [device_word(failure.column)] if several else []
    if failure.reason.mode != "eager":
        details.append(mode_word(failure.reason.mode))
    name = title(failure.backend)
    return f"{name} ({', '.join(details)})" if details else name


def _example(failure: Failure, several: bool) -> nodes.list_item:
    reason = failure.reason
    line = nodes.paragraph("", f"{_place(failure, several)}: ")
    line += [nodes.literal("", one_line(reason.call or "", 120)), nodes.Text(" ")]
    line += nodes.Text(one_line(reason_words(reason)))
    return nodes.list_item("", line)
