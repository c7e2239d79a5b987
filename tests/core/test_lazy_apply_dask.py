"""`lazy_apply` inside graphs of Dask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

from core import lazy_apply


@dataclass
class Weighted:
    """An array in an object."""

    weights: Any


def test_function_gets_whole_arrays_and_results_have_one_chunk() -> None:
    x = da.arange(15, chunks=4).reshape(5, 3)
    found = lazy_apply(lambda x: x.sum(axis=0) + x, x)
    expected = np.arange(15).reshape(5, 3)
    assert found.chunks == ((5,), (3,))
    np.testing.assert_array_equal(np.asarray(found), expected.sum(axis=0) + expected)


def test_keys_start_with_the_function_name_and_are_deterministic() -> None:
    def helloworld(x: Any, k: int = 1) -> Any:
        return x + k

    x = da.asarray([1, 2])
    found = lazy_apply(helloworld, x)
    keys = [key if isinstance(key, str) else key[0] for key in found.__dask_graph__()]
    assert any(key.split("-")[0] == "helloworld" for key in keys)
    assert lazy_apply(helloworld, x).name == found.name
    assert lazy_apply(helloworld, x, k=2).name != found.name
    assert lazy_apply(helloworld, x + 1).name != found.name
    assert lazy_apply(helloworld, x, dtype=float).name != found.name


def test_function_is_not_called_before_compute() -> None:
    calls = []

    def counted(x: Any) -> Any:
        calls.append(x.size)
        return x + 1

    found = lazy_apply(counted, da.arange(10, chunks=5))
    assert calls == []
    assert isinstance(found._meta, np.ndarray)
    found.compute(scheduler="synchronous")
    assert calls == [10]


def test_arrays_of_unknown_length_are_supported() -> None:
    x = da.arange(10, chunks=3)
    found = lazy_apply(lambda x: x[::-1], x[x > 4])
    assert np.isnan(found.shape[0])
    np.testing.assert_array_equal(np.asarray(found), [9, 8, 7, 6, 5])


def test_function_gets_and_results_have_the_class_of_the_meta() -> None:
    class Marked(np.ndarray):
        pass

    seen = []

    def check(x: Any) -> Any:
        seen.append(type(x))
        return x + 1

    x = da.ones(4, chunks=2).map_blocks(lambda x: x.view(Marked), meta=np.empty(0).view(Marked))
    found = lazy_apply(check, x)
    assert type(found._meta) is Marked
    np.testing.assert_array_equal(np.asarray(found), np.full(4, 2.0))
    found = lazy_apply(check, x, as_numpy=True)
    found.compute()
    assert all(issubclass(cls, np.ndarray) for cls in seen)


def test_results_that_were_declared_differently_raise() -> None:
    x = da.ones(4, chunks=2)
    with pytest.raises(ValueError, match=r"lambda returned shape \(2,\) where \(4,\).*give shape="):
        lazy_apply(lambda x: x[:2], x).compute()
    with pytest.raises(TypeError, match="returned float64 where int64 was declared: give dtype="):
        lazy_apply(np.mean, x.astype(int), shape=()).compute()
    with pytest.raises(TypeError, match="returned float64 where uint8 was declared: give dtype="):
        lazy_apply(lambda x: 3.5, x, shape=(), dtype="uint8").compute()
    assert lazy_apply(lambda x: 3, x, shape=(), dtype="uint8").compute().dtype == np.uint8
    assert lazy_apply(lambda x: [], x, shape=(None,), dtype="uint8").compute().dtype == np.uint8


@pytest.mark.parametrize("signature", [None, "(n)->(n)"])
def test_function_gets_arrays_of_the_class_of_the_blocks(signature: str | None) -> None:
    x = da.ma.masked_greater(da.arange(6, chunks=2).reshape(2, 3), 4)
    assert isinstance(x._meta, np.ma.MaskedArray)

    def filled(x: Any) -> Any:
        assert isinstance(x, np.ma.MaskedArray)
        return x.filled(-1)

    found = lazy_apply(filled, x, signature=signature)
    np.testing.assert_array_equal(np.asarray(found), [[0, 1, 2], [3, 4, -1]])


def test_signature_applies_the_function_to_each_block_of_the_loop_dimensions() -> None:
    x = da.random.default_rng(0).random((7, 4, 6), chunks=(2, 2, 3))
    y = da.ones((4, 6), chunks=(2, 6))
    sizes = []

    def dot(x: Any, y: Any) -> Any:
        sizes.append(x.shape)
        return np.vecdot(x, y)

    found = lazy_apply(dot, x, y, signature="(n),(n)->()")
    assert found.chunks == ((2, 2, 2, 1), (2, 2))
    with dask.config.set(scheduler="synchronous"):
        np.testing.assert_allclose(np.asarray(found), np.asarray(x).sum(axis=-1))
    assert len(sizes) == 8
    assert set(sizes) == {(2, 2, 6), (1, 2, 6)}


def test_delayed_values_in_named_arguments_are_computed() -> None:
    three = dask.delayed(lambda: 3)()
    result = lazy_apply(lambda x, *, w: x + w["three"], da.ones(2), w={"three": three})
    np.testing.assert_array_equal(result.compute(), [4, 4])
    x = da.ones((4, 2), chunks=(2, 1))
    result = lazy_apply(lambda x, *, w: x.sum(-1) + w, x, w=three, signature="(n)->()")
    np.testing.assert_array_equal(result.compute(), [5] * 4)


def test_dask_arrays_in_objects_in_named_arguments_are_computed() -> None:
    weighted = Weighted(da.arange(4, chunks=2))
    for given in (weighted, {"weighted": [weighted]}):

        def scaled(x: Any, *, by: Any) -> Any:
            found = by["weighted"][0] if isinstance(by, dict) else by
            assert isinstance(found.weights, np.ndarray)
            return x * found.weights

        result = lazy_apply(scaled, da.arange(4, chunks=2), by=given)
        np.testing.assert_array_equal(result.compute(), [0, 1, 4, 9])


def test_iterators_in_named_arguments_are_not_exhausted() -> None:
    x = da.ones(2)
    numbers = (i for i in (1, 2))
    result = lazy_apply(lambda x, *, k: x * sum(k), x, k=numbers)
    np.testing.assert_array_equal(result.compute(), [3, 3])


def test_matrices_become_arrays() -> None:
    x = da.full((2, 2), 2.0, chunks=2)
    result = lazy_apply(np.asmatrix, x)
    np.testing.assert_array_equal((result * result).compute(), [[4, 4], [4, 4]])
