"""Which arrays share memory when a traced function changes them in place."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest
import torch

import core
from core import autojit, lazy


@pytest.mark.parametrize(
    ("array", "name"),
    [
        (torch.ones(2), "conj"),
        (torch.ones(2), "positive"),
        (strict.asarray([1, 2]), "floor"),
        (strict.asarray([1, 2]), "trunc"),
    ],
)
def test_functions_that_return_their_operand_share_its_memory(array: Any, name: str) -> None:
    x = lazy.array(array)
    y = getattr(lazy, name)(x)
    y += 1
    with pytest.raises(lazy.DataDependentError, match="in-place"):
        x * 2


def test_functions_that_return_a_copy_in_numpy_share_no_memory() -> None:
    x = lazy.array(np.ones(2))
    y = lazy.positive(x)
    y += 1
    np.testing.assert_array_equal((x * 2).compute(), 2.0)


def test_a_result_is_stored_in_place_as_the_library_allows() -> None:
    signed, unsigned = torch.tensor([-1], dtype=torch.int64), torch.tensor([1], dtype=torch.uint8)
    x = lazy.array(unsigned)
    x += lazy.array(signed)
    expected = unsigned.clone()
    expected += signed
    assert x.dtype == lazy.uint8
    assert torch.equal(x.compute(), expected)


def test_a_write_to_a_view_keeps_the_memory_layout() -> None:
    def function(x: Any) -> Any:
        for row in x:
            row += 1  # noqa: PLW2901
        return x

    x = np.asfortranarray(np.ones((2, 3)))
    expected = function(x.copy(order="K"))
    for found in (function(lazy.array(x)).compute(), core.trace(function, x)(x)):
        np.testing.assert_array_equal(found, expected)
        assert found.strides == expected.strides


def test_arguments_are_not_modified() -> None:
    def function(x: Any) -> Any:
        x += 1
        return x

    x = np.ones(2)
    trace = core.trace(function, x)
    np.testing.assert_array_equal(trace(x), [2.0, 2.0])
    np.testing.assert_array_equal(x, 1.0)
    again = pickle.loads(pickle.dumps(trace))
    np.testing.assert_array_equal(again(x), [2.0, 2.0])


def test_graphs_with_modified_arrays_can_be_pickled() -> None:
    x = lazy.array(np.ones(2))
    y = x * 1
    before = y * 2
    name = y
    y += 1
    one, other = pickle.loads(pickle.dumps([before, y]))
    np.testing.assert_array_equal(lazy.compute(one), 2.0)
    np.testing.assert_array_equal(lazy.compute(other), 2.0)
    with pytest.raises(TypeError, match="modified in place"):
        copy.deepcopy(name)


def test_shared_intermediates_refuse_in_place_operations() -> None:
    x = lazy.Variable((2,), "numpy")
    with lazy.shared_intermediates():
        y = x * 1
        with pytest.raises(lazy.DataDependentError, match="shared_intermediates"):
            y += 1


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x + 1, x + 1),
        lambda x: ((x + 1)[:1], x + 1),
        lambda x: (x.__array_namespace__().asarray(x, copy=True), x),
    ],
)
def test_results_share_memory_only_if_they_do_in_numpy(function: Callable[[Any], Any]) -> None:
    x = np.zeros(2)
    first, second = autojit(function, backend="lazy")(x)
    first[0] = 9
    np.testing.assert_array_equal(second, function(np.zeros(2))[1])
    np.testing.assert_array_equal(x, 0)


def test_results_that_are_one_array_stay_one() -> None:
    def function(x: Any) -> Any:
        y = x + 1
        return y, y, y[:1]

    one, same, view = autojit(function, backend="lazy")(np.zeros(2))
    assert one is same
    assert np.shares_memory(view, one)


def test_what_replaces_an_array_without_axes_is_an_array() -> None:
    def function(x: Any) -> Any:
        w = x[0, ...] * 1 + 0
        z = x.__array_namespace__().asarray(w)
        z = x[0, ...]
        name = z
        z += 1
        z *= 2
        return name, w

    x = np.asarray([1.0, 2.0])
    found = core.trace(lambda x: function(x * 1), x)(x)
    np.testing.assert_array_equal(found, (4.0, 1.0))
    assert type(found[0]) is np.ndarray
