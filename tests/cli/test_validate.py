"""Test the command ``validate``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_xpcaps.results import bundle
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.record import RecordError, read_records, schema
from tests.cli.conftest import Run, Write
from tests.results.make import cell, encode, environment, record

GOOD = record(environment(), cell(Status.SUPPORTED))
BUNDLE = bundle.encode([GOOD, record(environment(python="3.12.0"), cell(Status.PARTIAL, "n"))])


def test_records_and_bundles_are_valid(run: Run, write: Write) -> None:
    write("one.json", GOOD)
    Path("all.json").write_bytes(BUNDLE)
    answer = run("validate", "one.json", "all.json")
    assert (answer.exit_code, answer.output) == (0, "one.json: valid\nall.json: valid\n")


def test_every_error_is_a_line_with_file_and_place(run: Run, write: Write) -> None:
    plain = json.loads(encode(GOOD))
    plain["environment"]["python"] = 3
    del plain["tool"]
    plain["targets"]["pkg.func"]["cells"][0]["status"] = "great"
    plain["targets"]["pkg.func"]["cells"][0]["passed"] = -1
    Path("bad.json").write_text(json.dumps(plain))
    answer = run("validate", "bad.json")
    assert answer.exit_code == 1
    assert sorted(answer.output.splitlines()) == [
        "bad.json: $.environment.python: expected string, got 3",
        "bad.json: $.targets['pkg.func'].cells[0].passed: -1 is less than the minimum of 0",
        "bad.json: $.targets['pkg.func'].cells[0].status: expected one of conflict, "
        "not_applicable, not_measured, partial, supported, unsupported; got 'great'",
        "bad.json: $: 'tool' is a required property",
    ]


def test_the_place_of_an_error_in_a_bundle_names_the_record(run: Run) -> None:
    Path("all.json").write_bytes(BUNDLE.replace(b'"partial"', b'"great"'))
    output = run("validate", "all.json").output
    assert output.startswith("all.json: $.records[1].targets['pkg.func'].cells[0].status: expected")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"schema": 1,\n "tool": }', "line 2, column 10: Expecting value"),
        (b'{"schema": 9}', "unsupported format version 9; the supported versions are 1 and 2"),
        (b'{"schema": "a"}', "$.schema: expected one of 1, 2; got 'a'"),
        (b"[]", "$: expected object, got []"),
        (b"[" * 100_000, "not a record: "),
        (b"\xff\xfe", "byte 0: not UTF-8"),
    ],
)
def test_what_is_no_record_is_an_error(run: Run, content: bytes, message: str) -> None:
    Path("bad.json").write_bytes(content)
    answer = run("validate", "bad.json")
    assert answer.exit_code == 1
    assert answer.output.startswith(f"bad.json: {message}")
    lines = answer.output.splitlines()
    assert len(lines) == len(set(lines))


def test_the_number_of_errors_is_limited(run: Run) -> None:
    cells = [{"backend": i, "device": "cpu", "status": "supported"} for i in range(100)]
    plain = json.loads(encode(GOOD)) | {"targets": {"f": {"kind": "function", "cells": cells}}}
    Path("bad.json").write_text(json.dumps(plain))
    lines = run("validate", "bad.json").output.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "bad.json: there are more errors"


def test_messages_do_not_contain_control_characters(run: Run) -> None:
    plain = json.loads(encode(GOOD))
    plain["targets"]["\x1b[31m"] = {"kind": "\x1b[0m", "cells": 3}
    Path("bad.json").write_text(json.dumps(plain))
    output = run("validate", "bad.json").output
    assert "\x1b" not in output
    assert "expected array, got 3" in output


def test_a_missing_file_cannot_be_checked_but_others_are(run: Run, write: Write) -> None:
    write("one.json", GOOD)
    answer = run("validate", "nowhere.json", "one.json")
    assert answer.exit_code == 2
    assert answer.stderr == "Error: nowhere.json: No such file or directory\n"
    assert answer.stdout == "one.json: valid\n"


def places(plain: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container with each of its keys or indices."""
    items = plain.items() if isinstance(plain, dict) else enumerate(plain)
    for key, value in list(items):
        yield plain, key
        if isinstance(value, dict | list):
            yield from places(value)


@settings(max_examples=200)
@given(data=st.data())
def test_what_the_schema_accepts_can_be_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    plain = json.loads(data.draw(st.sampled_from([encode(GOOD), BUNDLE])))
    container, key = data.draw(st.sampled_from(list(places(plain))))
    values = [None, [], {}, -1, 1, 1.5, True, "x", "x" * 3000, {"a": 1}, ["a"], "supported"]
    container[key] = data.draw(st.sampled_from(values))
    path = tmp_path_factory.mktemp("mutated") / "record.json"
    path.write_text(json.dumps(plain))
    try:
        read_records(path)
        readable = True
    except RecordError:
        readable = False
    assert jsonschema.Draft202012Validator(schema()).is_valid(plain) == readable
