"""Compiled functions: what can be compiled, how it is called, and how long it is kept."""

from __future__ import annotations

import dataclasses
import functools
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from core import autojit

X = jnp.arange(3.0)


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


@dataclasses.dataclass
class Holder:
    array: Any


def test_arrays_and_functions_are_not_kept_alive() -> None:
    holder, helper = Holder(jnp.ones(5)), lambda x: x + 1
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
