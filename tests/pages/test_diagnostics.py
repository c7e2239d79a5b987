"""Targets that cannot be measured: one warning for all that have the same cause."""

from __future__ import annotations

from sphinx_xpcaps.extension.diagnostics import unmeasured_targets
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
from sphinx_xpcaps.results.view import MISSING


def messages(reasons: dict[str, str], kind: str = "function") -> list[str]:
    """Return the messages for targets that have no case, by the reason of each."""

    def target(why: str) -> Target:
        reason = Reason(mode="eager", outcome=Outcome.NO_CASE, message=why)
        cell = Cell(backend="numpy", device="cpu", status=Status.NOT_MEASURED, reasons=(reason,))
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
    return [one.message for one in unmeasured_targets(requests, record, {})]


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
