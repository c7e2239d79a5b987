"""Compiling functions without naming their static arguments."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import threading
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from core import autojit

X = jnp.arange(3.0)


def count_traces(*arguments: Any) -> int:
    """Return how often a function is traced that is called with each of `arguments`."""
    count = 0

    @autojit(backend="jax")
    def counted(*args: Any) -> Any:
        nonlocal count
        count += 1
        return args

    for argument in arguments:
        counted(X, argument)
    return count


def pass_through(x: Any) -> Any:
    """Return the result of a compiled function that returns its argument `x`."""
    return autojit(lambda x: x, backend="jax")(x)


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    array: Any
    how: str = "max"


@dataclasses.dataclass
class Plain:
    array: Any
    how: str = "max"


class Slotted:
    __slots__ = ("__hidden", "array", "unset")

    def __init__(self, array: Any) -> None:
        self.array = array
        self.__hidden = 2

    def hidden(self) -> int:
        return self.__hidden


class Pair(NamedTuple):
    array: Any
    number: int


class Color(enum.Enum):
    RED = 1


class Config:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class Many(list[Any]):
    pass


def test_values_other_than_arrays_are_static_and_unchanged() -> None:
    @autojit
    def call(x: Any, number: Any, none: Any, *, mode: Any, table: Any) -> Any:
        assert isinstance(x, jax.core.Tracer)
        assert type(number) is int
        assert none is None
        assert table == {"a": [1, 2]}
        return x * number if mode == "times" else x

    found = call(X, 2, None, mode="times", table={"a": [1, 2]})
    np.testing.assert_array_equal(np.asarray(found), [0, 2, 4])


@pytest.mark.parametrize("cls", [Frozen, Plain, Slotted, lambda x: Pair(x, 2)])
def test_arrays_in_objects_are_traced_and_the_objects_are_rebuilt(cls: Any) -> None:
    given = cls(X)

    def call(x: Any) -> Any:
        assert isinstance(x.array, jax.core.Tracer)
        return x

    found = autojit(call, backend="jax")(given)
    assert type(found) is type(given)
    assert found is not given
    np.testing.assert_array_equal(np.asarray(found.array), np.asarray(X))
    if isinstance(given, Slotted):
        assert found.hidden() == 2
        assert not hasattr(found, "unset")
    else:
        assert found[1:] == (2,) if isinstance(found, Pair) else found.how == "max"


@pytest.mark.parametrize(
    "make",
    [
        lambda x: (x, [1, x], {"b": x, "a": 1}),
        lambda x: {1: x, 2.5: "a key that is no text"},
        lambda x: collections.OrderedDict(b=x, a=2),
        lambda x: collections.deque([x, 2]),
        lambda x: Many([x, 2]),
        lambda x: functools.partial(max, x),
    ],
)
def test_arrays_in_containers_are_traced_and_the_containers_are_rebuilt(make: Any) -> None:
    given = make(X)
    found = pass_through(given)
    assert type(found) is type(given)
    assert str(found) == str(given) or isinstance(given, functools.partial)


def test_results_may_contain_numbers_and_depend_on_shapes() -> None:
    @autojit
    def parts(x: Any) -> Any:
        return {"n": x.shape[0], "parts": [x[i] for i in range(x.shape[0])], "half": 0.5}

    assert type(parts(X)["n"]) is int
    assert len(parts(X)["parts"]) == 3
    assert len(parts(jnp.ones(2))["parts"]) == 2
    assert parts(X)["half"] == 0.5


def test_each_call_returns_a_new_iterator() -> None:
    @autojit
    def rows(x: Any) -> Any:
        return (x * i for i in range(3))

    for _ in range(2):
        found = rows(X)
        assert iter(found) is found
        np.testing.assert_array_equal(np.asarray(list(found))[:, 1], [0, 1, 2])


def test_iterators_may_be_arguments() -> None:
    @autojit
    def total(x: Any, numbers: Any) -> Any:
        return x * sum(numbers)

    np.testing.assert_array_equal(np.asarray(total(X, iter([1, 2]))), [0, 3, 6])
    np.testing.assert_array_equal(np.asarray(total(X, (i for i in (1, 2)))), [0, 3, 6])


@pytest.mark.parametrize(
    "equal",
    [
        [1, 1],
        [float("nan"), float("nan")],
        [[1, {"a": {2}}], [1, {"a": {2}}]],
        [Config(a=1), Config(a=1)],
        [np.arange(3), np.arange(3)],
        [np.float64(2), np.float64(2)],
        [slice(1, None), slice(1, None)],
        [Color.RED, Color.RED],
        [np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[0, 1])],
        [threading.Lock] * 2,
        [np.sin, np.sin],
    ],
)
def test_equal_static_arguments_are_traced_once(equal: Any) -> None:
    assert count_traces(*equal) == 1


@pytest.mark.parametrize(
    "different",
    [
        [1, 1.0, True, 1 + 0j, np.float64(1), np.int64(1)],
        [0.0, -0.0, 0, False, complex(0, -0.0)],
        [[1], (1,), {1}, frozenset({1}), {1: 1}],
        [{1: 0}, {1.0: 0}, {True: 0}],
        [Config(a=1), Config(a=2), Config(b=1), Frozen(1), Plain(1)],
        [np.arange(3), np.arange(3.0), np.arange(4)],
        [np.ones((2, 3)), np.ones((2, 3), order="F")],
        ["1", b"1", np.str_("1"), range(1)],
        [threading.Lock(), threading.Lock()],
        [None, Ellipsis, Color.RED],
    ],
)
def test_different_static_arguments_are_traced_separately(different: Any) -> None:
    assert count_traces(*different) == len(different)


@pytest.mark.parametrize("backend", [None, "jax"])
@pytest.mark.parametrize("static", [(), (2,)])
def test_a_function_is_traced_once_for_the_same_arguments(backend: Any, static: Any) -> None:
    count = 0

    @autojit(backend=backend)
    def counted(*args: Any) -> Any:
        nonlocal count
        count += 1
        return args

    for _ in range(3):
        counted(X, *static)
    assert count == 1


def test_a_changed_configuration_is_traced_again() -> None:
    config = Config(scale=2)
    call = autojit(lambda x, config: x * config.scale, backend="jax")
    assert float(call(X, config)[1]) == 2
    config.scale = 3
    assert float(call(X, config)[1]) == 3


def test_changes_to_arguments_inside_the_function_do_not_affect_the_caller() -> None:
    given = Plain(X)

    @autojit
    def change(x: Any) -> Any:
        x.array = x.array + 1
        x.how = "changed"
        return x

    assert change(given).how == "changed"
    assert given.how == "max"
    assert float(given.array[0]) == 0
    assert float(change(given).array[0]) == 1


def test_a_list_that_contains_itself_is_rebuilt() -> None:
    given: list[Any] = [X]
    given.append(given)
    found = pass_through(given)
    assert found[1] is found
