"""Records for tests of advice: functions of a package with one limit each."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from sphinx_xpcaps.advise.check import check_source
from sphinx_xpcaps.advise.knowledge import Knowledge, Question
from sphinx_xpcaps.advise.model import Report
from sphinx_xpcaps.advise.rules import selected
from sphinx_xpcaps.results.model import Cell, Expected, Outcome, Reason, Record, Status, Target
from tests.results.make import cell, environment, record, unmeasured

SUPPORTED, PARTIAL, UNSUPPORTED = Status.SUPPORTED, Status.PARTIAL, Status.UNSUPPORTED


def _failing(outcome: Outcome, note: str, exception: str | None = None) -> Cell:
    reason = Reason(mode="eager", outcome=outcome, exception=exception, call="f(x)")
    return cell(UNSUPPORTED, note, modes={"eager": UNSUPPORTED}, reasons=(reason,))


def _limited(mode: str, note: str) -> Cell:
    return cell(PARTIAL, note, modes={"eager": SUPPORTED, mode: UNSUPPORTED})


def _some(note: str) -> Cell:
    return cell(PARTIAL, note, modes={"eager": PARTIAL})


CELLS = {
    "pkg.works": cell(SUPPORTED, modes={"eager": SUPPORTED}),
    "pkg.raises": _failing(Outcome.RAISED, "TypeError", "TypeError"),
    "pkg.sub.raises": _failing(Outcome.RAISED, "TypeError", "TypeError"),
    "pkg.to_numpy": _failing(Outcome.FOREIGN_OUTPUT, "returns NumPy"),
    "pkg.wrong": _failing(Outcome.WRONG_VALUES, "wrong values"),
    "pkg.no_jit": _limited("jit", "no JIT"),
    "pkg.no_grad": _limited("grad", "no gradient"),
    "pkg.no_lazy": _limited("lazy", "computes graph"),
    "pkg.no_trace": _limited("trace", "cannot be traced"),
    "pkg.without_axis": _some("2 of 5 cases: works without axis="),
    "pkg.no_wrap": _some("2 of 5 cases: fails with mode='wrap'"),
    "pkg.some": _some("2 of 5 cases"),
    "pkg.floating": _some("floating only"),
    "pkg.Class": cell(SUPPORTED, modes={"eager": SUPPORTED}),
    "pkg.Class.method": _failing(Outcome.RAISED, "TypeError", "TypeError"),
}


def _gpu(one: Cell) -> Cell:
    expected = Expected(status=UNSUPPORTED, reason="converts to NumPy")
    has_expectation = one.status is SUPPORTED
    return unmeasured(
        "there is no CUDA device", device="gpu", expected=expected if has_expectation else None
    )


@cache
def records() -> tuple[Record, ...]:
    """Return one record with all functions."""
    targets = {
        name: Target(kind="class" if name == "pkg.Class" else "function", cells=(one, _gpu(one)))
        for name, one in CELLS.items()
    }
    return (replace(record(environment()), targets=targets),)


def check(
    source: str,
    *modes: str,
    device: str = "cpu",
    select: tuple[str, ...] = (),
    known: tuple[Record, ...] = (),
) -> Report:
    """Return the report on a source that is used with PyTorch."""
    question = Question(backends=("torch",), modes=modes, device=device)
    knowledge = Knowledge(known or records(), question)
    return check_source(source, "code.py", knowledge, selected(select, ()))


def codes(source: str, *modes: str, **options: object) -> list[tuple[int, str]]:
    """Return line and code of each finding."""
    found = check(source, *modes, **options)  # type: ignore[arg-type]
    return [(one.place.line, one.code) for one in found.findings]
