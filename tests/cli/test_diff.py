"""Test the command ``diff``."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sphinx_xpcaps.results.model import Cell, Expected, Outcome, Reason, Record, Status, Target
from tests.cli.conftest import Run, Write
from tests.results.make import cell, environment, record, unmeasured


def targets(where: str = "2.6.0", **cells: Cell) -> Record:
    one = record(environment(packages={"torch": where}))
    found = {f"pkg.{name}": Target(kind="function", cells=(each,)) for name, each in cells.items()}
    return replace(one, targets=found)


def fails(message: str = "no sort", *notes: str) -> Cell:
    reason = Reason(mode="eager", outcome=Outcome.RAISED, exception="TypeError", message=message)
    return cell(Status.UNSUPPORTED, *(notes or ("TypeError",)), reasons=(reason,))


WORKS = cell(Status.SUPPORTED, modes={"eager": Status.SUPPORTED, "jit": Status.SUPPORTED})
NO_JIT = cell(
    Status.PARTIAL, "no JIT", modes={"eager": Status.SUPPORTED, "jit": Status.UNSUPPORTED}
)
BEFORE = targets(a=WORKS, b=fails(), c=WORKS, d=fails("one"), e=WORKS, f=unmeasured("x"), g=WORKS)
AFTER = targets(
    "2.7.0", a=fails(), b=NO_JIT, d=fails("two"), e=unmeasured("y"), f=WORKS, g=WORKS, h=WORKS
)


@pytest.fixture
def files(write: Write) -> tuple[str, str]:
    return str(write("old.json", BEFORE)), str(write("new.json", AFTER))


def test_every_kind_of_change_is_listed(run: Run, files: tuple[str, str]) -> None:
    answer = run("diff", *files)
    assert answer.exit_code == 1
    assert answer.output == (
        "Environment: torch 2.6.0 → 2.7.0\n"
        "1 regression:\n"
        "  pkg.a: PyTorch on CPU: supported → unsupported (TypeError): raised TypeError: no sort\n"
        "1 gain:\n"
        "  pkg.b: PyTorch on CPU: unsupported (TypeError) → partial (no JIT)\n"
        "1 changed reason:\n"
        "  pkg.d: PyTorch on CPU: unsupported (TypeError): raised TypeError: two\n"
        "1 new target:\n"
        "  pkg.h\n"
        "1 lost target:\n"
        "  pkg.c\n"
        "1 newly measured cell:\n"
        "  pkg.f: PyTorch on CPU: not measured → supported\n"
        "1 cell no longer measured:\n"
        "  pkg.e: PyTorch on CPU: supported → not measured: not run: y\n"
        "1 regression, 1 gain, 1 changed reason, 1 new target, 1 lost target, "
        "1 newly measured cell, 1 cell no longer measured\n"
    )


def test_equal_records_have_no_differences(run: Run, files: tuple[str, str]) -> None:
    answer = run("diff", files[0], files[0])
    assert (answer.exit_code, answer.output) == (0, "no differences\n")


def test_what_differs_in_the_environment_is_named(run: Run, write: Write) -> None:
    write("old.json", record(environment(variables={"SWITCH": "1"}), WORKS))
    write("new.json", record(environment(accelerator="NVIDIA H100"), WORKS))
    assert run("diff", "old.json", "new.json").output == (
        "Environment: accelerator none → NVIDIA H100, SWITCH 1 → none\nno differences\n"
    )


def test_why_a_cell_is_not_measured_is_no_reason_for_another_expectation(
    run: Run, write: Write
) -> None:
    for name, status in (("old", Status.UNSUPPORTED), ("new", Status.SUPPORTED)):
        expected = Expected(status=status)
        one = unmeasured(f"{name}: no GPU", device="gpu", expected=expected)
        write(f"{name}.json", record(environment(), one))
    lines = run("diff", "old.json", "new.json").output.splitlines()
    assert lines[1] == "  pkg.func: PyTorch on GPU: expected unsupported → expected supported"


def test_a_mode_that_gets_worse_is_a_regression(run: Run, write: Write) -> None:
    noted = replace(NO_JIT, notes=("floating only",), modes=WORKS.modes)
    write("old.json", targets(a=noted))
    write("new.json", targets(a=NO_JIT))
    assert "1 regression" in run("diff", "old.json", "new.json").output
    assert "1 gain" in run("diff", "new.json", "old.json").output


def test_markdown_shows_regressions_and_gains_and_folds_the_rest(
    run: Run, files: tuple[str, str]
) -> None:
    output = run("diff", *files, "--format", "md").output
    opened, _, folded = output.partition("<details>")
    assert "### 1 regression" in opened
    assert (
        "| `pkg.a` | PyTorch | CPU | supported | unsupported (TypeError) "
        "| `raised TypeError: no sort` |" in opened
    )
    assert "### 1 gain" in opened
    assert "<summary>1 new target</summary>\n\n- `pkg.h`" in folded


def test_a_message_in_markdown_notifies_nobody_and_cannot_end_the_table(
    run: Run, write: Write
) -> None:
    write("old.json", targets(a=WORKS))
    hostile = fails("@everyone </table>\n\n# title | `x` <b>", "<img> @someone #1 a|b")
    write("new.json", targets(a=hostile))
    line = next(
        line
        for line in run("diff", "old.json", "new.json", "--format", "md").output.splitlines()
        if line.startswith("| `pkg.a`")
    )
    assert "&lt;img&gt; @<!-- -->someone #<!-- -->1 a\\|b" in line
    assert "``raised TypeError: @everyone </table> # title \\| `x` <b>``" in line


def test_a_comment_with_thousands_of_changes_fits_into_githubs_limit(
    run: Run, write: Write
) -> None:
    many = {f"function_{i}": WORKS for i in range(2000)}
    write("old.json", targets(**many))
    write("new.json", targets(**dict.fromkeys(many, fails("m" * 400))))
    output = run("diff", "old.json", "new.json", "--format", "md").output
    assert len(output) < 65_536
    assert "### 2000 regressions" in output
    assert " more\n" in output


def test_json_has_both_cells_of_a_change(run: Run, files: tuple[str, str]) -> None:
    plain = json.loads(run("diff", *files, "--format", "json").output)
    assert plain["environment"] == ["torch 2.6.0 → 2.7.0"]
    first = plain["changes"][0]
    assert (first["kind"], first["target"]) == ("regression", "pkg.a")
    assert (first["old"]["status"], first["new"]["status"]) == ("supported", "unsupported")
    assert first["new"]["reasons"][0]["exception"] == "TypeError"


def test_csv_has_a_row_for_each_change(run: Run, files: tuple[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("diff", *files, "--format", "csv").output)))
    assert [row["Change"] for row in rows][:2] == ["regression", "gain"]
    assert rows[0]["Now"] == "unsupported (TypeError)"


def test_bundles_are_compared_by_their_tables(run: Run, write: Write) -> None:
    other = record(environment(packages={"torch": "2.5.0"}), fails())
    works = record(environment(packages={"torch": "2.6.0"}), WORKS)
    write("old.json", works)
    write("new.json", works, other)
    output = run("diff", "old.json", "new.json").output
    assert "1 changed reason:\n  pkg.func: PyTorch on CPU: supported → supported (torch ≥ 2.6)" in (
        output
    )


def test_a_missing_file_cannot_be_compared(run: Run, write: Write) -> None:
    write("old.json", BEFORE)
    answer = run("diff", "old.json", "nowhere.json")
    assert answer.exit_code == 2
    assert answer.stderr == "Error: nowhere.json: No such file or directory\n"
    assert not Path("nowhere.json").exists()
