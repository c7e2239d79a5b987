"""Notes: each has one text, and the text gives the note back."""

from __future__ import annotations

import pytest

from core.notes import (
    CapabilityNote,
    DtypeChange,
    MissingFunctions,
    Note,
    QualifiedNote,
    parse_note,
)

TEXTS: list[tuple[CapabilityNote, str]] = [
    (QualifiedNote(note=Note.CASES, count=2, total=5), "2 of 5 cases"),
    (
        QualifiedNote(note=Note.CASES, count=1, total=2, detail="works without scale="),
        "1 of 2 cases: works without scale=",
    ),
    (
        QualifiedNote(note=Note.CASES, count=1, total=2, detail="fails with mode='a\nb'"),
        "1 of 2 cases: fails with mode='a\nb'",
    ),
    (QualifiedNote(note=Note.FLOAT32, count=1, total=3), "float32 in 1 of 3 cases"),
    (QualifiedNote(note=Note.NO_JIT, count=1, total=2), "no JIT in 1 of 2 cases"),
    (
        QualifiedNote(note=Note.DATA_DEPENDENT, detail="conversion to NumPy"),
        "data-dependent: conversion to NumPy",
    ),
    (
        QualifiedNote(note=Note.DATA_DEPENDENT, count=1, total=2, detail="a number is needed"),
        "data-dependent in 1 of 2 cases: a number is needed",
    ),
    (DtypeChange("float32", "float64"), "float32 → float64"),
    (MissingFunctions(("linalg.det",), "Dask"), "needs linalg.det, which Dask lacks"),
    (MissingFunctions(("a", "fft.b"), "My Library"), "needs a, fft.b, which My Library lacks"),
]


@pytest.mark.parametrize(("note", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_notes_with_parameters_are_written_and_read(note: CapabilityNote, text: str) -> None:
    assert str(note) == text
    assert parse_note(text) == note


@pytest.mark.parametrize("note", Note)
def test_notes_without_parameters_are_written_and_read(note: Note) -> None:
    assert type(str(note)) is str
    assert parse_note(str(note)) is note


@pytest.mark.parametrize(
    "text",
    ["", "TypeError", "torch ≥ 2.6", "no JIT!", "no JIT in some cases", "timeout under NumPy"],
)
def test_other_texts_are_no_notes(text: str) -> None:
    assert parse_note(text) is None


def test_the_texts_in_records_do_not_change() -> None:
    """Records on disk and declarations of other projects hold these texts."""
    assert {str(note) for note in Note} >= {
        "no JIT",
        "graph breaks",
        "computes graph",
        "cannot be traced",
        "data-dependent",
        "no gradient",
        "wrong gradient",
        "no vmap",
        "wrong under vmap",
        "floating only",
        "real only",
        "float64 only",
        "float32",
        "returns NumPy",
        "returns Python numbers",
        "wrong values",
        "timeout",
        "crash",
        "out of memory",
        "flaky",
        "not run",
        "cases",
        "values not compared: random",
        "with made-up data",
        "converts to NumPy",
        "works with NumPy only",
        "works on a CPU only",
    }
