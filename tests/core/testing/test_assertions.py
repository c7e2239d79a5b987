"""Assertions on arrays of all libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core import lazy
from core.backends import Backend
from core.testing import (
    assert_close,
    assert_close_nulp,
    assert_equal,
    assert_less,
    default_xp,
    xp_assert_close,
    xp_assert_close_nulp,
    xp_assert_equal,
    xp_assert_less,
)

UNCHECKED: Any = {"check_dtype": False, "check_device": False}
ALL = [assert_close, assert_close_nulp, assert_equal, assert_less]
EQUAL = [assert_close, assert_close_nulp, assert_equal]


@pytest.mark.parametrize("check", [*EQUAL, xp_assert_close, xp_assert_close_nulp, xp_assert_equal])
def test_equal_arrays_pass(xp: Any, check: Any) -> None:
    check(xp.asarray([1.0, float("inf")]), xp.asarray([1.0, float("inf")]))


@pytest.mark.parametrize("check", EQUAL)
def test_the_message_shows_values_library_and_device(
    xp: Any, check: Any, xp_backend: Backend
) -> None:
    with pytest.raises(AssertionError, match=rf"(?s){xp_backend.name} on .*[12]") as caught:
        check(xp.asarray([1.0, 2.0]), xp.asarray([1.0, 3.0]))
    assert str(caught.value).strip()


def test_the_default_tolerance_is_four_square_roots_of_the_epsilon(xp: Any) -> None:
    for dtype in (xp.float32, xp.float64):
        tolerance = 4 * float(xp.finfo(dtype).eps) ** 0.5
        one = xp.asarray([1.0], dtype=dtype)
        assert_close(one + 0.9 * tolerance, one)
        with pytest.raises(AssertionError):
            assert_close(one + 1.1 * tolerance, one)


def test_tolerances_can_be_given(xp: Any) -> None:
    assert_close(xp.asarray([1.4]), xp.asarray([1.0]), atol=0.5)
    assert_close(xp.asarray([3.0]), xp.asarray([2.0]), rtol=0.6)
    with pytest.raises(AssertionError):
        assert_close(xp.asarray([3.0]), xp.asarray([2.0]), rtol=0.4)


def test_nan_equals_nan_by_default(xp: Any) -> None:
    nan = xp.asarray([float("nan")])
    assert_equal(nan, nan)
    assert_close(nan, nan)
    with pytest.raises(AssertionError):
        assert_close(nan, nan, equal_nan=False)


def test_integers_and_booleans_are_compared_exactly(xp: Any) -> None:
    assert_close(xp.asarray([True, False]), xp.asarray([True, False]))
    with pytest.raises(AssertionError):
        assert_close(xp.asarray([10_000]), xp.asarray([10_001]))


def test_the_difference_in_units_in_the_last_place_is_limited(xp: Any) -> None:
    one = xp.asarray([1.0], dtype=xp.float64)
    assert_close_nulp(one + 2**-51, one, nulp=2)
    with pytest.raises(AssertionError, match="not equal to 1 ULP"):
        assert_close_nulp(one + 2**-51, one)


@pytest.mark.parametrize("less", [assert_less, xp_assert_less])
def test_each_element_must_be_less(xp: Any, less: Any) -> None:
    less(xp.asarray([1, 2]), xp.asarray([3, 3]))
    with pytest.raises(AssertionError):
        less(xp.asarray([1, 3]), xp.asarray([3, 3]))


def test_dtypes_must_agree_by_default(xp: Any) -> None:
    x, y = xp.asarray([1.0], dtype=xp.float32), xp.asarray([1.0], dtype=xp.float64)
    with pytest.raises(AssertionError, match="match: actual float32, desired float64"):
        assert_close(x, y)
    assert_close(x, y, check_dtype=False)


def test_shapes_must_agree_by_default(xp: Any) -> None:
    x, y = xp.asarray([[1.0, 1.0]]), xp.asarray(1.0)
    with pytest.raises(AssertionError, match=r"shapes do not match: actual \(1, 2\), desired \(\)"):
        assert_equal(x, y)
    assert_equal(x, y, check_shape=False)
    with pytest.raises(
        AssertionError, match=r"desired of shape \(1, 2\) cannot be broadcast to shape \(\)"
    ):
        assert_equal(y, x, check_shape=False)


@pytest.mark.skip_xp_backends("numpy", reason="the test uses NumPy as the other library")
@pytest.mark.parametrize("check", ALL)
def test_both_arrays_must_belong_to_xp(xp: Any, xp_backend: Backend, check: Any) -> None:
    expected, other = xp.asarray([1.0]), np.asarray([1.0])
    for name, actual, desired in (("actual", other, expected), ("desired", expected, other)):
        with pytest.raises(
            AssertionError, match=f"{name} is an array of numpy, not an array of {xp_backend.name}"
        ):
            check(actual, desired)
    with pytest.raises(AssertionError, match="actual is an array of numpy"):
        check(other, other)


def test_another_namespace_than_xp_can_be_expected(xp: Any) -> None:
    assert_equal(np.asarray(1), np.asarray(1), xp=np)
    with default_xp(np):
        assert_equal(np.asarray(1), np.asarray(1))
    assert_equal(np.asarray(1), xp.asarray(1, dtype=xp.int64), check_namespace=False)


def test_without_xp_the_library_of_the_desired_array_is_expected() -> None:
    import torch

    with pytest.raises(AssertionError, match="actual is an array of numpy, not an array of torch"):
        assert_equal(np.asarray([1]), torch.asarray([1]))
    with pytest.raises(AssertionError, match="actual is a Python list, not an array of torch"):
        assert_equal([1], torch.asarray([1]))


def test_numpy_scalars_are_not_arrays_in_the_assertions_of_scipy() -> None:
    assert_close(np.float64(1.0), np.asarray(1.0))
    for check in (xp_assert_close, xp_assert_equal):
        with pytest.raises(AssertionError, match="actual is a scalar of numpy and desired is an"):
            check(np.float64(1.0), np.asarray(1.0))
        check(np.float64(1.0), np.asarray(1.0), check_0d=False)
        check(np.float64(1.0), 1.0)


def test_the_desired_numpy_array_can_be_a_list() -> None:
    assert_equal(np.asarray([1, 2]), [1, 2], xp=np)
    with pytest.raises(AssertionError, match="actual is a Python list, not an array of numpy"):
        assert_equal([1, 2], [1, 2], xp=np)


def test_devices_must_agree_by_default() -> None:
    import array_api_strict as strict

    cpu, other = strict.ones(2), strict.ones(2, device=strict.Device("device1"))
    with pytest.raises(AssertionError, match="Devices do not match"):
        assert_equal(cpu, other)
    assert_equal(cpu, other, check_device=False)
    assert_equal(other, other)


def test_comparing_a_graph_of_unknown_shape_does_not_change_it() -> None:
    import dask.array as da

    x = da.from_array(np.arange(6.0), chunks=2)
    found = x[x > 2]
    assert_equal(found, da.asarray([3.0, 4.0, 5.0]))
    assert np.isnan(found.shape[0])
    with pytest.raises(AssertionError, match=r"shapes do not match: actual \(3,\), desired \(2,\)"):
        assert_equal(found, da.asarray([3.0, 4.0]))


def test_computed_values_must_have_the_dtype_of_the_graph() -> None:
    import dask.array as da

    graph = da.ones(2).map_blocks(lambda x: x.astype("float32"), dtype="float64")
    with pytest.raises(
        AssertionError, match="has dtype float64, but its computed values have float32"
    ):
        assert_equal(graph, da.ones(2))


def test_arrays_of_libraries_without_adapter_can_be_compared() -> None:
    x = lazy.array(np.asarray([1.0, 2.0]))
    assert_close(x + x, np.asarray([2.0, 4.0]), check_namespace=False)


def test_dtypes_that_numpy_does_not_have_can_be_compared() -> None:
    import torch

    x = torch.asarray([1.0, 2.0], dtype=torch.bfloat16)
    assert_close(x + 0.1, x)
    with pytest.raises(AssertionError):
        assert_equal(x + 0.1, x)


def test_conjugated_tensors_and_tensors_with_gradients_can_be_compared() -> None:
    import torch

    x = torch.asarray([1.0 + 2.0j])
    assert_equal(x.conj(), torch.asarray([1.0 - 2.0j]))
    assert_close(torch.ones(1, requires_grad=True) * 2, torch.full((1,), 2.0))


def test_of_tensors_without_values_everything_else_is_compared() -> None:
    torch = pytest.importorskip("torch")
    x = torch.ones(3, device="meta")
    for assertion in (assert_close, assert_equal, assert_less, assert_close_nulp):
        assertion(x, torch.zeros(3, device="meta"))
        with pytest.raises(AssertionError, match="shapes do not match"):
            assertion(x, torch.ones(2, device="meta"))
        with pytest.raises(AssertionError, match="dtypes do not match"):
            assertion(x, torch.ones(3, device="meta", dtype=torch.int64))
        with pytest.raises(AssertionError, match="Devices do not match"):
            assertion(x, torch.ones(3))


def test_messages_are_those_of_array_api_extra() -> None:
    import torch

    x, meta = torch.asarray([1]), torch.ones(1, device="meta")
    for check in ALL:
        for actual in (x, meta):
            with pytest.raises(AssertionError, match="sizes do not match: 1 != 2"):
                check(actual, torch.asarray([1, 2]), check_shape=False, **UNCHECKED)
        with pytest.raises(AssertionError, match="Namespaces of actual and desired arrays do not"):
            check(x, np.asarray([1]))
        with pytest.raises(AssertionError, match="Namespace of actual array does not match the `x"):
            check(x, x, xp=np)
        with pytest.raises(TypeError, match=r"array_namespace requires .* array input"):
            check(x, 1)
        with pytest.raises(TypeError, match="list is not a supported array type"):
            check(x, [1])
        with pytest.raises(AssertionError, match="array-ness does not match"):
            check(np.asarray(1), np.int64(1), check_scalar=True)


@pytest.mark.parametrize("check", ALL)
def test_arrays_that_store_no_zeros_are_compared(check: Any) -> None:
    import sparse

    smaller, x = sparse.COO(np.asarray([0.0, 1.0])), sparse.COO(np.asarray([0.0, 2.0]) + 1)
    check(smaller if check is assert_less else x, x)
    with pytest.raises(AssertionError, match=r"Mismatch|not equal"):
        check(x, smaller)
