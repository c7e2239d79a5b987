"""Arguments of traces, and containers of their results."""

from __future__ import annotations

import dataclasses
import functools
import pickle
from collections import OrderedDict, defaultdict
from typing import Any

import numpy as np
import pytest

import core
from core import lazy

X = np.arange(6.0).reshape(2, 3)


def difference(a: Any, b: Any) -> Any:
    return a - b


def test_arguments_match_by_name_and_by_position() -> None:
    one, zero = np.ones(3), np.zeros(3)
    for traced in (core.trace(difference, one, zero), core.trace(difference, b=zero, a=one)):
        for result in (traced(one, zero), traced(b=zero, a=one), traced(one, b=zero)):
            np.testing.assert_array_equal(result, one)


def test_dicts_as_arguments_match_by_key() -> None:
    traced = core.trace(lambda data: data["a"] - data["b"], {"a": X, "b": X})
    np.testing.assert_array_equal(traced({"b": X, "a": 3 * X}), 2 * X)


def test_one_array_in_two_places_is_two_inputs() -> None:
    traced = core.trace(difference, X, X)
    np.testing.assert_array_equal(traced(3 * X, X), 2 * X)


def test_arguments_that_are_no_arrays_must_equal_those_of_the_trace() -> None:
    traced = core.trace(lambda x, n=2: x**n, X)
    for result in (traced(X), traced(X, 2), traced(X, n=2)):
        np.testing.assert_array_equal(result, X**2)
    with pytest.raises(ValueError, match="was traced with 2 and got 3: trace it again"):
        traced(X, 3)
    with pytest.raises(TypeError, match="traced with other arguments"):
        traced([X])
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        traced()


def test_a_wrapped_function_is_called_with_the_arguments_as_given() -> None:
    def decorated(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            kwargs.setdefault("axis", 1)
            return function(*args, **kwargs)

        return call

    @decorated
    def total(x: Any, axis: int = 0) -> Any:
        return lazy.sum(x, axis=axis)

    traced = core.trace(total, X)
    np.testing.assert_array_equal(traced(X), X.sum(axis=1))
    with pytest.raises(TypeError, match="missing a required argument: 'axis'"):
        traced(X, axis=0)  # the wrapper has another default
    np.testing.assert_array_equal(core.trace(total, X, axis=0)(X, axis=0), X.sum(axis=0))
    for function in (np.mean, np.std, np.sort, functools.partial(np.sum, axis=0)):
        np.testing.assert_array_equal(core.trace(function, X)(X), function(X))


def test_an_array_as_default_is_a_constant() -> None:
    weights = np.asarray([1.0, 2.0, 3.0])

    def weighted(x: Any, w: Any = weights) -> Any:
        return x * w

    traced = core.trace(weighted, X)
    assert len(traced.inputs) == 1
    for result in (traced(X), traced(X, weights), traced.function(X)):
        np.testing.assert_array_equal(result, X * weights)
    with pytest.raises(ValueError, match="trace it again"):
        traced(X, 2 * weights)


@dataclasses.dataclass
class Window:
    """An object with an array, which is no input."""

    values: Any


def test_objects_with_equal_contents_are_the_same_argument() -> None:
    traced = core.trace(lambda x, window: x * window.values, X, Window(np.ones(3)))
    np.testing.assert_array_equal(traced(X, Window(np.ones(3))), X)
    with pytest.raises(ValueError, match="trace it again"):
        traced(X, Window(np.zeros(3)))


@pytest.mark.parametrize(
    ("value", "same"),
    [
        (np.float32("nan"), np.float32("nan")),
        (np.datetime64("NaT"), np.datetime64("NaT")),
        (float("nan"), float("nan")),
        ([1, "a"], [1, "a"]),
    ],
)
def test_equal_values_are_the_same_argument(value: Any, same: Any) -> None:
    assert core.trace(lambda x, _: x, X, value)(X, same) is X


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (0.0, -0.0),
        (np.float32(0.0), np.float32(-0.0)),
        (1, 1.0),
        (Window, dataclasses.make_dataclass("Other", [])),
    ],
)
def test_distinguishable_values_are_different_arguments(value: Any, other: Any) -> None:
    with pytest.raises(ValueError, match="trace it again"):
        core.trace(lambda x, _: x, X, value)(X, other)


