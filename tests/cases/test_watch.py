"""Test recording the calls of a target in example code."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from sphinx_xpcaps.cases.model import StepMethod, StepResult
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.resolve import resolve
from sphinx_xpcaps.cases.watch import Watcher

HEARD: list[str] = []


def watched(name: str, *lines: str, **scope: Any) -> list[tuple[str, list[Any]]]:
    """Run lines of an example; return the calls as their texts and steps."""
    owner, target = resolve(name)
    watcher = Watcher(owner, target, name, HEARD.append)
    names: dict[str, Any] = {"np": np, **scope}
    for line in lines:
        watcher.run(line, names)
    return [(text, load_steps(payload)) for text, payload, _ in watcher.finish()]


@pytest.mark.parametrize(
    "line",
    [
        "import numpy; numpy.sin(np.ones(2))",
        "from numpy import sin; sin(np.ones(2))",
        "from numpy import sin as s; s(np.ones(2))",
        "import numpy.linalg; f = np.sin; f(np.ones(2))",
        "[f(np.ones(2)) for f in (np.sin,)]",
        "(lambda g: g(np.ones(2)))(np.sin)",
    ],
)
def test_call_of_a_ufunc_is_recorded_under_any_name(line: str) -> None:
    [(_, [step])] = watched("numpy.sin", line)
    assert step.callee is np.sin
    np.testing.assert_array_equal(step.args[0], np.ones(2))


def test_calls_inside_the_library_are_not_recorded() -> None:
    assert watched("numpy.mean", "np.std(np.ones(3)); np.var(np.ones(3))") == []


def test_call_inside_an_example_function_is_recorded() -> None:
    calls = watched("numpy.cumsum", "def f(x):\n    return np.cumsum(x)", "f(np.ones(3))")
    assert [text for text, _ in calls] == ["np.cumsum(x)"]


def test_call_of_a_partial_is_recorded_with_all_arguments() -> None:
    lines = "f = functools.partial(np.sum, axis=0)", "f(np.ones((2, 2)))"
    [(_, [step])] = watched("numpy.sum", *lines, functools=functools)
    assert step.kwargs == {"axis": 0}


def test_arguments_are_recorded_before_the_call() -> None:
    lines = "x = np.zeros(2)", "np.add(x, 1, out=x)", "x += 5"
    [(_, [step])] = watched("numpy.add", *lines)
    np.testing.assert_array_equal(step.args[0], np.zeros(2))


def test_call_that_raises_is_not_recorded() -> None:
    owner, target = resolve("numpy.linalg.inv")
    watcher = Watcher(owner, target, "numpy.linalg.inv", HEARD.append)
    with pytest.raises(np.linalg.LinAlgError):
        watcher.run("np.linalg.inv(np.zeros((2, 2)))", {"np": np})
    assert watcher.finish() == []


def test_method_is_recorded_with_the_calls_that_created_its_object() -> None:
    lines = (
        "from fractions import Fraction",
        "f = Fraction(7, 2)",
        "f.limit_denominator(1)",
    )
    [(text, steps)] = watched("fractions.Fraction.limit_denominator", *lines)
    assert text == "f.limit_denominator(1)"
    assert [step.args for step in steps] == [(7, 2), (1,)]
    assert steps[1].callee == StepMethod(StepResult(0), "limit_denominator")


def test_object_argument_is_recorded_as_the_call_that_created_it() -> None:
    lines = (
        "from statistics import NormalDist",
        "wide = NormalDist(0.0, 2.0)",
        "NormalDist(1.0, 1.0).overlap(wide)",
    )
    [(_, steps)] = watched("statistics.NormalDist.overlap", *lines)
    assert [step.args for step in steps] == [(0.0, 2.0), (1.0, 1.0), (StepResult(0),)]


def test_arrays_of_another_library_become_numpy_arrays() -> None:
    strict = pytest.importorskip("array_api_strict")
    extra = pytest.importorskip("array_api_extra")
    line = "atleast_nd(xp.asarray([1.0]), ndim=2, xp=xp)"
    [(_, [step])] = watched(
        "array_api_extra.atleast_nd", line, xp=strict, atleast_nd=extra.atleast_nd
    )
    assert isinstance(step.args[0], np.ndarray)
    assert step.kwargs["xp"].__name__ == "array_api_compat.numpy"


def test_example_function_called_later_is_not_recorded() -> None:
    owner, target = resolve("numpy.vectorize")
    watcher = Watcher(owner, target, "numpy.vectorize", HEARD.append)
    scope: dict[str, Any] = {"np": np}
    watcher.run("def f(x):\n    return np.sin(x)", scope)
    assert scope["f"](0.0) == 0.0


def test_callback_gets_the_text_before_each_call() -> None:
    HEARD.clear()
    watched("numpy.cos", "np.cos(np.ones(2) * 2)")
    assert HEARD == ["np.cos(np.ones(2) * 2)"]


class Scale:
    """Methods of different kinds."""

    def __init__(self, factor: Any) -> None:
        self.factor = factor

    def times(self, x: Any, count: int) -> Any:
        return self.factor * x * count

    twice = functools.partialmethod(times, count=2)

    @functools.singledispatchmethod
    def apply(self, x: Any) -> Any:
        return self.factor + x


class Inherited(Scale):
    """A class that inherits all methods."""


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("Scale.twice", "s.twice(np.ones(2))"),
        ("Scale.apply", "s.apply(np.ones(2))"),
        ("Inherited.times", "s.times(np.ones(2), 3)"),
    ],
)
def test_methods_of_all_kinds_are_recorded(name: str, call: str) -> None:
    lines = "s = Scale(np.ones(2))", call
    [(text, steps)] = watched(f"{__name__}.{name}", *lines, Scale=Scale)
    assert text == call
    assert steps[0].callee is Scale
    assert steps[1].callee == StepMethod(StepResult(0), name.rpartition(".")[2])
