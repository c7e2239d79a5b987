"""What the namespace says of dtypes and shapes alone, against array-api-strict, for every pair."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest
import torch

from core import lazy
from core.lazy.dtypes import KINDS, NAMES, as_dtype
from core.lazy.library import namespace_of

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


def answer(function: Any, *args: Any) -> Any:
    """Return the dtype that a call gives, or that it is refused."""
    try:
        result = function(*args)
    except TypeError:
        return TypeError
    return as_dtype(getattr(result, "dtype", result))


def test_promotion_is_the_standards_for_every_pair_of_dtypes() -> None:
    for one, other in PAIRS:
        expected = answer(strict.result_type, getattr(strict, one), getattr(strict, other))
        arrays = [lazy.Variable((), "array-api-strict", name) for name in (one, other)]
        assert answer(XP.result_type, *arrays) == expected
        assert answer(XP.result_type, getattr(XP, one), getattr(XP, other)) == expected


def test_casting_is_the_standards_for_every_pair_of_dtypes() -> None:
    for one, other in PAIRS:
        expected = strict.can_cast(getattr(strict, one), getattr(strict, other))
        assert XP.can_cast(getattr(XP, one), getattr(XP, other)) == expected


@pytest.mark.parametrize("kind", sorted(OPERATORS))
def test_operators_take_and_give_the_standards_dtypes_for_every_pair(kind: str) -> None:
    concrete = {name: strict.ones(2, dtype=getattr(strict, name)) for name in NAMES}
    traced = {name: lazy.Variable(2, "array-api-strict", name) for name in NAMES}
    for (one, other), function in itertools.product(PAIRS, OPERATORS[kind]):
        expected = answer(function, concrete[one], concrete[other])
        assert answer(function, traced[one], traced[other]) == expected, (one, other, function)


@pytest.mark.parametrize("kind", sorted(OPERATORS))
def test_operators_with_numbers_take_and_give_the_standards_dtypes(kind: str) -> None:
    for name, number, function in itertools.product(NAMES, SCALARS, OPERATORS[kind]):
        if kind == "comparison" and number == 1j and function not in (operator.eq, operator.ne):
            continue  # complex numbers have no order, but array-api-strict does not look there
        concrete = strict.ones(2, dtype=getattr(strict, name))
        traced = lazy.Variable(2, "array-api-strict", name)
        expected = answer(function, concrete, number)
        assert answer(function, traced, number) == expected, (name, number, function)
        expected = answer(function, number, concrete)
        assert answer(function, number, traced) == expected, (number, name, function)


def test_kinds_of_dtypes_are_the_standards() -> None:
    for name, kind in itertools.product(NAMES, KINDS):
        expected = strict.isdtype(getattr(strict, name), kind)
        assert XP.isdtype(getattr(XP, name), kind) == expected


def test_limits_of_dtypes_are_the_standards() -> None:
    for name in NAMES:
        if XP.isdtype(getattr(XP, name), "integral"):
            known, expected = XP.iinfo(getattr(XP, name)), strict.iinfo(getattr(strict, name))
            assert (known.bits, known.min, known.max) == (expected.bits, expected.min, expected.max)
        elif name != "bool":
            known, expected = XP.finfo(getattr(XP, name)), strict.finfo(getattr(strict, name))
            for fact in ("bits", "eps", "min", "max", "smallest_normal"):
                assert getattr(known, fact) == getattr(expected, fact)


def test_shapes_broadcast_as_the_standard_says() -> None:
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
    """Say whether a function of the standard takes one array, and gives one."""
    for dtype in (strict.float64, strict.complex64, strict.int8, strict.bool):
        try:
            return isinstance(getattr(strict, name)(strict.ones(2, dtype=dtype)), ARRAY)
        except Exception:
            continue
    return False


def test_functions_of_one_array_take_and_give_the_standards_dtypes() -> None:
    shapes = {"empty", "ones", "zeros"}  # they take a vector of lengths
    names = [name for name in {*dir(XP)} - shapes if hasattr(strict, name)]
    names = [name for name in sorted(names) if takes_one_array(name)]
    assert {"sum", "sort", "argmax", "signbit", "std", "imag", "logical_not"} <= {*names}
    for name, dtype in itertools.product(names, NAMES):
        expected = answer(getattr(strict, name), strict.ones(2, dtype=getattr(strict, dtype)))
        traced = lazy.Variable(2, "array-api-strict", dtype)
        assert answer(getattr(XP, name), traced) == expected, (name, dtype)


@pytest.mark.parametrize("name", ["matmul", "tensordot", "vecdot", "isin", "atan2", "hypot"])
def test_functions_of_two_arrays_refuse_what_the_standard_refuses(name: str) -> None:
    for dtype in NAMES:
        concrete = strict.ones((2, 2), dtype=getattr(strict, dtype))
        traced = lazy.array(concrete)
        expected = answer(getattr(strict, name), concrete, concrete)
        assert answer(getattr(XP, name), traced, traced) == expected, dtype


@pytest.mark.parametrize("dtype", sorted(set(NAMES) - {"complex64", "complex128"}))
@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
def test_functions_of_integers_have_the_librarys_own_dtypes(backend: str, dtype: str) -> None:
    xp = namespace_of(backend)
    try:
        x = lazy.array(xp.ones(3, dtype=getattr(xp, dtype)))
        results = [function(x) for function in (lazy.sqrt, lazy.sum, lambda x: lazy.hypot(x, x))]
        computed = lazy.compute(results)
    except (NotImplementedError, RuntimeError):  # PyTorch has few functions of unsigned numbers
        return
    for one, value in zip(results, computed, strict=True):
        assert str(one.dtype) == str(value.dtype).rpartition(".")[2]


def test_default_dtypes_that_change_are_seen() -> None:
    x = lazy.Variable((3,), backend="torch", dtype="int32")
    assert str(lazy.sqrt(x).dtype) == "float32"
    torch.set_default_dtype(torch.float64)
    try:
        assert str(lazy.sqrt(x).dtype) == "float64"
    finally:
        torch.set_default_dtype(torch.float32)
    assert str(lazy.sqrt(x).dtype) == "float32"


def test_dtypes_are_known_of_arrays_and_of_numpys_classes() -> None:
    assert lazy.result_type(np.float32, np.float64) == np.float64
    assert lazy.finfo(np.ones(2, dtype=np.float32)).bits == 32
    assert lazy.can_cast(np.ones(2, dtype=np.float32), "float64")


def test_pytorch_takes_integers_before_arrays_in_an_index() -> None:
    x, i = torch.ones(2, 3, 4), torch.asarray([0, 1])
    for key in ((0, slice(None), i), (i, 0), (i, slice(None), 0), (slice(None), i, 0)):
        assert lazy.array(x)[key].shape == tuple(x[key].shape)
