"""Compiling functions without naming their static arguments."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

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


def test_exceptions_of_the_function_are_raised() -> None:
    def missing(x: Any) -> Any:
        raise KeyError("no such thing")

    with pytest.raises(KeyError, match="no such thing"):
        autojit(missing)(X)
    with pytest.raises(jax.errors.TracerBoolConversionError):
        autojit(lambda x: 1 if x[0] > 0 else 2)(X)


class Scaled:
    """A callable object with a method."""

    def __init__(self, scale: Any) -> None:
        self.scale = scale

    def __call__(self, x: Any) -> Any:
        return x * self.scale

    @autojit
    def method(self, x: Any) -> Any:
        """Return the product."""
        return x * self.scale


@pytest.mark.parametrize(
    "function",
    [Scaled(2), Scaled(2).__call__, Scaled(2).method, functools.partial(jnp.multiply, 2)],
)
def test_any_callable_can_be_compiled(function: Any) -> None:
    np.testing.assert_array_equal(np.asarray(autojit(function)(X)), [0, 2, 4])


def test_functions_without_weak_references_can_be_compiled() -> None:
    np.testing.assert_array_equal(np.asarray(autojit(jnp.add, backend="jax")(X, X)), [0, 2, 4])
    with pytest.raises(TypeError):
        weakref.ref(np.add)
    np.testing.assert_array_equal(autojit(np.add)(np.ones(2), 1), [2, 2])


def test_the_compiled_function_has_name_and_docstring_of_the_function() -> None:
    assert Scaled.method.__name__ == "method"
    assert Scaled.method.__doc__ == "Return the product."


def test_the_function_is_called_directly_for_libraries_without_a_compiler() -> None:
    @autojit
    def check(x: Any, seen: list[Any]) -> Any:
        seen.append(type(x))
        return x + 1

    seen: list[Any] = []
    assert check(np.ones(2), seen).tolist() == [2, 2]
    assert value(check(da.ones(2), seen)) == [2, 2]
    assert seen == [np.ndarray, da.Array]


def value(x: Any) -> list[float]:
    return [float(item) for item in x.compute()]


def test_nested_arrays_determine_the_library() -> None:
    @autojit
    def traced(x: Any) -> bool:
        return isinstance(x["deep"][0], jax.core.Tracer)

    assert traced({"deep": [X]}) is True
    assert traced({"deep": [np.ones(2)]}) is False
    assert traced({"deep": [X]}) is True


def test_torch_compiles_with_static_and_nested_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    # Generating code would take a minute and is not what is tested.
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))

    @autojit
    def scaled(x: Any, table: Any, how: str) -> Any:
        assert torch.compiler.is_compiling()
        return {"y": x * table["k"] if how == "times" else x, "how": how}

    found = scaled(torch.ones(2), {"k": torch.ones(2) * 3}, "times")
    assert found["how"] == "times"
    assert found["y"].tolist() == [3, 3]


def test_compiled_functions_can_be_transformed_by_jax() -> None:
    times = autojit(lambda x, k: x * k)
    np.testing.assert_array_equal(np.asarray(jax.jit(lambda x: times(x, 2))(X)), [0, 2, 4])
    np.testing.assert_array_equal(np.asarray(jax.vmap(lambda x: times(x, 2))(X)), [0, 2, 4])
    assert float(jax.grad(lambda x: times(x, 2))(1.0)) == 2


def test_lower_and_clear_cache_work_as_in_jax() -> None:
    count = 0

    @autojit
    def counted(x: Any, k: int) -> Any:
        nonlocal count
        count += 1
        return x * k

    assert "stablehlo.multiply" in counted.lower(X, 2).as_text()
    counted(X, 2)
    before = count
    counted(X, 2)
    assert count == before
    counted.clear_cache()
    counted(X, 2)
    assert count == before + 1


def test_arrays_and_functions_are_not_kept_alive() -> None:
    holder, helper = Plain(jnp.ones(5)), lambda x: x + 1
    references = [weakref.ref(holder), weakref.ref(holder.array), weakref.ref(helper)]
    call = autojit(lambda x, helper: helper(x.array), backend="jax")
    call(holder, helper)
    del holder, helper
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


def test_the_number_of_kept_versions_is_bounded() -> None:
    count = 0

    @autojit(backend="jax", maxsize=2)
    def counted(x: Any, k: int) -> Any:
        nonlocal count
        count += 1
        return x * k

    for k in (1, 2, 3, 3, 2):
        counted(X, k)
    assert count == 3
    counted(X, 1)  # the oldest version was removed
    assert count == 4


def test_invalid_options_raise_errors() -> None:
    with pytest.raises(ValueError, match="no backend 'numpy'"):
        autojit(np.sin, backend="numpy")
    with pytest.raises(ValueError, match="maxsize must be at least 1, got 0"):
        autojit(np.sin, maxsize=0)


def test_a_function_can_be_called_from_many_threads() -> None:
    @autojit
    def plus(x: Any, k: int) -> Any:
        return {"x": x + k, "k": k}

    def work(i: int) -> bool:
        x: Any = X if i % 2 else np.arange(3.0)
        found = plus(x, i % 10)
        return found["k"] == i % 10 and float(found["x"][1]) == 1 + i % 10

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(work, range(1000)))


async def later(x: Any) -> Any:
    return x + 1


async def later_each(x: Any) -> Any:
    yield x


class CallsLater:
    async def __call__(self, x: Any) -> Any:
        return x


@pytest.mark.parametrize(
    "function",
    [later, later_each, CallsLater(), functools.partial(later)],
    ids=["function", "generator", "object", "partial"],
)
def test_asynchronous_functions_cannot_be_compiled(function: Any) -> None:
    with pytest.raises(TypeError, match="cannot compile the asynchronous function"):
        autojit(function)


def call(function: Any, x: Any) -> Any:
    return function(x)


@pytest.mark.parametrize("function", [later, later_each])
@pytest.mark.parametrize("xp", [jnp, np])
def test_functions_that_return_a_coroutine_cannot_be_compiled(function: Any, xp: Any) -> None:
    compiled = autojit(functools.partial(call, function), backend="jax" if xp is jnp else "lazy")
    with pytest.raises(TypeError, match=r"function that returns a .*: move the computation"):
        compiled(xp.arange(3.0))
