"""Tagged functions under a fixture of the project, and what they return on Dask."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import array_api_compat.dask.array
import array_api_compat.torch
import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from core.testing import lazy_xp_function, patch_lazy_xp_functions, untransformed
from tests.core.testing import lazy_samples


def double(x: Any) -> Any:
    return x * 2


def needs_value(x: Any) -> Any:
    return x if float(x[0]) == 1 else -x


def each(x: Any) -> Iterator[Any]:
    for i in range(x.shape[0]):
        yield x[i, :] * 2


@dataclass
class Node:
    value: Any
    next: Any = None


class Slots:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def recursive(x: Any) -> Any:
    node = Node([x * 2])
    node.next = [node, (node.value, {"key": Slots(x * 3)})]
    return node


def fails_late(x: Any) -> Any:
    def fail(block: Any) -> Any:
        raise ArithmeticError("late")

    return [Slots(x.map_blocks(fail, dtype=x.dtype))] if isinstance(x, da.Array) else x


for one in (double, needs_value, each, recursive, fails_late):
    lazy_xp_function(one)
lazy_xp_function(lazy_samples.ufunc_needing_values)


class TestProjectsFixture:
    @pytest.fixture(params=[np, jnp, da, array_api_compat.torch, array_api_compat.dask.array])
    def xp(self, request: pytest.FixtureRequest) -> Iterator[Any]:
        with patch_lazy_xp_functions(request, xp=request.param):
            yield request.param

    def test_functions_are_lazy(self, xp: Any) -> None:
        x = xp.asarray([1.0, 2.0])
        assert [float(value) for value in double(x)] == [2, 4]
        if "dask" in xp.__name__:
            with pytest.raises(AssertionError, match="allow_dask_compute=1"):
                needs_value(x)
        elif xp is jnp:
            with pytest.raises(jax.errors.ConcretizationTypeError):
                needs_value(x)
        else:
            assert needs_value(x) is x

    def test_untransformed_functions_are_called_without_their_tag(self, xp: Any) -> None:
        x = xp.asarray([1.0, 2.0])
        assert untransformed(needs_value)(x) is x


def test_tags_end_with_the_context(request: pytest.FixtureRequest) -> None:
    x = da.asarray([1.0])
    with patch_lazy_xp_functions(request, xp=da), pytest.raises(AssertionError):
        needs_value(x)
    assert needs_value(x) is x


@pytest.fixture
def lazy_until_the_end(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    with pytest.warns(DeprecationWarning, match="use the function as a context manager"):
        patch_lazy_xp_functions(request, monkeypatch, xp=da)


@pytest.mark.usefixtures("lazy_until_the_end")
def test_functions_are_lazy_at_once_with_monkeypatch() -> None:
    with pytest.raises(AssertionError, match="allow_dask_compute=1"):
        needs_value(da.asarray([1.0]))


def test_tags_end_when_monkeypatch_is_undone(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = da.asarray([1.0])
    with pytest.warns(DeprecationWarning, match="`monkeypatch` parameter"):
        patch_lazy_xp_functions(request, monkeypatch, xp=da)
    monkeypatch.undo()
    assert needs_value(x) is x


def test_untagged_functions_are_untransformed() -> None:
    assert untransformed(test_untagged_functions_are_untransformed) is (
        test_untagged_functions_are_untransformed
    )
    assert untransformed((Node, "__init__")) is Node.__init__


def test_returned_iterators_remain_iterators(xp: Any) -> None:
    rows = each(xp.asarray([[1.0], [2.0]]))
    assert iter(rows) is rows
    assert [float(row[0]) for row in rows] == [2, 4]
    assert next(rows, None) is None


def test_results_may_contain_themselves(xp: Any) -> None:
    x = xp.asarray([1.0])
    node = recursive(x)
    assert type(node) is Node
    assert node.next[0] is node
    assert node.next[1][0] is node.value
    assert float(node.value[0][0]) == 2
    assert float(node.next[1][1]["key"].value[0]) == 3


def test_graphs_inside_objects_are_computed_in_the_call(xp: Any) -> None:
    if "dask" in xp.__name__:
        with pytest.raises(ArithmeticError, match="late"):
            fails_late(xp.asarray([1.0]))


def test_long_chains_of_objects_are_searched() -> None:
    from core.backends import get_backend

    node = None
    for i in itertools.islice(itertools.count(), 5000):
        node = Node(da.asarray([i]) if i in (0, 4999) else i, node)
    assert get_backend("dask").settled(node) is node
    assert all(not callable(task) for task in node.value.dask.values())
