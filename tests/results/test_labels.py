"""Texts about results."""

from __future__ import annotations

from sphinx_xpcaps.results.labels import reason_text
from sphinx_xpcaps.results.model import Outcome, Reason


def test_a_computed_graph_is_not_called_an_exception() -> None:
    reason = Reason(mode="lazy", outcome=Outcome.RAISED, message="computes the graph once")
    assert reason_text(reason) == "computes the graph once"


def test_an_exception_is_named_with_its_message() -> None:
    reason = Reason(mode="eager", outcome=Outcome.RAISED, exception="TypeError", message="no")
    assert reason_text(reason) == "raised TypeError: no"
