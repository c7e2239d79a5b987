"""Test the command ``merge``."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest

from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.record import read, read_records
from tests.cli.conftest import Run, Write
from tests.results.make import TARGET, cell, environment, record

OLD = record(environment("2026-01-01"), cell(Status.SUPPORTED))
NEW = record(environment("2026-02-01"), cell(Status.PARTIAL, "no JIT", backend="jax"))
OTHER = record(environment("2026-01-01", python="3.12.0"), cell(Status.UNSUPPORTED, "TypeError"))


def test_records_of_one_environment_become_one_record(run: Run, write: Write) -> None:
    write("a.json", OLD)
    write("b.json", NEW)
    answer = run("merge", "a.json", "b.json", "-o", "all.json")
    assert (answer.exit_code, answer.output) == (0, "1 environment, 1 target. Wrote all.json\n")
    assert len(read_records(Path("all.json"))) == 1
    backends = [each.backend for each in read(Path("all.json")).targets[TARGET].cells]
    assert backends == ["jax", "torch"]


def test_records_of_several_environments_become_a_bundle(run: Run, write: Write) -> None:
    write("a.json", OLD)
    write("b.json", NEW)
    write("c.json", OTHER)
    assert run("merge", "*.json", "-o", "all.json").output.startswith("2 environments")
    assert json.loads(Path("all.json").read_text())["schema"] == 2
    assert len(read_records(Path("all.json"))) == 2


def test_the_order_of_files_does_not_matter(run: Run, write: Write) -> None:
    names = [str(write(f"{i}.json", one)) for i, one in enumerate((OLD, NEW, OTHER))]
    contents = set()
    for order in permutations(names):
        run("merge", *order, "-o", "all.json")
        contents.add(Path("all.json").read_bytes())
    assert len(contents) == 1


def test_merging_into_one_of_the_files_adds_to_it_and_again_changes_nothing(
    run: Run, write: Write
) -> None:
    path = write("all.json", OLD, OTHER)
    write("new.json", NEW)
    run("merge", "all.json", "new.json", "-o", "all.json")
    once = path.read_bytes()
    assert len(read_records(path)) == 2
    run("merge", "all.json", "new.json", "-o", "all.json")
    assert path.read_bytes() == once


@pytest.mark.parametrize("name", ["broken.json", "missing.json"])
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_written(
    run: Run, write: Write, name: str
) -> None:
    write("a.json", OLD)
    Path("broken.json").write_text("{")
    answer = run("merge", "a.json", name, "-o", "all.json")
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"Error: {name}: ")
    assert answer.stderr.count("\n") == 1
    assert not Path("all.json").exists()


def test_a_file_that_is_not_a_record_is_not_overwritten(run: Run, write: Write) -> None:
    write("a.json", OLD)
    Path("pyproject.toml").write_text("[project]\n")
    answer = run("merge", "a.json", "-o", "pyproject.toml")
    assert answer.exit_code == 2
    assert "it is not overwritten without --force" in answer.stderr
    assert Path("pyproject.toml").read_text() == "[project]\n"
    assert run("merge", "a.json", "-o", "pyproject.toml", "--force").exit_code == 0


def test_a_folder_that_cannot_be_written_to_is_one_line(run: Run, write: Write) -> None:
    write("a.json", OLD)
    answer = run("merge", "a.json", "-o", "a.json/b.json")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("Error: a.json/b.json: ")
