"""Applying eager functions, on every library and inside graphs of Dask and JAX."""

from __future__ import annotations

import enum
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import array_api_compat
import array_api_compat.dask.array
import array_api_compat.torch
import array_api_strict
import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from core import lazy_apply
from core.backends import Backend, backends, get_backend
from core.testing import assert_equal

LIBRARIES = [name for name, one in backends().items() if one.availability("cpu").usable]


@pytest.fixture(params=[False, True], ids=["own", "numpy"])
def as_numpy(request: pytest.FixtureRequest) -> Any:
    return request.param


def run(
    backend: Backend, function: Callable[..., Any], *arrays: Any, inside_jit: bool = True
) -> Any:
    """Return what `function` makes of `arrays`; JAX must make the same of it inside ``jax.jit``.

    There, ``as_numpy=False`` may wait for ever on a CPU.
    """
    found = function(*arrays)
    if inside_jit and "jit" in backend.modes:
        inside = jax.jit(function)(*arrays)
        assert jax.tree.structure(inside) == jax.tree.structure(found)
        for x, y in zip(jax.tree.leaves(inside), jax.tree.leaves(found), strict=True):
            assert_equal(x, y)
    return found


def value(x: Any) -> Any:
    return np.asarray(x)


def test_one_result_has_the_announced_shape_and_dtype(
    xp: Any, xp_backend: Backend, as_numpy: bool
) -> None:
    def widened(x: Any) -> Any:
        own = array_api_compat.array_namespace(x)
        assert isinstance(x, np.ndarray) == (as_numpy or xp_backend.name in {"numpy", "dask"})
        return own.astype(own.stack([x, x]), own.float32)

    def call(x: Any) -> Any:
        return lazy_apply(widened, x, shape=(2, 3), dtype=xp.float32, as_numpy=as_numpy)

    x = xp.asarray([1, 2, 3], dtype=xp.int16)
    found = run(xp_backend, call, x, inside_jit=as_numpy)
    assert type(found) is type(x)
    assert found.dtype == xp.float32
    np.testing.assert_array_equal(value(found), [[1, 2, 3], [1, 2, 3]])


def test_shape_and_dtype_default_to_those_of_the_arrays_together(
    xp: Any, xp_backend: Backend, as_numpy: bool
) -> None:
    x = xp.asarray([1, 2], dtype=xp.int16)
    y = xp.asarray([[4], [5], [6]], dtype=xp.int32)
    found = run(
        xp_backend,
        lambda x, y: lazy_apply(lambda x, y: x + y, x, y, as_numpy=as_numpy),
        x,
        y,
        inside_jit=as_numpy,
    )
    assert found.shape == (3, 2)
    assert found.dtype == xp.int32
    np.testing.assert_array_equal(value(found), [[5, 6], [6, 7], [7, 8]])


def test_several_results_come_as_a_tuple(xp: Any, xp_backend: Backend, as_numpy: bool) -> None:
    def call(x: Any) -> Any:
        shapes, dtypes = ((2,), (1, 2)), (xp.int8, xp.int16)
        return lazy_apply(both, x, shape=shapes, dtype=dtypes, as_numpy=as_numpy)

    def both(x: Any) -> Any:
        own = array_api_compat.array_namespace(x)
        return [x + x, own.astype(x[None, :], own.int16)]

    found = run(xp_backend, call, xp.asarray([1, 2], dtype=xp.int8), inside_jit=as_numpy)
    assert type(found) is tuple
    assert [x.dtype for x in found] == [xp.int8, xp.int16]
    np.testing.assert_array_equal(value(found[0]), [2, 4])
    np.testing.assert_array_equal(value(found[1]), [[1, 2]])


def test_one_default_dtype_serves_all_results(xp: Any, xp_backend: Backend) -> None:
    def call(x: Any, y: Any) -> Any:
        return lazy_apply(lambda x, y: (x + y, x - y), x, y, shape=((2,), (2,)), as_numpy=True)

    x, y = xp.asarray([1, 2], dtype=xp.int16), xp.asarray([3], dtype=xp.int32)
    found = run(xp_backend, call, x, y)
    assert [x.dtype for x in found] == [xp.int32, xp.int32]


def test_results_may_be_numbers_and_lists(xp: Any, xp_backend: Backend) -> None:
    def call(x: Any) -> Any:
        dtype = xp.asarray(0).dtype
        return lazy_apply(
            lambda x: (3, [4, 5]), x, shape=((), (2,)), dtype=(dtype, dtype), as_numpy=True
        )

    number, row = run(xp_backend, call, xp.asarray([1, 2]))
    assert int(value(number)) == 3
    np.testing.assert_array_equal(value(row), [4, 5])


