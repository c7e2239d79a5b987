"""Dtypes and shapes of results, compared with array-api-strict and with the eager libraries."""

from __future__ import annotations

import inspect
import itertools
import operator
from collections.abc import Callable
from typing import Any

import array_api_strict as strict
import jax
import numpy as np
import pytest
import torch

from core import lazy
from core.backends.numpy import NumPyBackend
from core.backends.promotion import Promotion
from core.backends.registry import backends
from core.lazy.dtypes import KINDS, NAMES, as_dtype
from core.lazy.library import namespace_of
from core.lazy.operation import Elementwise, operations

XP = lazy.namespace("array-api-strict")
ARRAY = type(strict.ones(2))
PAIRS = list(itertools.product(NAMES, repeat=2))
SCALARS = [True, 1, 1.0, 1j]
OPERATORS = {
    "arithmetic": [operator.add, operator.sub, operator.mul, operator.pow, operator.floordiv],
    "division": [operator.truediv],
    "remainder": [operator.mod],
    "comparison": [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne],
    "bitwise": [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift],
}


def result_dtype(function: Any, *args: Any) -> Any:
    """Return the dtype of a call's result, or TypeError if the call raises it."""
    try:
        result = function(*args)
    except TypeError:
        return TypeError
    return as_dtype(getattr(result, "dtype", result))


def test_promotion_follows_the_standard_for_every_pair_of_dtypes() -> None:
    for one, other in PAIRS:
        expected = result_dtype(strict.result_type, getattr(strict, one), getattr(strict, other))
        arrays = [lazy.Variable((), "array-api-strict", name) for name in (one, other)]
        assert result_dtype(XP.result_type, *arrays) == expected
        assert result_dtype(XP.result_type, getattr(XP, one), getattr(XP, other)) == expected


def test_can_cast_follows_the_standard_for_every_pair_of_dtypes() -> None:
    for one, other in PAIRS:
        expected = strict.can_cast(getattr(strict, one), getattr(strict, other))
        assert XP.can_cast(getattr(XP, one), getattr(XP, other)) == expected


@pytest.mark.parametrize("kind", sorted(OPERATORS))
def test_operators_follow_the_standard_for_every_pair_of_dtypes(kind: str) -> None:
    concrete = {name: strict.ones(2, dtype=getattr(strict, name)) for name in NAMES}
    traced = {name: lazy.Variable(2, "array-api-strict", name) for name in NAMES}
    for (one, other), function in itertools.product(PAIRS, OPERATORS[kind]):
        expected = result_dtype(function, concrete[one], concrete[other])
        assert result_dtype(function, traced[one], traced[other]) == expected, (
            one,
            other,
            function,
        )


@pytest.mark.parametrize("kind", sorted(OPERATORS))
def test_operators_with_python_scalars_follow_the_standard(kind: str) -> None:
    for name, number, function in itertools.product(NAMES, SCALARS, OPERATORS[kind]):
        if kind == "comparison" and number == 1j and function not in (operator.eq, operator.ne):
            continue  # complex numbers are not ordered, but array-api-strict does not check scalars
        concrete = strict.ones(2, dtype=getattr(strict, name))
        traced = lazy.Variable(2, "array-api-strict", name)
        expected = result_dtype(function, concrete, number)
        assert result_dtype(function, traced, number) == expected, (name, number, function)
        expected = result_dtype(function, number, concrete)
        assert result_dtype(function, number, traced) == expected, (number, name, function)


def test_isdtype_follows_the_standard() -> None:
    for name, kind in itertools.product(NAMES, KINDS):
        expected = strict.isdtype(getattr(strict, name), kind)
        assert XP.isdtype(getattr(XP, name), kind) == expected


def test_finfo_and_iinfo_follow_the_standard() -> None:
    for name in NAMES:
        if XP.isdtype(getattr(XP, name), "integral"):
            known, expected = XP.iinfo(getattr(XP, name)), strict.iinfo(getattr(strict, name))
            assert (known.bits, known.min, known.max) == (expected.bits, expected.min, expected.max)
        elif name != "bool":
            known, expected = XP.finfo(getattr(XP, name)), strict.finfo(getattr(strict, name))
            for fact in ("bits", "eps", "min", "max", "smallest_normal"):
                assert getattr(known, fact) == getattr(expected, fact)


def test_broadcasting_follows_the_standard() -> None:
    shapes = [(), (1,), (3,), (0,), (2, 1), (2, 3), (1, 1, 3), (4, 1, 1)]
    for one, other in itertools.product(shapes, repeat=2):
        try:
            expected: Any = (strict.ones(one) + strict.ones(other)).shape
        except ValueError:
            expected = ValueError
        try:
            found: Any = (lazy.Variable(one) + lazy.Variable(other)).shape
        except ValueError:
            found = ValueError
        assert found == expected


