"""Compiling functions of arrays of NumPy and of other libraries with `core.lazy`."""

from __future__ import annotations

import dataclasses
from typing import Any

import array_api_strict
import numpy as np
import pytest
import torch

from core import autojit, lazy


@dataclasses.dataclass
class Moments:
    mean: Any
    unit: str


def counted() -> tuple[Any, list[Any]]:
    """Return a compiled function, and a list of the arguments that it was traced with."""
    runs: list[Any] = []

    @autojit(backend="lazy")
    def scaled(data: Any, how: str = "max", *, by: float = 1.0) -> Any:
        runs.append(data)
        x = data["x"]
        xp = x.__array_namespace__()
        y = x / xp.max(x) if how == "max" else x
        return {"x": y * by, "how": how, "moments": Moments(xp.mean(y), how)}

    return scaled, runs


def test_numpy_arrays_in_containers_and_objects_are_traced() -> None:
    scaled, runs = counted()
    result = scaled({"x": np.asarray([1.0, 4.0])}, by=2.0)
    assert type(runs[0]["x"]) is lazy.LazyArray
    assert np.array_equal(result["x"], [0.5, 2.0])
    assert result["how"] == "max"
    assert result["moments"] == Moments(0.625, "max")


def test_a_function_is_traced_once_for_each_key_shape_and_dtype() -> None:
    scaled, runs = counted()
    for x in (np.ones(2), np.zeros(2) + 7):
        scaled({"x": x})
    assert len(runs) == 1
    for data, how in (
        (np.ones(3), "max"),  # another shape
        (np.ones(2, dtype=np.float32), "max"),  # another dtype
        (np.ones(2), "none"),  # another static argument
        (torch.ones(2), "max"),  # another library
    ):
        before = len(runs)
        result = scaled({"x": data}, how)
        assert len(runs) == before + 1
        assert type(result["x"]) is type(data)
        assert result["x"].dtype == data.dtype
        assert result["x"].shape == data.shape


def test_equal_static_arguments_of_different_types_are_traced_separately() -> None:
    call = autojit(lambda x, key: 2 * x[-1] + 3 * x[key], backend="lazy")
    x = np.asarray([10.0, 20.0, 30.0])
    assert call(x, -2) == 120.0
    assert call(x, -1) == 150.0
    power = autojit(lambda x, n: x * n, backend="lazy")
    assert power(np.asarray([1, 2]), 1).dtype == np.int64
    assert power(np.asarray([1, 2]), 1.0).dtype == np.float64
    assert power(np.asarray([1, 2]), True).dtype == np.int64


def test_chains_of_operations_on_large_arrays_are_bitwise_equal_to_numpy() -> None:
    def chain(x: Any, y: Any) -> Any:
        return ((x * y + 0.5) * x - y) * 0.25

    rng = np.random.default_rng(0)
    x, y = rng.random((2, 100_000))
    assert np.array_equal(autojit(chain, backend="lazy")(x, y), chain(x, y))


def test_a_function_that_needs_values_raises_an_error_with_its_line() -> None:
    @autojit(backend="lazy")
    def sign(x: Any) -> Any:
        return x if x > 0 else -x

    with pytest.raises(lazy.DataDependentError, match=r"bool\(\) .*test_autojit_lazy\.py:"):
        sign(np.asarray(1.0))


def test_lower_returns_the_graph() -> None:
    scaled, runs = counted()
    trace = scaled.lower({"x": np.ones(2)})
    assert trace.operations == {"divide": 1, "max": 1, "mean": 1, "multiply": 1}
    x = array_api_strict.asarray([1.0, 4.0])
    assert [float(one) for one in trace(x)[0]] == [0.25, 1.0]
    scaled({"x": np.ones(2)})
    assert len(runs) == 1


def test_the_function_is_called_directly_without_arrays_or_with_lazy_arrays() -> None:
    call = autojit(lambda x: x + 1, backend="lazy")
    assert call(1) == 2
    assert type(call(lazy.Variable((2,)))) is lazy.LazyArray


def test_dynamic_scalars_raise_an_error() -> None:
    with pytest.raises(ValueError, match="pass arrays instead"):
        autojit(lambda x: x, backend="lazy", dynamic_scalars=True)


def test_results_that_can_be_awaited_are_no_coroutines() -> None:
    da = pytest.importorskip("dask.array")
    found = autojit(lambda x: x + 1, backend="lazy")(da.asarray([1.0]))
    assert found.compute().tolist() == [2]
