"""The words that readers see, in the language of the documentation.

Records contain English. Notes are parsed, and put together again from translated parts.
"""

from __future__ import annotations

import re

from sphinx.locale import get_translation, get_translator

from core.notes import DtypeChange, MissingFunctions, Note, QualifiedNote, parse_note
from sphinx_xpcaps.results.labels import (
    DEVICES,
    MODES,
    ORIGINS,
    OUTCOMES,
    STATUSES,
    one_line,
    short_reason,
)
from sphinx_xpcaps.results.model import Cell, Outcome, Reason, Status

CATALOG = "xpcaps"
"""Name of the message catalogues in ``locales``."""

_ = get_translation(CATALOG)

KNOWN_REASONS = (
    "no case",
    "not installed",
    "in no record yet",
    "no CUDA device",
    "no GPU or TPU that it can use",
)
"""Common reasons why a cell was not measured; others are shown in English."""

_LIBRARY_NEEDED = re.compile(r"needs (\S+)")
_ARRAYS_RETURNED = re.compile(r"returns (\S+) arrays")
_WORKS_WITHOUT = re.compile(r"works without (.+)")
_FAILS_WITH = re.compile(r"fails with (.+)")
"""Notes and details of notes that records store as text. They are recognized to be translated."""


def translated(text: str) -> str:
    """Return a text that is in the catalogues, translated."""
    return str(_(text))


def plural(singular: str, several: str, count: int) -> str:
    """Return one of two texts, translated, with the count in place of ``{count}``."""
    text = get_translator(CATALOG, "general").ngettext(singular, several, count)
    return text.format(count=count)


def status_word(status: Status) -> str:
    """Return the word for a status."""
    return translated(STATUSES[status])


def device_word(device: str) -> str:
    """Return the word for a device, or its name if it is unknown."""
    return translated(DEVICES[device]) if device in DEVICES else device


def mode_word(mode: str) -> str:
    """Return the word for a mode, or its name if it is unknown."""
    return translated(MODES[mode]) if mode in MODES else mode


def origin_words(origin: str) -> str:
    """Return where cases come from, as part of a sentence."""
    return translated(ORIGINS[origin]) if origin in ORIGINS else origin


def note_words(text: str) -> str:
    """Return a note of a record, translated if it is of the closed vocabulary."""
    note = parse_note(text)
    if isinstance(note, Note):
        return translated(note.value)
    if isinstance(note, QualifiedNote):
        return _qualified(note)
    if isinstance(note, MissingFunctions):
        words = _("needs {functions}, which {library} lacks")
        return str(words).format(functions=", ".join(note.functions), library=note.library)
    if isinstance(note, DtypeChange):
        return str(note)
    if found := _LIBRARY_NEEDED.fullmatch(text):
        return str(_("needs {library}")).format(library=found[1])
    if found := _ARRAYS_RETURNED.fullmatch(text):
        return str(_("returns {library} arrays")).format(library=found[1])
    return text


def _qualified(note: QualifiedNote) -> str:
    cases = ""
    if note.count is not None:
        cases = str(_("{passed} of {total} cases")).format(passed=note.count, total=note.total)
    if note.note is Note.CASES:
        text = cases
    elif cases:
        words = str(_("{note} in {cases}"))
        text = words.format(note=translated(note.note.value), cases=cases)
    else:
        text = translated(note.note.value)
    detail = note.detail
    if found := _WORKS_WITHOUT.fullmatch(detail):
        detail = str(_("works without {argument}")).format(argument=found[1])
    elif found := _FAILS_WITH.fullmatch(detail):
        detail = str(_("fails with {argument}")).format(argument=found[1])
    return f"{text}: {detail}" if detail else text


def unmeasured_words(cell: Cell) -> str:
    """Return briefly why a cell was not measured."""
    reason = short_reason(cell)
    return translated(reason) if reason in KNOWN_REASONS else reason


def reason_words(reason: Reason) -> str:
    """Return a reason as part of a sentence."""
    message = one_line(reason.message)
    if reason.outcome == Outcome.RAISED and not reason.exception and message:
        return message
    if reason.outcome == Outcome.RAISED:
        exception = reason.exception or _("an exception")
        text = str(_("raised {exception}")).format(exception=exception)
    elif reason.outcome in OUTCOMES:
        text = translated(OUTCOMES[reason.outcome])
    else:
        text = str(reason.outcome)
    return f"{text}: {message}" if message else text