def test_one_variable_in_two_places_is_one_array() -> None:
    x = lazy.Variable((2, 3))
    traced = core.trace(lambda a, b: a * b, x, x)
    np.testing.assert_array_equal(traced(X, X), X * X)
    with pytest.raises(ValueError, match="trace it again"):
        traced(X, X + 1)


class Named(dict):  # type: ignore[type-arg]
    """A subclass of dict."""


class Row(list):  # type: ignore[type-arg]
    """A subclass of list."""


@pytest.mark.parametrize("container", [OrderedDict, Named, lambda a: defaultdict(list, a=a)])
def test_results_have_the_containers_that_the_function_returned(container: Any) -> None:
    traced = core.trace(lambda x: [container(a=x + 1), Row([x])], X)
    named, row = pickle.loads(pickle.dumps(traced.function))(X)
    assert type(named) is type(container(a=1))
    assert type(row) is Row
    np.testing.assert_array_equal(named["a"], X + 1)
    assert row[0] is X


def test_arrays_in_iterators_and_objects_are_found() -> None:
    class Result:
        def __init__(self, value: Any) -> None:
            self.value, self.count = value, 1

    first, second = core.trace(lambda x: (x + i for i in range(2)), X)(X)
    np.testing.assert_array_equal(second - first, np.ones((2, 3)))
    result = core.trace(lambda x: Result(x + 1), X)(X)
    np.testing.assert_array_equal(result["value"], X + 1)
    assert result["count"] == 1


def test_a_returned_constant_may_be_modified() -> None:
    def weighted(x: Any) -> Any:
        weights = x.__array_namespace__().arange(3) * 1.0
        return x * weights, weights

    function = core.trace(weighted, np.ones(3)).function
    function(np.ones(3))[1][:] = 100
    for result in function(np.ones(3)):
        np.testing.assert_array_equal(result, [0, 1, 2])


def test_functions_named_by_a_string_can_be_pickled() -> None:
    x = lazy.Variable((3,))
    function = lazy.Function([x], x.to("sinc"))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(function))(np.zeros(3)), np.ones(3))


def test_arrays_of_two_libraries_are_computed_by_their_own_library() -> None:
    torch = pytest.importorskip("torch")
    mine = lazy.array(np.ones(2)) * 2
    ours = lazy.array(torch.ones(2)) * 2
    first, second = lazy.compute([mine, ours])
    assert isinstance(first, np.ndarray)
    assert isinstance(second, torch.Tensor)


def test_a_device_may_be_passed_to_new_arrays() -> None:
    jnp = pytest.importorskip("jax.numpy")
    torch = pytest.importorskip("torch")

    def shifted(x: Any) -> Any:
        xp = x.__array_namespace__()
        return x + xp.ones(x.shape, dtype=x.dtype, device=x.device)

    for x in (np.ones(2), jnp.ones(2), torch.ones(2)):
        assert core.trace(shifted, np.ones(2, dtype=np.float32))(x).tolist() == [2, 2]
    unknown = lazy.Variable((2,), backend="jax")
    assert lazy.Function([unknown], shifted(unknown))(jnp.ones(2)).tolist() == [2, 2]
    named = core.trace(lambda x: x + x.__array_namespace__().zeros(2, device="cpu"), torch.ones(2))
    assert named(torch.ones(2)).tolist() == [1, 1]
    with pytest.raises(ValueError, match="numpy has only the device 'cpu'"):
        lazy.zeros_like(lazy.array(X), device="gpu")
