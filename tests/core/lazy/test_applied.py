"""Eager functions in traced graphs, by `core.lazy_apply`."""

from __future__ import annotations

import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import core
from core import lazy, lazy_apply
from core.testing import assert_equal

CALLS: list[Any] = []


def running(x: np.ndarray[Any, Any], *, scale: float = 1.0) -> np.ndarray[Any, Any]:
    CALLS.append(x)
    return np.cumsum(x) * scale


def extremes(x: Any) -> tuple[Any, Any]:
    return x.min(), x.max()


def test_the_function_runs_when_the_graph_is_computed() -> None:
    CALLS.clear()
    x = lazy.array(np.asarray([1.0, 2.0]))
    y = lazy_apply(running, x * 2, as_numpy=True, scale=0.5) + 1
    assert type(y) is lazy.LazyArray
    assert not CALLS
    assert np.array_equal(y.compute(), [2.0, 4.0])
    assert len(CALLS) == 1
    assert type(CALLS[0]) is np.ndarray


def test_the_operation_has_the_functions_name_and_the_declared_results() -> None:
    x = lazy.Variable((3,), "torch", "float32")
    y = lazy_apply(running, x, as_numpy=True)
    assert (y.fn_name, y.shape, y.dtype, y.backend) == ("running", (3,), np.float32, "torch")
    assert y.deps == (x,)
    z = lazy_apply(running, x, as_numpy=True, shape=(None,), dtype="int64")
    assert (z.shape, z.dtype) == ((None,), np.int64)
    first, second = lazy_apply(extremes, x, shape=((), ()))
    assert (first.shape, second.shape) == ((), ())
    n = lazy_apply(np.vecdot, lazy.Variable((2, 3)), lazy.Variable((3,)), signature="(n),(n)->()")
    assert n.shape == (2,)


def test_several_results_and_a_signature_are_supported() -> None:
    rows = lazy.array(np.asarray([[1.0, 2.0], [3.0, 5.0]]))
    low, high = lazy_apply(extremes, rows, signature="(n)->(),()", vectorize=True)
    assert np.array_equal(lazy.compute([low, high]), [[1.0, 3.0], [2.0, 5.0]])


def test_a_graph_applies_the_function_to_any_library(xp: Any) -> None:
    trace = core.trace(lambda x: lazy_apply(running, x, as_numpy=True) + 1, np.ones(2))
    x = xp.asarray([1.0, 2.0])
    for function in (trace, pickle.loads(pickle.dumps(trace.function))):
        assert_equal(function(x), xp.asarray([2.0, 4.0]))


def test_a_graph_applies_the_function_inside_jit() -> None:
    trace = core.trace(lambda x: lazy_apply(running, x, as_numpy=True) + 1, np.ones(2))
    assert np.array_equal(jax.jit(trace)(jnp.asarray([1.0, 2.0])), [2.0, 4.0])


def test_a_result_that_was_not_declared_raises_an_error() -> None:
    x = lazy.array(np.asarray([1, 2]))
    with pytest.raises(TypeError, match="sqrt returned float64 where int64 was declared"):
        lazy_apply(np.sqrt, x).compute()
    with pytest.raises(ValueError, match=r"returned shape \(1,\) where \(2,\) was declared"):
        lazy_apply(np.diff, x).compute()
