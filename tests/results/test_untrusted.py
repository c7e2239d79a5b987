"""Records are untrusted input: they are validated, bounded and cleaned when they are read."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sphinx_xpcaps.results.model import Outcome, Reason, Status
from sphinx_xpcaps.results.record import NewerRecordError, RecordError, clean_cell, read
from sphinx_xpcaps.results.text import clean, escape, may_be_unsafe
from sphinx_xpcaps.results.view import backends_of, derive
from tests.results.make import cell, encode, environment, record

VALID = encode(record(environment(), cell(Status.SUPPORTED)))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Input data was truncated"),
        (b"\xff", "JSON is malformed"),
        (VALID.replace(b"pkg", b"p\xffkg"), "invalid start byte"),
        (b'{"schema": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "recursion"),
        (b"[1]", "Expected `object`, got `array`"),
        (b"{}", "missing required field `schema`"),
        (b'{"schema": 0}', "unsupported format version 0; the supported versions are 1 and 2"),
        (VALID.replace(b'"python": "', b'"python": "' + b"9" * 5000), "$.environment.python"),
        (VALID.replace(b'"status": "supported"', b'"status": "great"'), "$.targets"),
        (VALID.replace(b'"passed": 0', b'"passed": -1'), "`int` >= 0 - at `$.targets"),
    ],
)
def test_invalid_record_is_one_line_with_the_file_and_the_place(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(RecordError) as raised:
        read(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert problem in message
    assert "\n" not in message


def test_newer_record_is_a_special_error_whatever_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(b'{"schema": 7, "cells": []}')
    with pytest.raises(NewerRecordError, match="unsupported format version 7"):
        read(path)


def test_graph_nodes_refer_to_earlier_nodes_only(tmp_path: Path) -> None:
    node = b'{"name": "x", "kind": "input", "array": "()", "operands": [7], "output": false}'
    graph = b'"graph": {"call": "f(x)", "functions": [], "operations": 0, "nodes": [' + node
    path = tmp_path / "record.json"
    path.write_bytes(VALID.replace(b'"origin"', graph + b']}, "origin"'))
    with pytest.raises(RecordError, match="operands of a graph node must precede it"):
        read(path)


def test_control_characters_in_a_record_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    content = encode(record(environment(), cell(Status.PARTIAL, "NOTE")))
    path.write_bytes(content.replace(b"NOTE", rb"\u001b[31m \u0000 \u202e"))
    (target,) = read(path).targets.values()
    assert target.cells[0].notes == (r"\x1b[31m \x00 \u202e",)


@given(st.text())
def test_cleaned_text_can_be_encoded_and_has_no_control_characters(text: str) -> None:
    cleaned = clean(text + "\udcff\x1b\u202e")
    cleaned.encode()
    assert all(c in "\t\n" or unicodedata.category(c) not in ("Cc", "Cs", "Zl") for c in cleaned)
    assert "\x1b" not in cleaned
    assert "\u202e" not in cleaned
    assert clean(cleaned) == cleaned


@given(st.lists(st.text() | st.sampled_from(["\r", "\\u202e", "\\\r", "\x1b", "é→"])))
def test_texts_that_have_to_be_cleaned_are_found_in_json(texts: list[str]) -> None:
    for content in (json.dumps(texts), json.dumps(texts, ensure_ascii=False)):
        plain = content.encode("utf-8", "surrogatepass")
        if any(escape(text) != text for text in texts):
            assert may_be_unsafe(plain)


def test_plain_texts_are_not_searched_twice() -> None:
    texts = json.dumps({"a": r"C:\users\run →", "b": 'say "no"\n'}, ensure_ascii=False)
    assert not may_be_unsafe(texts.encode())
    assert not may_be_unsafe('{"a": "float32 → float64"}'.encode())


def test_cell_with_an_exception_message_that_cannot_be_encoded_is_stored(tmp_path: Path) -> None:
    reason = Reason(
        mode="eager", outcome=Outcome.RAISED, exception="E\udcff", message="m\udcff" * 3000
    )
    bad = cell(Status.UNSUPPORTED, "n\udcff", reasons=(reason,))
    path = tmp_path / "record.json"
    path.write_bytes(encode(record(environment(), clean_cell(bad))))
    (target,) = read(path).targets.values()
    assert target.cells[0].reasons[0].exception == r"E\udcff"
    assert len(target.cells[0].reasons[0].message) <= 2000


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_records_are_read_or_refused_and_shown(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content) - 1))
        stop = data.draw(st.integers(start, min(start + 40, len(content))))
        content[start:stop] = data.draw(
            st.sampled_from([b"", b"null", b"[]", b"{}", b"-1", b'"x"', b'"\\ud800"', b"1e999"])
            | st.binary(max_size=6)
        )
    path = tmp_path / "record.json"
    path.write_bytes(content)
    try:
        found = read(path)
    except RecordError:
        return
    derive(
        [found, record(environment(python="3.12"), cell(Status.PARTIAL))],
        backends=backends_of([found]),
        devices=["cpu", "gpu"],
        is_current=lambda *_: True,
    )
