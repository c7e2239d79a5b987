"""Test the command ``check``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from click.testing import Result

from sphinx_xpcaps.declared import findings_file

Check = Callable[..., Result]


def test_exit_status_is_0_if_both_agree(check: Check) -> None:
    answer = check("honest")
    assert answer.exit_code == 0
    assert answer.output == "6 compared, 0 differ\n"


def test_difference_is_printed_with_evidence_and_exit_status_1(check: Check) -> None:
    answer = check("looks")
    assert answer.exit_code == 1
    traced, lazily, gpu, summary = answer.output.splitlines()
    assert traced.startswith("declares.looks is declared to work with JAX in mode jit, but fails: ")
    assert "TracerBoolConversionError: " in traced
    assert traced.endswith(" in looks(np.asarray([1.0, 4.0]))")
    assert lazily == (
        "declares.looks is declared to work with Dask in mode lazy, but fails: "
        "computes the graph once in looks(np.asarray([1.0, 4.0]))"
    )
    assert gpu == (
        "not measured: declares.looks is declared not to work with JAX on gpu "
        "(works on a CPU only), but most likely works"
    )
    assert summary == (
        "6 compared, 2 differ, 1 expected to differ on a device that is not available"
    )


def test_report_replaces_the_output_and_matches_its_schema(check: Check) -> None:
    answer = check("looks", options=("--report", "out/report.json"))
    assert answer.exit_code == 1
    assert answer.output.count("\n") == 1
    found = json.loads(Path("out/report.json").read_text())
    jsonschema.validate(found, findings_file.schema())
    traced, lazily = found["differences"]
    assert (traced["target"], traced["mode"]) == ("declares.looks", "jit")
    assert (traced["verdict"], traced["declared"]) == ("fails", True)
    assert traced["reasons"][0]["exception"] == "TracerBoolConversionError"
    assert lazily["mode"] == "lazy"


def test_report_replaces_a_report_and_no_other_file(check: Check) -> None:
    for name in ("first", "second"):
        assert check("honest", options=("--report", "honest.json")).exit_code == 0, name
    Path("settings.toml").write_text("a = 1\n")
    refused = check("honest", options=("--report", "settings.toml"))
    assert refused.exit_code == 2
    assert refused.stderr == (
        "Error: settings.toml: it exists and was not written by sphinx-xpcaps; "
        "choose another file\n"
    )
    assert Path("settings.toml").read_text() == "a = 1\n"


def test_only_the_patch_is_printed_to_standard_output(check: Check) -> None:
    answer = check("looks", "undeclared", options=("--patch",))
    assert answer.exit_code == 1
    assert answer.stdout.startswith("--- a/declares/__init__.py\n+++ b/declares/__init__.py\n@@")
    assert answer.stdout.endswith("\n")
    assert "sphinx-xpcaps: declares.undeclared is not declared; its arguments" in answer.stderr


def test_known_differences_come_from_a_file(check: Check) -> None:
    Path("known.toml").write_text(
        'schema = 1\n[[known]]\ntarget = "declares.looks"\nreason = "r"\nlink = "l"\n'
        "expires = 2999-12-31\n"
    )
    answer = check("looks", options=("--known", "known.toml"))
    assert answer.exit_code == 0
    assert "0 differ, 2 are known" in answer.output


@pytest.mark.parametrize(
    ("name", "table", "words"),
    [
        ("looks", "declares", "expected module:table, got 'declares'"),
        ("looks", "nowhere:table", "nowhere:table cannot be read: ModuleNotFoundError: No module"),
        ("nothing", "declares:table", "module 'declares' has no attribute 'nothing'"),
    ],
)
def test_check_that_cannot_be_done_gives_one_line_and_exit_status_2(
    check: Check, name: str, table: str, words: str
) -> None:
    answer = check(name, table=table)
    assert answer.exit_code == 2
    assert words in answer.output
    assert answer.output.count("\n") == 1


TESTS = """
import declares
import pytest
from core.testing import make_test_case

@make_test_case(declares.works, declares.honest, capabilities_table=declares.table)
def test_works(xp):
    assert False, "is not run"

@pytest.mark.uses_xp_capabilities(False, funcs=[declares.skips], reason="marks written by hand")
@pytest.mark.parametrize("x", [1, 2])
def test_skips(x): ...
"""


def test_declared_functions_that_no_test_names_are_listed(check: Check) -> None:
    Path("test_declares.py").write_text(TESTS)
    names = ("works", "honest", "looks", "skips", "undeclared", "out_of_scope", "shares")
    answer = check(*names, options=("--untested", "--tests", "test_declares.py"), record=False)
    assert answer.exit_code == 1
    assert answer.output == (
        "declares.looks is declared to support other libraries than NumPy, but has no test\n"
        "4 declared to support other libraries, 1 without test\n"
    )


def test_nothing_is_listed_if_tests_name_all_functions(check: Check) -> None:
    Path("test_declares.py").write_text(TESTS)
    answer = check("skips", options=("--untested", "--tests", "test_declares.py"), record=False)
    assert (answer.exit_code, answer.output) == (
        0,
        "1 declared to support other libraries, 0 without test\n",
    )


def test_tests_that_cannot_be_collected_are_one_line(check: Check) -> None:
    Path("test_declares.py").write_text("import nothing_of_this_name")
    answer = check("looks", options=("--untested", "--tests", "test_declares.py"), record=False)
    assert answer.exit_code == 2
    assert "the tests cannot be collected: " in answer.output
    assert answer.output.count("\n") == 1


def test_tests_that_can_be_collected_count_if_others_cannot(check: Check) -> None:
    Path("tests").mkdir()
    Path("tests/test_declares.py").write_text(TESTS)
    Path("tests/test_broken.py").write_text("import nothing_of_this_name")
    answer = check("skips", options=("--untested", "--tests", "tests"), record=False)
    assert answer.exit_code == 0
    assert "some tests cannot be collected: ModuleNotFoundError" in answer.stderr
