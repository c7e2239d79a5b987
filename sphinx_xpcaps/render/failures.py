"""What fails on each library and why: functions with the same note, together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docutils import nodes

from core.notes import Note, QualifiedNote, parse_note
from sphinx_xpcaps.render.explanations import note_meaning
from sphinx_xpcaps.render.nodes import block, details
from sphinx_xpcaps.render.summary import Link
from sphinx_xpcaps.render.words import _, note_words, plural, status_word
from sphinx_xpcaps.results.labels import title
from sphinx_xpcaps.results.model import Cell, Status
from sphinx_xpcaps.results.view import Table

FAILING = frozenset({Status.PARTIAL, Status.UNSUPPORTED})
"""Statuses whose notes are reasons."""


def failures(tables: Sequence[Table], link: Link) -> list[nodes.Element]:
    """Return a folded list of reasons for each library on which any function fails.

    Parameters
    ----------
    tables : sequence of Table
        All tables, sorted by target.
    link : callable
        Returns the name of a target, linked to its description.
    """
    by_backend: dict[str, dict[str, list[Table]]] = {}
    for table in tables:
        for backend, note in dict.fromkeys(_reasons(table)):
            by_backend.setdefault(backend, {}).setdefault(note, []).append(table)
    if not by_backend:
        return []
    return [
        nodes.rubric("", str(_("What fails, and why"))),
        *(_library(backend, reasons, link) for backend, reasons in sorted(by_backend.items())),
    ]


def _reasons(table: Table) -> Iterable[tuple[str, str]]:
    for shown in table.cells:
        cell = shown.cell
        if cell.status in FAILING:
            for note in cell.notes or (_without_note(cell),):
                yield cell.backend, _unqualified(note)


def _unqualified(text: str) -> str:
    """Return a note without what differs from function to function."""
    note = parse_note(text)
    return note.note.value if isinstance(note, QualifiedNote) else text


def _without_note(cell: Cell) -> str:
    return next((r.exception for r in cell.reasons if r.exception), status_word(cell.status))


def _library(backend: str, reasons: dict[str, list[Table]], link: Link) -> nodes.Element:
    functions = {table.target for tables in reasons.values() for table in tables}
    count = plural("{count} function", "{count} functions", len(functions))
    items = nodes.bullet_list(bullet="*")
    for note, tables in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        items += nodes.list_item("", *_reason(note, tables, link))
    content = block(classes=["xpcaps-reasons"])
    content += items
    return details("", content, summary=f"{title(backend)}: {count}", classes=["xpcaps-how"])


def _reason(note: str, tables: Sequence[Table], link: Link) -> list[nodes.Element]:
    count = plural("{count} function", "{count} functions", len(tables))
    words = str(_("some cases")) if note == Note.CASES else note_words(note)
    line = nodes.paragraph("", "", nodes.strong("", words), nodes.Text(f" ({count})"))
    if meaning := note_meaning(note):
        line += nodes.Text(f": {meaning}")
    names = nodes.paragraph()
    for index, table in enumerate(tables):
        names += [nodes.Text(", " if index else ""), link(table)]
    return [line, names]
