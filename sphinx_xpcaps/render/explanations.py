"""What statuses and notes mean, in a sentence each, for tooltips and legends."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.notes import DtypeChange, MissingFunctions, Note, QualifiedNote, parse_note
from sphinx_xpcaps.render.words import translated
from sphinx_xpcaps.results.model import Status

STATUS_MEANINGS: Mapping[Status, str] = {
    Status.SUPPORTED: "every case passes, in every mode that applies",
    Status.PARTIAL: "works with the limitation in the note",
    Status.UNSUPPORTED: "no case passes; the note gives the reason",
    Status.CONFLICT: "two measurements disagree, and nothing explains the difference",
    Status.NOT_APPLICABLE: "the library does not use this device",
    Status.NOT_MEASURED: "nothing is known; the note gives the reason",
}

NOTE_MEANINGS: Mapping[Note, str] = {
    Note.NO_JIT: "works eagerly, but cannot be compiled just in time",
    Note.GRAPH_BREAKS: "can be compiled only in several parts",
    Note.COMPUTES_GRAPH: "works, but computes the lazy graph before it returns",
    Note.CANNOT_BE_TRACED: "cannot be traced",
    Note.DATA_DEPENDENT: "cannot be traced, because it uses the values of arrays",
    Note.NO_GRADIENT: "works, but cannot be differentiated",
    Note.WRONG_GRADIENT: "the gradient differs from finite differences",
    Note.NO_VMAP: "works, but cannot be vectorized",
    Note.WRONG_UNDER_VMAP: "returns other values when it is vectorized",
    Note.FLOATING_ONLY: "works with floating-point numbers, fails with integers",
    Note.REAL_ONLY: "works with real numbers, fails with complex numbers",
    Note.FLOAT64_ONLY: "works with float64, fails with float32",
    Note.FLOAT32: "works with float32 in some cases only",
    Note.RETURNS_NUMPY: "returns NumPy arrays for inputs of another library",
    Note.RETURNS_PYTHON_NUMBERS: "returns Python numbers instead of arrays",
    Note.WRONG_VALUES: "returns other values than NumPy",
    Note.TIMEOUT: "a call exceeds the time limit",
    Note.CRASH: "a call ends the interpreter",
    Note.OUT_OF_MEMORY: "a call exceeds the memory limit",
    Note.FLAKY: "fails, but passes when it is repeated",
    Note.NOT_RUN: "the call could not be executed",
    Note.CASES: "some cases pass; the evidence lists those that fail",
    Note.RANDOM: "results differ in each run, so only types, shapes and dtypes are compared",
    Note.MADE_UP_DATA: "an example needs data that is not available, so other data was used",
    Note.MADE_UP_CALLS: "no example could be used, so the calls are made up from the signature",
    Note.CONVERTS_TO_NUMPY: "converts its inputs to NumPy arrays, which fails on a GPU",
    Note.NUMPY_ONLY: "works with NumPy only",
    Note.CPU_ONLY: "works on a CPU only",
}

DTYPE_CHANGE = "returns another dtype than NumPy does"
MISSING_FUNCTIONS = "calls functions that the library does not have"
EXCEPTION = "the call raises this exception"
VERSION = "depends on the version; other records have another result"
OUTDATED = "measured with an older version of the package"
EXPECTED = "not measured; expected from measurements on a CPU"

_EXCEPTION = re.compile(r"[A-Za-z_.]*(Error|Exception|Warning|Interrupt|Exit)")
_VERSION = re.compile(r"\S+ [<≥>=]+ \S+")


def status_meaning(status: Status) -> str:
    """Return what a status means."""
    return translated(STATUS_MEANINGS[status])


def note_meaning(text: str) -> str:
    """Return what a note of a record means; empty if it explains itself."""
    note = parse_note(text)
    if isinstance(note, QualifiedNote):
        note = note.note
    if isinstance(note, Note):
        return translated(NOTE_MEANINGS[note]) if note in NOTE_MEANINGS else ""
    if isinstance(note, DtypeChange):
        return translated(DTYPE_CHANGE)
    if isinstance(note, MissingFunctions):
        return translated(MISSING_FUNCTIONS)
    if _EXCEPTION.fullmatch(text):
        return translated(EXCEPTION)
    return translated(VERSION) if _VERSION.search(text) else ""
