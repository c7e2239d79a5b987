"""`lazy_apply` on every library, and inside graphs of Dask and ``jax.jit``."""

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


@pytest.fixture(params=[False, True], ids=["same library", "numpy"])
def as_numpy(request: pytest.FixtureRequest) -> Any:
    return request.param


def run(
    backend: Backend, function: Callable[..., Any], *arrays: Any, inside_jit: bool = True
) -> Any:
    """Return the result of a call, and assert that it is the same inside ``jax.jit``.

    Pass ``inside_jit=False`` for functions of JAX arrays, which may deadlock there on a CPU.
    """
    result = function(*arrays)
    if inside_jit and "jit" in backend.modes:
        jitted = jax.jit(function)(*arrays)
        assert jax.tree.structure(jitted) == jax.tree.structure(result)
        for x, y in zip(jax.tree.leaves(jitted), jax.tree.leaves(result), strict=True):
            assert_equal(x, y)
    return result


def value(x: Any) -> Any:
    return np.asarray(x)


def test_result_has_the_declared_shape_and_dtype(
    xp: Any, xp_backend: Backend, as_numpy: bool
) -> None:
    def widened(x: Any) -> Any:
        namespace = array_api_compat.array_namespace(x)
        assert isinstance(x, np.ndarray) == (as_numpy or xp_backend.name in {"numpy", "dask"})
        return namespace.astype(namespace.stack([x, x]), namespace.float32)

    def call(x: Any) -> Any:
        return lazy_apply(widened, x, shape=(2, 3), dtype=xp.float32, as_numpy=as_numpy)

    x = xp.asarray([1, 2, 3], dtype=xp.int16)
    found = run(xp_backend, call, x, inside_jit=as_numpy)
    assert type(found) is type(x)
    assert found.dtype == xp.float32
    np.testing.assert_array_equal(value(found), [[1, 2, 3], [1, 2, 3]])


