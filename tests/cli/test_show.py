"""Test the command ``show``."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from sphinx_xpcaps.results.model import Outcome, Reason, Status, Target
from tests.cli.conftest import Run, Write
from tests.results.make import cell, environment, record, unmeasured

REASON = Reason(
    mode="jit", outcome=Outcome.RAISED, exception="TypeError", message="no <b>", call="f(x | y)"
)
CELLS = {
    "pkg.f": (
        cell(Status.SUPPORTED, backend="numpy"),
        cell(
            Status.PARTIAL,
            "no JIT",
            backend="jax",
            modes={"eager": Status.SUPPORTED, "jit": Status.UNSUPPORTED},
            reasons=(REASON,),
            passed=2,
            total=2,
            origin="docstring",
        ),
        unmeasured("there is no CUDA device", backend="cupy", device="gpu"),
    ),
    "pkg.g": (cell(Status.SUPPORTED, backend="jax"),),
}


@pytest.fixture
def file(write: Write) -> str:
    found = {name: Target(kind="function", cells=cells) for name, cells in CELLS.items()}
    where = environment(packages={"numpy": "2.4.0", "jax": "0.6.2"})
    return str(write("record.json", replace(record(where), targets=found)))


def test_overview_has_one_line_for_each_target(run: Run, file: str) -> None:
    lines = run("show", file).output.splitlines()
    assert lines[0].split() == ["Target", "NumPy", "JAX"]
    assert " ".join(lines[1].split()) == "pkg.f ✅ supported ⚠️ partial: no JIT"
    assert lines[3] == "2 targets: 2 supported, 1 partial, 5 not measured"


def test_one_target_is_shown_with_reasons_and_calls(run: Run, file: str) -> None:
    output = run("show", file, "pkg.f").output
    assert "JAX, CPU: ⚠️ partial (no JIT)\n" in output
    assert "2 of 2 cases from the docstring's examples passed; eager supported; JIT unsup" in output
    assert "measured 2026-01-01 with JAX 0.6.2, Python 3.11.7, linux-x86_64" in output
    assert "JIT: f(x | y): raised TypeError: no <b>" in output
    assert "CuPy, GPU: — not measured: no CUDA device" in output
    assert "pkg.g" not in output


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--status", "partial"], ["pkg.f"]),
        (["--note", "jit"], ["pkg.f"]),
        (["--note", "JIT", "--status", "supported"], []),
        (["--backend", "jax", "--status", "supported"], ["pkg.g"]),
        (["--status", "partial", "--status", "supported"], ["pkg.f", "pkg.f", "pkg.g"]),
    ],
)
def test_filters_select_cells(run: Run, file: str, options: list[str], shown: list[str]) -> None:
    output = run("show", file, *options, "--format", "csv").output
    rows = csv.DictReader(io.StringIO(output))
    assert [row["Target"] for row in rows] == shown


def test_markdown_has_the_overview(run: Run, file: str) -> None:
    assert run("show", file, "--format", "md").output.splitlines()[:3] == [
        "| Target | NumPy | JAX |",
        "| --- | --- | --- |",
        "| `pkg.f` | ✅ supported | ⚠️ partial: no JIT |",
    ]


def test_csv_has_a_row_for_each_cell_with_its_version(run: Run, file: str) -> None:
    rows = list(csv.DictReader(io.StringIO(run("show", file, "--format", "csv").output)))
    row = next(row for row in rows if (row["Target"], row["Library"]) == ("pkg.f", "jax"))
    assert (row["Status"], row["Version"], row["Date"]) == ("partial", "0.6.2", "2026-01-01")
    assert row["Modes"] == "eager=supported; jit=unsupported"
    assert row["Reason"] == "no <b>"


def test_html_is_a_table_with_escaped_texts(run: Run, write: Write) -> None:
    write("record.json", record(environment(), cell(Status.PARTIAL, "<script>alert(1)</script>")))
    output = run("show", "record.json", "--format", "html").output
    table = BeautifulSoup(output, "html.parser")
    assert table.find("script") is None
    assert table.find("th", scope="row").text == "pkg.func"
    assert "partial: <script>" in table.find("td").text


def test_json_has_everything(run: Run, file: str) -> None:
    tables = json.loads(run("show", file, "pkg.f", "--format", "json").output)
    (jax,) = [
        each
        for each in tables[0]["cells"]
        if each["cell"]["reasons"] and each["environment"] and each["cell"]["backend"] == "jax"
    ]
    assert jax["cell"]["reasons"][0]["call"] == "f(x | y)"
    assert jax["environment"]["packages"]["jax"] == "0.6.2"


def test_spreadsheets_do_not_calculate_what_a_record_says(run: Run, write: Write) -> None:
    write("record.json", record(environment(), cell(Status.PARTIAL, "=HYPERLINK(1)")))
    assert "'=HYPERLINK(1)" in run("show", "record.json", "--format", "csv").output


def test_the_table_of_a_bundle_combines_its_records(run: Run, write: Write) -> None:
    old = record(environment(packages={"torch": "2.5.0"}), cell(Status.UNSUPPORTED, "TypeError"))
    new = record(environment(packages={"torch": "2.6.0"}), cell(Status.SUPPORTED))
    write("all.json", old, new)
    output = run("show", "all.json", "pkg.func").output
    assert "PyTorch, CPU: ✅ supported (torch ≥ 2.6)" in output
    assert "also unsupported (TypeError), 2026-01-01 with 2.5.0" in output


def test_several_files_can_be_shown(run: Run, write: Write) -> None:
    write("a.json", record(environment(), cell(Status.SUPPORTED), target="pkg.a"))
    write("b.json", record(environment(), cell(Status.SUPPORTED), target="pkg.b"))
    assert "2 targets" in run("show", "a.json", "b.json").output
    one = run("show", "a.json", "b.json", "pkg.b").output
    assert one.startswith("pkg.b (function)")
    assert "pkg.a" not in one
    missing = run("show", "a.json", "b.json", "pkg.c").stderr
    assert missing == "Error: no record has a target 'pkg.c' (did you mean 'pkg.b'?)\n"


def test_a_module_denotes_its_targets(run: Run, write: Write) -> None:
    names = ("pkg.sub.f", "pkg.sub.g", "pkg.subway")
    write("a.json", *(record(environment(), cell(Status.SUPPORTED), target=n) for n in names))
    lines = run("show", "a.json", "pkg.sub").output.splitlines()
    assert [line.split()[0] for line in lines] == ["Target", "pkg.sub.f", "pkg.sub.g", "2"]


@pytest.mark.parametrize("columns", ["40", "300"])
def test_the_overview_never_cuts_words(
    run: Run, file: str, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert "⚠️ partial: no JIT" in run("show", file).output
    monkeypatch.setenv("FORCE_COLOR", "1")  # as in a terminal, where lines are wrapped
    assert {"supported", "partial:", "measured:"} <= set(run("show", file).output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.json"], "nowhere.json: No such file or directory"),
        (["*.toml"], "no file matches '*.toml'"),
        (["record.json", "nowhere.json"], "nowhere.json: No such file or directory"),
        (["record.json", "pkg.nope"], "no record has a target 'pkg.nope'"),
        (["record.json", "--backend", "pytorch"], "no record has cells of 'pytorch'; there are"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    run: Run, file: str, arguments: list[str], message: str
) -> None:
    answer = run("show", *arguments)
    assert answer.exit_code == 2
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1