def takes_one_array(name: str) -> bool:
    """Return whether a function of the standard takes one array and returns one."""
    for dtype in (strict.float64, strict.complex64, strict.int8, strict.bool):
        try:
            return isinstance(getattr(strict, name)(strict.ones(2, dtype=dtype)), ARRAY)
        except Exception:
            continue
    return False


def test_functions_of_one_array_follow_the_standard_for_every_dtype() -> None:
    creation = {"empty", "ones", "zeros"}  # their array is a shape
    names = [name for name in {*dir(XP)} - creation if hasattr(strict, name)]
    names = [name for name in sorted(names) if takes_one_array(name)]
    assert {"sum", "sort", "argmax", "signbit", "std", "imag", "logical_not"} <= {*names}
    for name, dtype in itertools.product(names, NAMES):
        expected = result_dtype(getattr(strict, name), strict.ones(2, dtype=getattr(strict, dtype)))
        traced = lazy.Variable(2, "array-api-strict", dtype)
        assert result_dtype(getattr(XP, name), traced) == expected, (name, dtype)


@pytest.mark.parametrize("name", ["matmul", "tensordot", "vecdot", "isin", "atan2", "hypot"])
def test_functions_of_two_arrays_raise_for_dtypes_that_the_standard_excludes(name: str) -> None:
    for dtype in NAMES:
        concrete = strict.ones((2, 2), dtype=getattr(strict, dtype))
        traced = lazy.array(concrete)
        expected = result_dtype(getattr(strict, name), concrete, concrete)
        assert result_dtype(getattr(XP, name), traced, traced) == expected, dtype


@pytest.mark.parametrize("dtype", sorted(set(NAMES) - {"complex64", "complex128"}))
@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
def test_functions_of_integers_have_the_dtypes_of_the_library(backend: str, dtype: str) -> None:
    xp = namespace_of(backend)
    try:
        x = lazy.array(xp.ones(3, dtype=getattr(xp, dtype)))
        results = [function(x) for function in (lazy.sqrt, lazy.sum, lambda x: lazy.hypot(x, x))]
        computed = lazy.compute(results)
    except (NotImplementedError, RuntimeError):  # PyTorch lacks functions of unsigned integers
        return
    for one, value in zip(results, computed, strict=True):
        assert str(one.dtype) == str(value.dtype).rpartition(".")[2]


def test_a_changed_default_dtype_is_used() -> None:
    x = lazy.Variable((3,), backend="torch", dtype="int32")
    assert str(lazy.sqrt(x).dtype) == "float32"
    torch.set_default_dtype(torch.float64)
    try:
        assert str(lazy.sqrt(x).dtype) == "float64"
    finally:
        torch.set_default_dtype(torch.float32)
    assert str(lazy.sqrt(x).dtype) == "float32"


def test_dtype_functions_accept_arrays_and_numpy_scalar_types() -> None:
    assert lazy.result_type(np.float32, np.float64) == np.float64
    assert lazy.finfo(np.ones(2, dtype=np.float32)).bits == 32
    assert lazy.can_cast(np.ones(2, dtype=np.float32), "float64")


def test_pytorch_applies_integers_before_arrays_in_an_index() -> None:
    x, i = torch.ones(2, 3, 4), torch.asarray([0, 1])
    for key in ((0, slice(None), i), (i, 0), (i, slice(None), 0), (slice(None), i, 0)):
        assert lazy.array(x)[key].shape == tuple(x[key].shape)


class UnknownBackend(NumPyBackend):
    """An adapter of another package, with a promotion rule that differs from NumPy's."""

    name = "unknown"
    promotion = Promotion(float_wins=True, only_device="host")


def test_an_adapter_of_another_package_declares_its_promotion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y = (lazy.Variable((2,), "unknown", dtype) for dtype in ("int64", "float32"))
    assert (x + y).dtype == np.float64  # by default as in NumPy
    monkeypatch.setitem(backends(), "declared", UnknownBackend())
    x, y = (lazy.Variable((2,), "declared", dtype) for dtype in ("int64", "float32"))
    assert (x + y).dtype == np.float32
    assert x.device == "host"
    with pytest.raises(ValueError, match="declared has only the device 'host', not 'gpu'"):
        x.__array_namespace__().zeros(2, device="gpu")


