"""Test files with records of several environments."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings

from sphinx_xpcaps.results import bundle
from sphinx_xpcaps.results.cell_key import join_key
from sphinx_xpcaps.results.merge_records import merge_records
from sphinx_xpcaps.results.model import Cell, Record, RecordedCase, Status, Target
from sphinx_xpcaps.results.record import (
    RecordError,
    read,
    read_files,
    read_records,
    schema,
    write_bundle,
)
from tests.results.make import TARGET, cell, encode, environment, record
from tests.results.strategies import several_records

ENGINE = "sha256:" + "e" * 64
PACKAGE = "sha256:" + "a" * 64


def keyed(number: int, package: str = PACKAGE) -> Cell:
    key = join_key(f"sha256:{number:064}", engine=ENGINE, package=package)
    return cell(Status.SUPPORTED, key=key, passed=number, total=number)


@settings(max_examples=50)
@given(several_records)
def test_a_bundle_has_the_same_contents_when_it_is_read(tmp_path_factory, found) -> None:
    path = tmp_path_factory.mktemp("bundle") / "all.json"
    combined = merge_records(found)
    write_bundle(combined, path)
    assert list(map(encode, merge_records(read_records(path)))) == list(map(encode, combined))


@settings(max_examples=50)
@given(several_records)
def test_files_are_valid_according_to_the_published_schema(found: list[Record]) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    for content in (bundle.encode(found), *map(encode, found)):
        validator.validate(json.loads(content))


def test_defaults_are_left_out(tmp_path: Path) -> None:
    content = json.loads(bundle.encode([record(environment(), cell(Status.NOT_APPLICABLE))]))
    (cells,) = [target["cells"] for target in content["records"][0]["targets"].values()]
    assert cells == [{"backend": "torch", "device": "cpu", "status": "not_applicable"}]


def test_the_cases_of_a_target_are_stored_once(tmp_path: Path) -> None:
    case = RecordedCase(call="f(x)", setup="x = 1", expression="pkg.f(x)", arrays=("x",))
    other = RecordedCase(call="f(open(x))")
    cells = (
        cell(Status.SUPPORTED, backend="jax", cases=(case, other)),
        cell(Status.SUPPORTED, backend="torch", cases=(other,)),
    )
    path = tmp_path / "record.json"
    write_bundle([record(environment(), *cells)], path)
    (target,) = json.loads(path.read_text())["records"][0]["targets"].values()
    assert [each["call"] for each in target["cases"]] == ["f(x)", "f(open(x))"]
    assert [each["case_numbers"] for each in target["cells"]] == [[0, 1], [1]]
    assert read(path).targets[TARGET].cells == cells


def test_a_number_without_a_case_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_bundle([record(environment(), cell(Status.SUPPORTED, case_numbers=(0,)))], path)
    content = json.loads(path.read_text())
    content["records"][0]["targets"][TARGET]["cells"][0]["case_numbers"] = [0]
    path.write_text(json.dumps(content))
    with pytest.raises(RecordError, match="the number of a case"):
        read(path)


def test_digests_of_the_engine_and_the_package_are_stored_once() -> None:
    targets = {f"pkg.f{i}": Target(kind="function", cells=(keyed(i),)) for i in range(5)}
    content = bundle.encode([replace(record(environment()), targets=targets)]).decode()
    assert content.count(ENGINE) == 1
    assert content.count(PACKAGE) == 1
    assert f'"sha256:{4:064} + record"' in content


def test_a_changed_function_changes_a_few_lines() -> None:
    def lines(changed: Cell, package: str) -> list[str]:
        cells = [*(keyed(i, package) for i in range(50)), changed]
        targets = {
            f"pkg.f{i}": Target(kind="function", cells=(each,)) for i, each in enumerate(cells)
        }
        return bundle.encode([replace(record(environment()), targets=targets)]).decode().split("\n")

    before, after = lines(keyed(50), PACKAGE), lines(keyed(51, "sha256:new"), "sha256:new")
    assert len(before) == len(after)
    assert len([1 for old, new in zip(before, after, strict=True) if old != new]) == 4


def test_keys_are_complete_when_a_bundle_is_read(tmp_path: Path) -> None:
    old = keyed(2, "sha256:old")
    opaque = cell(Status.SUPPORTED, key="sha256:opaque")
    names = ("pkg.a", "pkg.b", "pkg.c", "pkg.d")
    targets = {
        name: Target(kind="function", cells=(each,))
        for name, each in zip(names, (keyed(1), keyed(3), old, opaque), strict=True)
    }
    whole = replace(record(environment()), targets=targets)
    write_bundle([whole], tmp_path / "all.json")
    assert read(tmp_path / "all.json") == whole


def test_reading_one_record_refuses_a_bundle_of_several(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    write_bundle([record(environment()), record(environment(python="3.12.0"))], path)
    assert len(read_records(path)) == 2
    with pytest.raises(RecordError, match="expected one record, found 2"):
        read(path)


def test_the_place_of_an_error_in_a_bundle_names_the_record(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    records = [
        record(environment(), cell(Status.SUPPORTED, "N")),
        record(environment("2025-01-01")),
    ]
    path.write_bytes(bundle.encode(records).replace(b'"supported"', b'"great"'))
    with pytest.raises(
        RecordError, match=r"Invalid enum value 'great' - at `\$\.records\[1\]\.tar"
    ):
        read_records(path)


def test_control_characters_in_a_bundle_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    content = bundle.encode([record(environment(), cell(Status.PARTIAL, "NOTE"))])
    path.write_bytes(content.replace(b"NOTE", rb"\u001b[31m \r \u202e"))
    assert read(path).targets[TARGET].cells[0].notes == (r"\x1b[31m \x0d \u202e",)


def test_files_that_cannot_be_read_do_not_affect_the_others(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(encode(record(environment())))
    bad.write_text("{")
    found = read_files([bad, good, tmp_path / "missing.json"])
    assert found.records == (record(environment()),)
    assert [str(error).partition(": ")[0] for error in found.errors] == [
        str(bad),
        str(tmp_path / "missing.json"),
    ]


def test_equal_parts_of_cells_are_shared_between_files(tmp_path: Path) -> None:
    for day in (1, 2):
        cases = (RecordedCase(call="f(x)", setup="x = xp.ones(3)", arrays=("x",)),)
        one = record(environment(f"2026-01-0{day}"), cell(Status.PARTIAL, "no JIT", cases=cases))
        (tmp_path / f"{day}.json").write_bytes(bundle.encode([one]))
    first, second = (
        one.targets[TARGET].cells[0] for one in read_files(sorted(tmp_path.glob("*.json"))).records
    )
    assert first.cases == cases
    assert first.cases is second.cases
    assert first.notes is second.notes
