"""Findings say what records know of a call, and comments ignore them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sphinx_xpcaps.results.model import Status
from tests.advise.knowledge import check, codes
from tests.results.make import cell, environment, record

IMPORT = "import pkg\n"


@pytest.mark.parametrize(
    ("function", "mode", "code"),
    [
        ("raises", "eager", "XPC001"),
        ("to_numpy", "eager", "XPC006"),
        ("wrong", "eager", "XPC007"),
        ("no_jit", "jit", "XPC003"),
        ("no_lazy", "lazy", "XPC004"),
        ("no_grad", "grad", "XPC008"),
        ("no_trace", "trace", "XPC010"),
        ("raises", "jit", "XPC001"),
    ],
)
def test_each_limit_has_a_rule(function: str, mode: str, code: str) -> None:
    assert codes(f"{IMPORT}pkg.{function}(x)", mode) == [(2, code)]


def test_a_limit_of_a_mode_is_reported_only_in_this_mode() -> None:
    assert codes(IMPORT + "pkg.no_jit(x)") == []
    assert codes(IMPORT + "pkg.no_jit(x)", "grad") == []


def test_lazy_arrays_are_checked_by_default() -> None:
    assert codes(IMPORT + "pkg.no_lazy(x)") == [(2, "XPC004")]


def test_an_expected_failure_on_a_gpu_is_reported_for_this_device_only() -> None:
    assert codes(IMPORT + "pkg.works(x)", device="gpu") == [(2, "XPC005")]
    assert codes(IMPORT + "pkg.works(x)") == []


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("without_axis(x, axis=1)", "XPC002"),
        ("without_axis(x, axis=n)", "XPC002"),
        ("without_axis(x)", None),
        ("without_axis(x, other=1)", None),
        ("without_axis(x, 1)", "XPC020"),
        ("without_axis(x, **options)", "XPC020"),
        ("without_axis(*args)", "XPC020"),
        ("no_wrap(x, mode='wrap')", "XPC002"),
        ("no_wrap(x, mode='same')", None),
        ("no_wrap(x, mode=mode)", "XPC020"),
        ("no_wrap(x)", None),
    ],
)
def test_a_limit_of_an_argument_is_compared_with_the_call(call: str, code: str | None) -> None:
    found = codes(f"{IMPORT}pkg.{call}", select=("ALL",))
    assert found == ([(2, code)] if code else [])


def test_limits_that_may_not_apply_are_reported_on_request() -> None:
    source = IMPORT + "pkg.some(x)\npkg.floating(x)"
    assert codes(source) == []
    assert codes(source, select=("XPC02",)) == [(2, "XPC020"), (3, "XPC021")]


def test_a_finding_has_the_place_of_the_call_in_characters() -> None:
    [found] = check(IMPORT + "é = 'ü'; pkg.raises(\n  'ä', x)").findings
    place = found.place
    assert (place.line, place.column, place.end_line, place.end_column) == (2, 10, 3, 10)


def test_a_finding_names_library_and_exception() -> None:
    [found] = check(IMPORT + "pkg.raises(x)").findings
    assert found.message == "pkg.raises does not work with PyTorch: raised TypeError (f(x))"
    assert found.measured == "PyTorch 2.6.0, pkg 1.0"


def test_a_finding_names_the_version_since_which_it_holds() -> None:
    new, old = environment(), environment(packages={"numpy": "2.4.0", "torch": "2.5.0"})
    limited = cell(Status.PARTIAL, "no JIT", modes={"jit": Status.UNSUPPORTED})
    known = (
        record(new, limited, target="pkg.f"),
        record(old, cell(Status.SUPPORTED, modes={"jit": Status.SUPPORTED}), target="pkg.f"),
    )
    [found] = check(IMPORT + "pkg.f(x)", "jit", known=known).findings
    assert found.since == "partial (no JIT) since torch 2.6.0; supported with 2.5.0"
    [found] = check(IMPORT + "pkg.f(x)", "jit", known=known[:1]).findings
    assert found.since == ""


def test_measurements_that_disagree_are_no_claim() -> None:
    works = cell(Status.SUPPORTED, modes={"eager": Status.SUPPORTED})
    fails = cell(Status.UNSUPPORTED, "TypeError", modes={"eager": Status.UNSUPPORTED})
    one = record(environment(variables={"A": "1", "B": "1"}), works)
    two = record(environment(variables={"A": "1", "B": "2"}), fails)
    three = record(environment(variables={"A": "2", "B": "1"}), fails)
    four = record(environment(variables={"A": "2", "B": "2"}), works)
    known = (one, two, three, four)
    assert codes(IMPORT + "pkg.func(x)", known=known) == []
    assert codes(IMPORT + "pkg.func(x)", known=known, select=("ALL",)) == [(2, "XPC022")]


def test_calls_are_counted() -> None:
    report = check(IMPORT + "pkg.raises(x)\npkg.works(1)\npkg.unheard(x)\nother(x)")
    counts = report.counts
    assert (counts.files, counts.looked_up, counts.known, counts.on_host) == (1, 3, 2, 1)
    assert [one.function for one in report.unknown] == ["pkg.unheard"]


def test_a_function_that_was_not_measured_with_the_library_is_unknown() -> None:
    other = cell(Status.UNSUPPORTED, "TypeError", backend="jax")
    report = check(IMPORT + "pkg.func(x)", known=(record(environment(), other),))
    assert [one.function for one in report.unknown] == ["pkg.func"]
    assert report.findings == ()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("pkg.raises(x)  # xpcaps: ignore", []),
        ("pkg.raises(x)  # xpcaps: ignore[XPC001]", []),
        ("pkg.raises(x)  # xpcaps:ignore[ xpc001, XPC003 ] because", [(2, "XPC100")]),
        ("pkg.raises(x)  # noqa # xpcaps: ignore", []),
        ("pkg.raises(x)  # xpcaps: ignore[XPC003]", [(2, "XPC001"), (2, "XPC100")]),
        ("pkg.works(x)  # xpcaps: ignore", [(2, "XPC100")]),
        ("pkg.raises(x)  # xpcaps: ignore[XPC999]", [(2, "XPC001"), (2, "XPC100")]),
        ("pkg.raises('# xpcaps: ignore', x)", [(2, "XPC001")]),
        ("pkg.raises(\n    x,\n)  # xpcaps: ignore", []),
        ("pkg.raises(  # xpcaps: ignore\n    x,\n)", []),
        ("pkg.raises(\n    x,  # xpcaps: ignore\n)", [(2, "XPC001"), (3, "XPC100")]),
        ("# xpcaps: ignore-file\npkg.raises(x)", []),
    ],
)
def test_a_comment_ignores_findings_on_its_line(line: str, found: list[tuple[int, str]]) -> None:
    assert codes(IMPORT + line) == found


def test_a_comment_on_a_rule_that_is_not_selected_is_not_unused() -> None:
    source = IMPORT + "pkg.works(x)  # xpcaps: ignore[XPC001]"
    assert codes(source, select=("XPC003", "XPC100")) == []
    assert codes(source, select=("XPC001", "XPC100")) == [(2, "XPC100")]


def test_invalid_syntax_is_one_finding_that_cannot_be_ignored() -> None:
    [found] = check("import pkg\npkg.raises(x  # xpcaps: ignore\n", select=("XPC003",)).findings
    assert found.code == "XPC900"
    assert found.place.line == 2


def test_code_that_is_nested_too_deeply_is_one_finding() -> None:
    source = IMPORT + "x = " + "-" * 100_000 + "1"
    assert {one.code for one in check(source).findings} == {"XPC900"}


def test_results_do_not_depend_on_how_often_a_function_is_called() -> None:
    one = check(IMPORT + "pkg.raises(x)").findings[0]
    many = check(IMPORT + "pkg.raises(x)\n" * 3).findings
    assert [replace(each, place=one.place) for each in many] == [one] * 3