def test_shape_and_dtype_default_to_broadcast_shape_and_promoted_dtype(
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


def test_several_results_are_a_tuple(xp: Any, xp_backend: Backend, as_numpy: bool) -> None:
    def call(x: Any) -> Any:
        shapes, dtypes = ((2,), (1, 2)), (xp.int8, xp.int16)
        return lazy_apply(both, x, shape=shapes, dtype=dtypes, as_numpy=as_numpy)

    def both(x: Any) -> Any:
        namespace = array_api_compat.array_namespace(x)
        return [x + x, namespace.astype(x[None, :], namespace.int16)]

    found = run(xp_backend, call, xp.asarray([1, 2], dtype=xp.int8), inside_jit=as_numpy)
    assert type(found) is tuple
    assert [x.dtype for x in found] == [xp.int8, xp.int16]
    np.testing.assert_array_equal(value(found[0]), [2, 4])
    np.testing.assert_array_equal(value(found[1]), [[1, 2]])


def test_all_results_have_the_default_dtype(xp: Any, xp_backend: Backend) -> None:
    def call(x: Any, y: Any) -> Any:
        return lazy_apply(lambda x, y: (x + y, x - y), x, y, shape=((2,), (2,)), as_numpy=True)

    x, y = xp.asarray([1, 2], dtype=xp.int16), xp.asarray([3], dtype=xp.int32)
    found = run(xp_backend, call, x, y)
    assert [x.dtype for x in found] == [xp.int32, xp.int32]


def test_numbers_and_lists_become_arrays(xp: Any, xp_backend: Backend) -> None:
    def call(x: Any) -> Any:
        dtype = xp.asarray(0).dtype
        return lazy_apply(
            lambda x: (3, [4, 5]), x, shape=((), (2,)), dtype=(dtype, dtype), as_numpy=True
        )

    number, row = run(xp_backend, call, xp.asarray([1, 2]))
    assert int(value(number)) == 3
    np.testing.assert_array_equal(value(row), [4, 5])


def test_scalars_and_none_are_passed_on_unchanged(xp: Any, xp_backend: Backend) -> None:
    def plus(x: Any, none: Any, number: Any, *, scale: Any) -> Any:
        assert none is None
        assert type(number) is int
        assert type(scale) is list
        return x + number * scale[0]

    def call(x: Any) -> Any:
        return lazy_apply(plus, x, None, 3, scale=[2], as_numpy=True)

    np.testing.assert_array_equal(value(run(xp_backend, call, xp.asarray([1, 2]))), [7, 8])


def test_subclasses_of_numbers_are_passed_on_unchanged(xp: Any, xp_backend: Backend) -> None:
    class Order(enum.IntEnum):
        SECOND = 2

    def check(x: Any, order: Any) -> Any:
        assert order is Order.SECOND
        return x * 2

    found = lazy_apply(check, xp.asarray([1, 2]), Order.SECOND, as_numpy=True)
    np.testing.assert_array_equal(value(found), [2, 4])


def test_dtype_none_among_several_means_the_default(xp: Any, xp_backend: Backend) -> None:
    def half(x: Any) -> Any:
        return x, (x / 2).astype(np.float32)

    def call(x: Any) -> Any:
        return lazy_apply(half, x, shape=((2,), (2,)), dtype=(None, xp.float32), as_numpy=True)

    x = xp.asarray([1, 2], dtype=xp.int32)
    same, other = run(xp_backend, call, x, inside_jit=True)
    assert same.dtype == x.dtype
    np.testing.assert_array_equal(value(other), [0.5, 1])


def test_arrays_of_several_libraries_are_converted_to_the_given_namespace(
    xp: Any, xp_backend: Backend
) -> None:
    def call(x: Any) -> Any:
        return lazy_apply(lambda x, table: x + table, x, np.asarray([3, 4]), xp=xp)

    np.testing.assert_array_equal(value(run(xp_backend, call, xp.asarray([1, 2]))), [4, 6])


def test_named_arguments_are_passed_on_unchanged(
    xp: Any, xp_backend: Backend, as_numpy: bool
) -> None:
    def check(x: Any, table: Any, text: Any, cyclic: Any) -> Any:
        assert table == {0: [1, 2]}
        assert text == "text"
        assert cyclic[0] is cyclic
        return x + 1

    cyclic: list[Any] = []
    cyclic.append(cyclic)

    def call(x: Any) -> Any:
        return lazy_apply(
            check, x, table={0: [1, 2]}, text="text", cyclic=cyclic, as_numpy=as_numpy
        )

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
def test_contradictory_options_raise(options: dict[str, Any], message: str) -> None:
    x = da.asarray([1, 2]) if "->(k)" in options.get("signature", "") else jnp.asarray([1, 2])
    with pytest.raises(ValueError, match=message):
        lazy_apply(np.cumsum, x, **options)


def test_wrong_arguments_raise() -> None:
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


def test_shapes_that_cannot_be_broadcast_raise_unless_a_shape_is_given(
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


def test_errors_of_the_function_have_a_note_with_its_name(xp: Any, xp_backend: Backend) -> None:
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


def test_shape_may_be_a_function_of_the_shapes(xp: Any, xp_backend: Backend) -> None:
    def call(x: Any) -> Any:
        return lazy_apply(np.diff, x, shape=lambda shape: (shape[0] - 1,), as_numpy=True)

    np.testing.assert_array_equal(value(run(xp_backend, call, xp.asarray([1, 4, 9]))), [3, 5])


def test_threads_get_the_results_of_their_calls() -> None:
    arrays = [get_backend(name).namespace().arange(5) for name in LIBRARIES]

    def work(i: int) -> bool:
        x = arrays[i % len(arrays)]
        found = lazy_apply(lambda x: x + i, x, as_numpy=True)
        return bool((value(found) == np.arange(5) + i).all())

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(work, range(500)))


def test_signature_with_several_outputs_needs_a_dtype_for_each(
    xp: Any, xp_backend: Backend
) -> None:
    def call(x: Any, dtype: Any) -> Any:
        return lazy_apply(
            lambda x: (x.argmax(-1), x.sum(-1)),
            x,
            signature="(n)->(),()",
            dtype=dtype,
            as_numpy=True,
        )

    x = xp.asarray([[1.0, 2.0], [3.0, 0.0]])
    indices, sums = run(xp_backend, lambda x: call(x, (xp.argmax(x).dtype, x.dtype)), x)
    assert value(indices).tolist() == [1, 0]
    assert value(sums).tolist() == [3, 3]
    with pytest.raises(ValueError, match="give one dtype for each shape"):
        call(x, x.dtype)


def test_errors_of_a_callable_shape_have_a_note_with_its_arguments() -> None:
    with pytest.raises(TypeError) as error:
        lazy_apply(np.diff, np.ones(3), shape=lambda shape: shape + 1)
    assert error.value.__notes__ == ["in shape= of lazy_apply of diff, called with (3,)"]


def test_masks_are_not_lost() -> None:
    x = np.ma.masked_array([1.0, 2.0], mask=[False, True])
    found = lazy_apply(np.negative, x)
    assert isinstance(found, np.ma.MaskedArray)
    assert found.tolist() == [-1, None]
    assert lazy_apply(lambda x: np.ma.masked_less(x, 2), x.filled(0)).tolist() == [None, None]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ma.masked_array([1.0], mask=[True]), r"'numpy\.ma\.MaskedArray' are not supported"),
        (np.asmatrix([[1.0]]), r"'numpy\.matrix' are not supported"),
        (np.asarray([1, None]), "object arrays are not supported"),
    ],
    ids=["masked", "matrix", "objects"],
)
def test_only_arrays_that_other_libraries_can_hold_are_passed_as_numpy(
    array: Any, message: str
) -> None:
    for args in ((array,), (np.ones(1), array), ([array],)):
        with pytest.raises(TypeError, match=message):
            lazy_apply(lambda *args: np.ones(1), *args, shape=(1,), as_numpy=True)


@pytest.mark.parametrize("as_numpy", [False, True])
def test_masks_are_not_lost_in_other_libraries(as_numpy: bool) -> None:
    def masked(x: Any) -> Any:
        return np.ma.masked_less(np.asarray(x), 2)

    def call(x: Any) -> Any:
        return lazy_apply(masked, x, as_numpy=as_numpy)

    for function, x in ((call, torch.ones(2)), (call, jnp.ones(2)), (jax.jit(call), jnp.ones(2))):
        with pytest.raises(Exception, match=r"'numpy\.ma\.MaskedArray' are not supported"):
            jax.block_until_ready(function(x))
    x = da.from_array(np.ma.masked_array([1.0, 2.0], mask=[False, True]))
    negative = lazy_apply(np.negative, x, as_numpy=as_numpy)
    if as_numpy:
        with pytest.raises(TypeError, match=r"'numpy\.ma\.MaskedArray' are not supported"):
            negative.compute()
    else:
        assert negative.compute().tolist() == [-1, None]
