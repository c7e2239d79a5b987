"""Targets that cannot be measured: one warning for all that have the same cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sphinx_xpcaps.extension.diagnostics import unmeasured_targets, unreadable_case_files
from sphinx_xpcaps.extension.domain import TableRequest
from sphinx_xpcaps.results.model import (
    SCHEMA,
    Cell,
    Environment,
    Outcome,
    Package,
    Reason,
    Record,
    Status,
    Target,
    Tool,
)
from sphinx_xpcaps.results.view import MISSING, derive
from tests.results.make import cell, environment, record


def messages(
    reasons: dict[str, str], kind: str = "function", *, measured: bool = False
) -> list[str]:
    """Return the messages for targets that have no case, by the reason of each."""
    status = Status.SUPPORTED if measured else Status.NOT_MEASURED

    def target(why: str) -> Target:
        reason = Reason(mode="eager", outcome=Outcome.NO_CASE, message=why)
        cell = Cell(backend="numpy", device="cpu", status=status, reasons=(reason,))
        return Target(kind=kind, cells=(cell,))

    record = Record(
        schema=SCHEMA,
        tool=Tool(name="test", version="1"),
        package=Package(name="pkg"),
        environment=Environment(
            python="3.11", platform="linux", processor="", accelerator=None, date="2026-01-01"
        ),
        targets={name: target(why) for name, why in reasons.items()},
    )
    requests = [TableRequest(target=name, docname="index") for name in reasons]
    tables = derive([record], backends=["numpy"], devices=["cpu"], is_current=lambda *_: True)
    return [one.message for one in unmeasured_targets(requests, record, tables)]


def test_one_function_without_a_case_is_named_with_the_reason():
    assert messages({"pkg.a": "its docstring has no examples"}) == [
        "no case could be made for pkg.a (its docstring has no examples); add an example to its "
        "docstring, or code to an xp-capabilities directive"
    ]


def test_functions_without_a_case_share_a_warning():
    assert messages({"pkg.b": "it has no examples", "pkg.a": "it takes no arrays"}) == [
        "no case could be made for 2 targets: pkg.a, pkg.b; add examples to their docstrings, "
        "or code to an xp-capabilities directive"
    ]


def test_a_warning_names_ten_functions_at_most():
    (message,) = messages({f"pkg.f{number:02}": "" for number in range(14)})
    assert "for 14 targets: pkg.f00, " in message
    assert "pkg.f09 and 4 more; " in message


def test_targets_of_a_package_that_cannot_be_imported_share_a_warning():
    why = "ModuleNotFoundError: No module named 'nosuch'"
    assert messages({"nosuch.a": why, "nosuch.b": why}, MISSING) == [
        f"2 targets cannot be measured: {why}: nosuch.a, nosuch.b"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file or directory"),
        (b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (b"{", "not a file of recorded calls: Expecting property name"),
        (b'{"schema": 9}', "unknown schema 9"),
        (b"[" * 100_000, "not a file of recorded calls: maximum recursion depth exceeded"),
    ],
)
def test_a_file_of_calls_that_cannot_be_read_is_one_warning(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "tests.cases"
    if content is not None:
        file.write_bytes(content)
    (found,) = unreadable_case_files(["pkg._cases", str(file)], tmp_path / "conf.py")
    assert found.message.startswith(f"xpcaps_cases: {file}: {problem}")
    assert "\n" not in found.message


def test_a_module_of_cases_that_fails_is_one_warning_if_other_cases_are_used():
    why = "the module of cases pkg._cases failed: ValueError: no"
    reason = Reason(mode="eager", outcome=Outcome.NO_CASE, message=why, exception="CaseModuleError")
    supported = cell(Status.SUPPORTED, reasons=(reason,))
    targets = dict.fromkeys(["pkg.a", "pkg.b"], Target(kind="function", cells=(supported,)))
    measured = replace(record(environment()), targets=targets)
    tables = derive([measured], backends=["torch"], devices=["cpu"], is_current=lambda *_: True)
    requests = [TableRequest(target=name, docname="index") for name in targets]
    found = [one.message for one in unmeasured_targets(requests, measured, tables)]
    assert found == [f"xpcaps_cases: {why}; other cases are used"]


def test_functions_that_are_measured_with_made_up_calls_share_a_warning():
    why = "its example raises NameError: name 'y' is not defined"
    assert messages({"pkg.b": why, "pkg.a": why}, measured=True) == [
        f"2 targets are measured with other calls than intended: {why}: pkg.a, pkg.b"
    ]


def test_a_function_that_is_measured_with_made_up_calls_is_named_with_the_reason():
    assert messages({"pkg.a": "its example fails"}, measured=True) == [
        "1 target is measured with other calls than intended: its example fails: pkg.a"
    ]