def test_scalars_and_none_are_passed_on(xp: Any, xp_backend: Backend) -> None:
    def plus(x: Any, none: Any, number: Any, *, scale: Any) -> Any:
        assert none is None
        assert type(number) is int
        assert type(scale) is list
        return x + number * scale[0]

    def call(x: Any) -> Any:
        return lazy_apply(plus, x, None, 3, scale=[2], as_numpy=True)

    np.testing.assert_array_equal(value(run(xp_backend, call, xp.asarray([1, 2]))), [7, 8])


def test_numbers_of_other_classes_are_passed_on_as_they_are(xp: Any, xp_backend: Backend) -> None:
    class Order(enum.IntEnum):
        SECOND = 2

    def check(x: Any, order: Any) -> Any:
        assert order is Order.SECOND
        return x * 2

    found = lazy_apply(check, xp.asarray([1, 2]), Order.SECOND, as_numpy=True)
    np.testing.assert_array_equal(value(found), [2, 4])


def test_a_missing_dtype_among_several_is_the_default(xp: Any, xp_backend: Backend) -> None:
    def half(x: Any) -> Any:
        return x, (x / 2).astype(np.float32)

    def call(x: Any) -> Any:
        return lazy_apply(half, x, shape=((2,), (2,)), dtype=(None, xp.float32), as_numpy=True)

    x = xp.asarray([1, 2], dtype=xp.int32)
    same, other = run(xp_backend, call, x, inside_jit=True)
    assert same.dtype == x.dtype
    np.testing.assert_array_equal(value(other), [0.5, 1])


def test_a_namespace_says_what_arrays_of_several_libraries_become(
    xp: Any, xp_backend: Backend
) -> None:
    def call(x: Any) -> Any:
        return lazy_apply(lambda x, table: x + table, x, np.asarray([3, 4]), xp=xp)

    np.testing.assert_array_equal(value(run(xp_backend, call, xp.asarray([1, 2]))), [4, 6])


def test_named_arguments_are_not_looked_into(xp: Any, xp_backend: Backend, as_numpy: bool) -> None:
    def check(x: Any, table: Any, text: Any, own: Any) -> Any:
        assert table == {0: [1, 2]}
        assert text == "text"
        assert own[0] is own
        return x + 1

    own: list[Any] = []
    own.append(own)

    def call(x: Any) -> Any:
        return lazy_apply(check, x, table={0: [1, 2]}, text="text", own=own, as_numpy=as_numpy)

    assert int(value(run(xp_backend, call, xp.asarray(0), inside_jit=as_numpy))) == 1


def test_unknown_lengths_work_except_inside_jit(xp: Any, xp_backend: Backend) -> None:
    x = xp.asarray([1, 1, 2, 2, 2])

    def call(x: Any) -> Any:
        return lazy_apply(np.unique, x, shape=(None,), as_numpy=True)

    np.testing.assert_array_equal(value(call(x)), [1, 2])
    if "jit" in xp_backend.modes:
        with pytest.raises(ValueError, match="Output shape must be fully known"):
            jax.jit(call)(x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (2,), "dtype": [int, int]}, "single shape but multiple dtypes"),
        ({"shape": ((2,), (2,)), "dtype": int}, "multiple shapes but only one dtype"),
        ({"shape": ((2,), (2,)), "dtype": [int]}, "2 shapes and 1 dtypes"),
        ({"vmap_method": "often"}, "unknown vmap_method 'often'"),
        ({"jvp": np.sin, "vjp": np.sin}, "either jvp or vjp"),
        ({"vectorize": True}, "together with a signature"),
        ({"signature": "n->n"}, "not a signature"),
        ({"signature": "(n),(n)->()"}, "has 2 inputs, got 1 arrays"),
        ({"signature": "(m,n)->()"}, "fewer axes than the core dimensions"),
        ({"signature": "(n)->(k)"}, "no input .* has core dimension 'k'"),
    ],
)
def test_contradictions_are_errors(options: dict[str, Any], message: str) -> None:
    x = da.asarray([1, 2]) if "->(k)" in options.get("signature", "") else jnp.asarray([1, 2])
    with pytest.raises(ValueError, match=message):
        lazy_apply(np.cumsum, x, **options)


