"""Test the command ``history``."""

from __future__ import annotations

import json

import pytest

from sphinx_xpcaps.results.model import Cell, Record, Status
from tests.cli.conftest import Run, Write
from tests.results.make import cell, environment, record, unmeasured


def jax(version: str, status: Status, *notes: str, **facts: str) -> Record:
    packages = {"jax": version, "pkg": facts.pop("pkg", "1.0")}
    return record(environment(packages=packages, **facts), jax_cell(status, *notes))


def jax_cell(status: Status, *notes: str) -> Cell:
    return cell(status, *notes, backend="jax")


@pytest.fixture
def versions(write: Write) -> None:
    write(
        "all.json",
        jax("0.4.34", Status.UNSUPPORTED, "TypeError"),
        jax("0.4.38", Status.UNSUPPORTED, "TypeError"),
        jax("0.5.0", Status.SUPPORTED),
    )
    write("newest.json", jax("0.10.2", Status.SUPPORTED))


@pytest.mark.usefixtures("versions")
def test_the_version_from_which_a_cell_holds_is_shown(run: Run) -> None:
    answer = run("history", "pkg.func", "--record", "*.json")
    assert answer.exit_code == 0
    assert answer.output == (
        "pkg.func\n"
        "  JAX, CPU: ✅ supported since JAX 0.5.0\n"
        "    0.4.34 to 0.4.38: ⛔ unsupported (TypeError)\n"
    )


@pytest.mark.usefixtures("versions")
def test_spans_are_data(run: Run) -> None:
    answer = run("history", "pkg.func", "--record", "all.json", "--format", "json")
    (one,) = json.loads(answer.output)
    assert [(span["first"], span["last"], span["status"]) for span in one["spans"]] == [
        ("0.4.34", "0.4.38", "unsupported"),
        ("0.5.0", "0.5.0", "supported"),
    ]


@pytest.mark.usefixtures("versions")
def test_a_table_has_the_newest_versions_first(run: Run) -> None:
    arguments = ["--record", "all.json", "--record", "newest.json", "--format", "md"]
    lines = run("history", "pkg.func", *arguments).output.splitlines()
    assert [line.split(" | ")[3] for line in lines[2:]] == [
        "jax 0.5.0 to 0.10.2",
        "jax 0.4.34 to 0.4.38",
    ]


def test_without_a_change_all_measured_versions_are_named(run: Run, write: Write) -> None:
    write("all.json", jax("0.4.34", Status.SUPPORTED), jax("0.6.0", Status.SUPPORTED))
    output = run("history", "pkg.func", "--record", "all.json").output
    assert "✅ supported with all measured versions, JAX 0.4.34 to 0.6.0" in output


def test_versions_of_the_package_count_if_the_library_is_the_same(run: Run, write: Write) -> None:
    old = jax("0.6.0", Status.UNSUPPORTED, "TypeError", pkg="1.0")
    write("all.json", old, jax("0.6.0", Status.SUPPORTED, pkg="1.1"))
    output = run("history", "pkg.func", "--record", "all.json").output
    assert "✅ supported since pkg 1.1" in output
    assert "    1.0: ⛔ unsupported (TypeError)" in output


def test_measurements_with_another_package_and_library_are_listed_apart(
    run: Run, write: Write
) -> None:
    old = jax("0.4.34", Status.UNSUPPORTED, "TypeError", pkg="0.9")
    write("all.json", old, jax("0.5.0", Status.SUPPORTED), jax("0.6.0", Status.SUPPORTED))
    output = run("history", "pkg.func", "--record", "all.json").output
    assert "✅ supported with all measured versions, JAX 0.5.0 to 0.6.0" in output
    assert "    jax 0.4.34 with pkg 0.9: ⛔ unsupported (TypeError)" in output


def test_a_property_that_separates_results_of_one_version_is_named(run: Run, write: Write) -> None:
    gpu = jax("0.6.0", Status.SUPPORTED, accelerator="NVIDIA H100")
    write("all.json", gpu, jax("0.6.0", Status.UNSUPPORTED, "TypeError"))
    output = run("history", "pkg.func", "--record", "all.json").output
    assert "with JAX 0.6.0" in output
    assert "on NVIDIA H100" in output or "no accelerator" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pkg.nope"], "no record has a target 'pkg.nope' (did you mean 'pkg.func'?)"),
        (["pkg.func", "--backend", "dask"], "no record has cells of 'dask'; there are jax"),
    ],
)
@pytest.mark.usefixtures("versions")
def test_what_is_in_no_record_is_one_line(run: Run, arguments: list[str], message: str) -> None:
    answer = run("history", *arguments, "--record", "all.json")
    assert (answer.exit_code, answer.stderr) == (2, f"Error: {message}\n")


@pytest.mark.usefixtures("versions")
def test_a_module_denotes_its_targets(run: Run) -> None:
    answer = run("history", "pkg", "--record", "all.json")
    assert answer.output == run("history", "pkg.func", "--record", "all.json").output


def test_a_target_without_measurement_is_one_line(run: Run, write: Write) -> None:
    write("all.json", record(environment(), unmeasured("no GPU")))
    answer = run("history", "pkg.func", "--record", "all.json")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "Error: pkg.func: no record has a measurement\n",
    )


def test_records_are_expected_in_the_folder_of_the_guide(run: Run) -> None:
    answer = run("history", "pkg.func")
    assert answer.stderr == "Error: no file matches 'xpcaps/*.json'\n"
