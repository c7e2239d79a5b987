"""Notes on capabilities: the closed vocabulary of tables, records, declarations and tests.

A note says in a few words how a function is limited on an array library, such as ``no JIT``.
Records and declarations hold notes as text. Code creates them here and reads them with
`parse_note`, and compares the results instead of text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias


class Note(StrEnum):
    """A note without parameters, or the first part of a `QualifiedNote`."""

    # Modes
    NO_JIT = "no JIT"
    GRAPH_BREAKS = "graph breaks"
    COMPUTES_GRAPH = "computes graph"
    CANNOT_BE_TRACED = "cannot be traced"
    DATA_DEPENDENT = "data-dependent"
    NO_GRADIENT = "no gradient"
    WRONG_GRADIENT = "wrong gradient"
    NO_VMAP = "no vmap"
    WRONG_UNDER_VMAP = "wrong under vmap"

    # Dtypes
    FLOATING_ONLY = "floating only"
    REAL_ONLY = "real only"
    FLOAT64_ONLY = "float64 only"
    FLOAT32 = "float32"
    """Works with float32, in some cases only."""

    # Results
    RETURNS_NUMPY = "returns NumPy"
    RETURNS_PYTHON_NUMBERS = "returns Python numbers"
    WRONG_VALUES = "wrong values"

    # Calls without a result
    TIMEOUT = "timeout"
    CRASH = "crash"
    OUT_OF_MEMORY = "out of memory"
    FLAKY = "flaky"
    NOT_RUN = "not run"

    # How it was measured
    CASES = "cases"
    """Works in some cases only."""
    RANDOM = "values not compared: random"
    MADE_UP_DATA = "with made-up data"
    MADE_UP_CALLS = "made-up calls"

    # Where it works
    CONVERTS_TO_NUMPY = "converts to NumPy"
    NUMPY_ONLY = "works with NumPy only"
    CPU_ONLY = "works on a CPU only"


MODE_NOTES: Mapping[str, Note] = MappingProxyType(
    {
        "jit": Note.NO_JIT,
        "lazy": Note.COMPUTES_GRAPH,
        "trace": Note.CANNOT_BE_TRACED,
        "grad": Note.NO_GRADIENT,
        "vmap": Note.NO_VMAP,
    }
)
"""By mode, the note on a function that fails in it. An adapter may have another: `limits`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifiedNote:
    """A note that holds in some cases, or that has a detail.

    Parameters
    ----------
    note : Note
        The note.
    count, total : int, optional
        In how many of how many cases the note holds. Default: in all.
    detail : str, optional
        More about the note.

    Examples
    --------
    >>> from core.notes import Note, QualifiedNote
    >>> str(QualifiedNote(note=Note.NO_JIT, count=2, total=5))
    'no JIT in 2 of 5 cases'
    >>> str(QualifiedNote(note=Note.DATA_DEPENDENT, detail="conversion to NumPy"))
    'data-dependent: conversion to NumPy'
    >>> str(QualifiedNote(note=Note.CASES, count=2, total=5, detail="works without axis="))
    '2 of 5 cases: works without axis='
    """

    note: Note
    count: int | None = None
    total: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        """Return the text of the note."""
        cases = "" if self.count is None else f"{self.count} of {self.total} cases"
        if self.note is Note.CASES:
            text = cases
        else:
            text = f"{self.note} in {cases}" if cases else str(self.note)
        return f"{text}: {self.detail}" if self.detail else text


@dataclass(frozen=True, slots=True)
class DtypeChange:
    """A note that the result has another floating or complex dtype than NumPy's result.

    Parameters
    ----------
    expected, actual : str
        Names of the dtypes of NumPy's result and of the other library's.

    Examples
    --------
    >>> from core.notes import DtypeChange
    >>> str(DtypeChange("float32", "float64"))
    'float32 → float64'
    """

    expected: str
    actual: str

    def __str__(self) -> str:
        """Return the text of the note."""
        return f"{self.expected} → {self.actual}"


@dataclass(frozen=True, slots=True)
class MissingFunctions:
    """A note that a library does not have functions of the standard that are called.

    Parameters
    ----------
    functions : tuple of str
        Names in the standard's namespace, such as ``"linalg.det"``.
    library : str
        The library's title.

    Examples
    --------
    >>> from core.notes import MissingFunctions
    >>> str(MissingFunctions(("linalg.det", "sort"), "Dask"))
    'needs linalg.det, sort, which Dask lacks'
    """

    functions: tuple[str, ...]
    library: str

    def __str__(self) -> str:
        """Return the text of the note."""
        return f"needs {', '.join(self.functions)}, which {self.library} lacks"


CapabilityNote: TypeAlias = Note | QualifiedNote | DtypeChange | MissingFunctions
"""Any note; ``str`` gives its text."""

_QUALIFIED = re.compile(
    rf"(?P<note>{'|'.join(map(re.escape, Note))})"
    r"(?: in (?P<count>\d+) of (?P<total>\d+) cases)?(?:: (?P<detail>.+))?",
    re.DOTALL,
)
_CASES = re.compile(r"(?P<count>\d+) of (?P<total>\d+) cases(?:: (?P<detail>.+))?", re.DOTALL)
_DTYPE_CHANGE = re.compile(r"(\w+) → (\w+)")
_MISSING_FUNCTIONS = re.compile(r"needs ([\w.]+(?:, [\w.]+)*), which (.+) lacks")


def parse_note(text: str) -> CapabilityNote | None:
    """Return the note with a text, as found in a record or in a declaration.

    Parameters
    ----------
    text : str
        The whole text of the note.

    Returns
    -------
    Note, QualifiedNote, DtypeChange, MissingFunctions or None
        The note whose ``str`` is `text`; None for any other text, such as an exception's name.

    Examples
    --------
    >>> from core.notes import parse_note
    >>> parse_note("no JIT")
    <Note.NO_JIT: 'no JIT'>
    >>> parse_note("no JIT in 2 of 5 cases").count
    2
    >>> parse_note("TypeError") is None
    True
    """
    try:
        return Note(text)
    except ValueError:
        pass
    if found := _CASES.fullmatch(text):
        return _qualified(Note.CASES, found)
    if found := _QUALIFIED.fullmatch(text):
        return _qualified(Note(found["note"]), found)
    if found := _DTYPE_CHANGE.fullmatch(text):
        return DtypeChange(found[1], found[2])
    if found := _MISSING_FUNCTIONS.fullmatch(text):
        return MissingFunctions(tuple(found[1].split(", ")), found[2])
    return None


def _qualified(note: Note, found: re.Match[str]) -> QualifiedNote:
    counted = found["count"] is not None
    return QualifiedNote(
        note=note,
        count=int(found["count"]) if counted else None,
        total=int(found["total"]) if counted else None,
        detail=found["detail"] or "",
    )