def evaluated(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function. JAX traces it only, as compiling every function takes long."""
    if not isinstance(args[0], jax.Array):
        return function(*args)
    return jax.eval_shape(function, *args)


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "dask", "array-api-strict"])
@pytest.mark.parametrize("dtype", NAMES)
def test_declared_dtypes_of_elementwise_functions_are_those_computed(
    backend: str, dtype: str
) -> None:
    xp = namespace_of(backend)
    x = xp.ones(2, dtype=getattr(xp, dtype))
    wrong = {}
    for name, op in operations().items():
        if isinstance(op, Elementwise) and name != "clip":
            count = len(inspect.signature(getattr(lazy, name)).parameters)
            try:
                with np.errstate(all="ignore"):
                    computed = evaluated(getattr(xp, name), *[x] * count)
                declared = getattr(lazy, name)(*[lazy.array(x)] * count)
            except (AttributeError, RuntimeError, TypeError, ValueError):
                continue  # not defined for the dtype
            if str(declared.dtype) != str(computed.dtype).rpartition(".")[2]:
                wrong[name] = declared.dtype, computed.dtype
    assert not wrong


def test_booleans_become_32_bit_integers_in_jax_whatever_its_precision_is() -> None:
    jax = pytest.importorskip("jax")
    for enabled in (False, True):
        with jax.enable_x64(enabled):
            x = jax.numpy.ones(2, dtype=bool)
            assert lazy.square(lazy.array(x)).dtype == jax.numpy.square(x).dtype == "int32"
            assert lazy.sum(lazy.array(x)).dtype == jax.numpy.sum(x).dtype


def test_limits_are_python_numbers() -> None:
    info = lazy.finfo(lazy.float32)
    assert {type(one) for one in (info.eps, info.max, info.min, info.smallest_normal)} == {float}
    assert type(lazy.iinfo(lazy.int8).max) is int


def test_functions_with_several_results_return_lists_as_the_standard_says() -> None:
    x = lazy.Variable((2,))
    assert type(lazy.meshgrid(x, x)) is list
    assert type(lazy.broadcast_arrays(x, x)) is list


def test_the_byte_order_of_an_array_is_not_part_of_its_dtype() -> None:
    x = lazy.array(np.asarray([1.0, 2.0], dtype=">f8"))
    assert x.dtype == lazy.float64
    np.testing.assert_array_equal((x + 1).compute(), [2.0, 3.0])


@pytest.mark.parametrize("shape", [(0,), (3,), (3, 2)])
def test_masks_of_length_zero_select_nothing(shape: tuple[int, ...]) -> None:
    x, mask = np.ones(shape), np.zeros(0, dtype=bool)
    found = lazy.array(x)[mask]
    assert found.shape == found.compute().shape == x[mask].shape


def test_repeats_may_be_an_array_of_any_library() -> None:
    x = strict.asarray([1, 2])
    found = lazy.repeat(lazy.array(x), lazy.array(x))
    assert found.shape == (3,)
    np.testing.assert_array_equal(np.asarray(found.compute()), [1, 2, 2])


@pytest.mark.parametrize("power", [2, 3, 2.0, True])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_powers_of_booleans_have_the_dtype_of_numpy(power: float, shape: tuple[int, ...]) -> None:
    def function(x: Any) -> Any:
        xp = x.__array_namespace__()
        return x**power, xp.all(x) ** power

    x = np.ones(shape, dtype=bool)
    for traced, found in zip(function(lazy.array(x)), function(x), strict=True):
        assert traced.dtype == found.dtype
        np.testing.assert_array_equal(traced.compute(), found, strict=True)


@pytest.mark.parametrize("value", [-1, 300])
@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "array-api-strict"])
def test_python_integers_out_of_bounds_wrap_around_or_raise_as_in_the_library(
    backend: str, value: int
) -> None:
    xp = namespace_of(backend)
    x = xp.asarray([1], dtype=xp.uint8)
    for apply in (lambda x: x + value, lambda x: value * x):
        try:
            expected = apply(x)
        except OverflowError:
            with pytest.raises(OverflowError, match="out of bounds"):
                apply(lazy.array(x))
        else:
            found = apply(lazy.array(x)).compute()
            assert found.dtype == expected.dtype
            assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("exponent", [2, 3, 0.5])
def test_powers_with_exponents_without_axes_have_the_bits_of_numpy(exponent: float) -> None:
    x = np.linspace(0.1, 9, 101).astype(np.float32)
    power = np.asarray(exponent)
    found = (lazy.array(x) ** lazy.array(power)).compute()
    np.testing.assert_array_equal(found, x**power, strict=True)
