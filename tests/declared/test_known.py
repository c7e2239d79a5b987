"""Test the file of known differences."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from sphinx_xpcaps.declared import known_differences as known
from sphinx_xpcaps.declared import messages
from sphinx_xpcaps.declared.known_differences import KnownDifference, KnownError
from tests.declared.conftest import Measured

ENTRY = """schema = 1
[[known]]
target = "pkg.f"
reason = "r"
link = "l"
expires = 2030-01-01
"""


def entry(target: str, expires: date = date(2030, 1, 1), **where: str) -> KnownDifference:
    link = "https://example.org/issues/1"
    return KnownDifference(
        target=target, reason="nobody has had time", link=link, expires=expires, **where
    )


def test_a_known_difference_is_accepted(measured: Measured) -> None:
    found = measured.only("looks").find(entry("declares.looks", mode="jit"), entry("*.looks"))
    assert found.agrees
    assert [each.mode for each in found.known] == ["jit", "lazy"]


def test_entry_applies_only_to_what_it_names(measured: Measured) -> None:
    found = measured.only("looks", "skips").find(entry("declares.looks", backend="jax"))
    assert [(d.target, d.backend) for d in found.known] == [("declares.looks", "jax")]
    assert {d.target for d in found.differences} == {"declares.looks", "declares.skips"}


def test_expired_entry_is_reported_and_accepts_no_difference(measured: Measured) -> None:
    found = measured.only("looks").find(entry("declares.looks", date(2025, 12, 31)))
    assert len(found.differences) == 2
    assert [messages.stale_line(stale) for stale in found.stale] == [
        "the known difference of declares.looks expired on 2025-12-31 (nobody has had time, "
        "https://example.org/issues/1)"
    ]


def test_an_entry_is_valid_on_its_last_day(measured: Measured) -> None:
    assert measured.only("looks").find(entry("declares.looks", date(2026, 1, 1))).agrees


def test_entry_without_a_difference_is_reported(measured: Measured) -> None:
    found = measured.only("honest").find(entry("declares.honest"))
    assert not found.agrees
    assert [messages.stale_line(stale) for stale in found.stale] == [
        "the known difference of declares.honest is no longer true: remove its entry"
    ]


def test_entry_for_an_unmeasured_function_is_not_stale(measured: Measured) -> None:
    entries = [
        entry("declares.honest", backend="torch"),
        entry("declares.without_case"),
        entry("elsewhere.*"),
    ]
    assert measured.only("honest", "without_case").find(*entries).agrees


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("schema = 1\n[[known]]\n", "missing required field `target`"),
        (ENTRY.replace("= 1", "= 2", 1), "Invalid enum value 2"),
        (ENTRY + 'untill = "y"\n', "unknown field `untill`"),
        (ENTRY + 'backend = "theano"\n', "unknown backend 'theano'"),
        ("schema = ", "not a file of known differences: "),
    ],
)
def test_error_of_an_invalid_file_gives_the_reason(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "known.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(KnownError) as caught:
        known.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize("name", ["known.toml", "known.json"])
def test_deeply_nested_file_is_an_error_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("x = " + "[" * 5000 if name.endswith("toml") else "[" * 100_000)
    with pytest.raises(KnownError) as raised:
        known.read(path)
    assert str(raised.value).startswith(f"{path}: not a file of known differences: ")
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match=r"known\.toml: No such file"):
        known.read(tmp_path / "known.toml")


def test_backends_can_be_given_by_any_name(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(ENTRY + 'backend = "jax.numpy"\n')
    assert known.read(path)[0].backend == "jax"


def test_the_file_may_be_json_and_has_a_schema(tmp_path: Path) -> None:
    facts = {"target": "pkg.f", "reason": "r", "link": "l", "expires": "2030-01-01"}
    path = tmp_path / "known.json"
    path.write_text(json.dumps({"schema": 1, "known": [facts]}))
    jsonschema.validate(json.loads(path.read_text()), known.schema())
    assert known.read(path)[0].expires == date(2030, 1, 1)