def test_wrong_arguments_are_errors() -> None:
    with pytest.raises(ValueError, match="at least one argument array"):
        lazy_apply(np.sin, 3)
    with pytest.raises(TypeError, match="list is not a supported array type"):
        lazy_apply(np.sin, [1, 2])
    with pytest.raises(TypeError, match="several libraries: jax, numpy"):
        lazy_apply(np.add, jnp.ones(2), np.ones(2))
    with pytest.raises(TypeError, match="returned int, not the 2 arrays"):
        lazy_apply(lambda x: 3, np.ones(2), shape=((), ()))
    with pytest.raises(ValueError, match="returned 1 arrays; shape= announces 2"):
        lazy_apply(lambda x: [3], np.ones(2), shape=((), ()))


def test_shapes_that_do_not_go_together_are_an_error_unless_a_shape_is_given(
    xp: Any, xp_backend: Backend
) -> None:
    def call(x: Any, y: Any, **options: Any) -> Any:
        return lazy_apply(np.convolve, x, y, as_numpy=True, **options)

    x, y = xp.asarray([1, 2]), xp.asarray([1, 2, 3])
    with pytest.raises(ValueError, match=r"shapes \(2,\), \(3,\) cannot be broadcast"):
        call(x, y)
    np.testing.assert_array_equal(value(call(x, y, shape=(4,))), [1, 4, 7, 6])


@pytest.mark.parametrize(
    ("x", "device"),
    [
        (array_api_strict.ones(2, device=array_api_strict.Device("device1")), "device1"),
        (torch.ones(2, device="meta"), "meta"),
        (jnp.ones(2), "cpu"),
    ],
)
def test_results_are_on_the_device_of_the_arguments(x: Any, device: str) -> None:
    xp = array_api_compat.array_namespace(x)
    found = lazy_apply(lambda x: xp.zeros(2), x)
    assert array_api_compat.device(found) == array_api_compat.device(x)
    assert device in str(array_api_compat.device(found)).lower()


def test_what_the_function_raises_names_the_function(xp: Any, xp_backend: Backend) -> None:
    def broken(x: Any) -> Any:
        raise KeyError("no such thing")

    def call(x: Any) -> Any:
        return lazy_apply(broken, x, as_numpy=True)

    with pytest.raises(KeyError, match="no such thing") as caught:
        value(call(xp.asarray([1.0])))
    assert "in lazy_apply of broken" in caught.value.__notes__
    if "jit" in xp_backend.modes:
        with pytest.raises(Exception, match="no such thing") as inside:
            value(jax.jit(call)(xp.asarray([1.0])))
        assert "in lazy_apply of broken: KeyError" in str(inside.value)


# Dask


def test_the_shape_may_be_a_function_of_the_shapes(xp: Any, xp_backend: Backend) -> None:
    def call(x: Any) -> Any:
        return lazy_apply(np.diff, x, shape=lambda shape: (shape[0] - 1,), as_numpy=True)

    np.testing.assert_array_equal(value(run(xp_backend, call, xp.asarray([1, 4, 9]))), [3, 5])


def test_many_threads_with_many_libraries_get_their_own_results() -> None:
    arrays = [get_backend(name).namespace().arange(5) for name in LIBRARIES]

    def work(i: int) -> bool:
        x = arrays[i % len(arrays)]
        found = lazy_apply(lambda x: x + i, x, as_numpy=True)
        return bool((value(found) == np.arange(5) + i).all())

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(work, range(500)))


def test_a_signature_takes_a_dtype_for_each_of_its_results(xp: Any, xp_backend: Backend) -> None:
    def call(x: Any, dtype: Any) -> Any:
        return lazy_apply(
            lambda x: (x.argmax(-1), x.sum(-1)),
            x,
            signature="(n)->(),()",
            dtype=dtype,
            as_numpy=True,
        )

    x = xp.asarray([[1.0, 2.0], [3.0, 0.0]])
    places, sums = run(xp_backend, lambda x: call(x, (xp.argmax(x).dtype, x.dtype)), x)
    assert value(places).tolist() == [1, 0]
    assert value(sums).tolist() == [3, 3]
    with pytest.raises(ValueError, match="give one dtype for each shape"):
        call(x, x.dtype)


def test_an_error_in_a_callable_shape_tells_what_it_was_given() -> None:
    with pytest.raises(TypeError) as error:
        lazy_apply(np.diff, np.ones(3), shape=lambda shape: shape + 1)
    assert error.value.__notes__ == ["in shape= of lazy_apply of diff, called with (3,)"]
