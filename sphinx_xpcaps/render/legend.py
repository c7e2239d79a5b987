"""The legend: the symbols and notes that occur in tables, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from docutils import nodes

from sphinx_xpcaps.render.cells import paragraph, status_symbol
from sphinx_xpcaps.render.explanations import EXPECTED, OUTDATED, note_meaning, status_meaning
from sphinx_xpcaps.render.words import note_words, status_word, translated
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.view import TableCell


def legend(cells: Iterable[TableCell]) -> nodes.bullet_list:
    """Return what the statuses and notes of cells mean, each once."""
    cells = list(cells)
    found = nodes.bullet_list("", bullet="*", classes=["xpcaps-legend"])
    found += [nodes.list_item("", line) for line in _lines(cells)]
    return found


def _lines(cells: list[TableCell]) -> Iterator[nodes.paragraph]:
    statuses = {shown.cell.status for shown in cells}
    for status in Status:
        if status in statuses:
            word = nodes.strong("", status_word(status))
            symbol: list[str | nodes.Node] = []
            if status is not Status.NOT_APPLICABLE:  # its symbol is its word
                drawn = status_symbol(status)
                drawn["decorative"] = True
                symbol = [drawn, " "]
            yield paragraph(*symbol, word, f": {status_meaning(status)}")
    meanings: dict[str, str] = {}
    for note in (note for shown in cells for note in shown.cell.notes):
        if meaning := note_meaning(note):
            meanings.setdefault(meaning, note_words(note))
    for meaning, words in meanings.items():
        yield paragraph(nodes.strong("", words), f": {meaning}")
    if any(shown.outdated for shown in cells):
        yield _line(translated("outdated"), OUTDATED)
    if any(shown.cell.expected and not shown.cell.status.measured for shown in cells):
        yield _line(translated("expected"), EXPECTED)


def _line(word: str, meaning: str) -> nodes.paragraph:
    return paragraph(nodes.strong("", word), f": {translated(meaning)}")
