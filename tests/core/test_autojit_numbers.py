"""Numbers as arguments of compiled functions: warned of, or traced instead."""

from __future__ import annotations

import math
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from core import autojit

X = jnp.arange(3.0)


class Counted:
    """A function that counts how often it is traced."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.count = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return self.function(*args, **kwargs)


def test_a_number_that_changes_is_warned_of_once_by_name() -> None:
    @autojit
    def step(x: Any, rate: float, options: Any = None) -> Any:
        return x * rate

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(25):
            step(X, 0.1 * i)
    assert [str(one.message) for one in caught] == [
        "autojit compiles step again for each new value of argument 'rate', 10 times so far: "
        "pass dynamic_scalars=True or a JAX array"
    ]
    assert caught[0].filename == __file__
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(25):
            step(X, 0.1, options={"deep": [i]})
    assert ["argument 'options'" in str(one.message) for one in caught] == [True]


def test_an_argument_without_a_name_is_warned_of_by_number() -> None:
    call = autojit(lambda *args: args[0] * args[1])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(12):
            call(X, i)
    assert ["argument number 2," in str(one.message) for one in caught] == [True]


def test_numbers_that_come_back_are_not_warned_of() -> None:
    call = autojit(lambda x, k: x * k)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(60):
            call(X, i % 5)
        for i in range(20):  # other words are other things, not numbers
            call(X, 1.0) if i % 2 else call(X, k=1)


def test_traced_numbers_are_compiled_once() -> None:
    function = Counted(lambda x, options: x * options["rate"] + options["shift"])
    call = autojit(function, dynamic_scalars=True)
    for i in range(20):
        found = call(X, {"rate": 0.5 * i, "shift": 1j * i})
        np.testing.assert_allclose(np.asarray(found), np.arange(3.0) * 0.5 * i + 1j * i)
    assert function.count == 1


def test_the_one_number_whose_value_is_needed_is_static_again() -> None:
    function = Counted(lambda x, rate, power: x * rate ** int(power))
    call = autojit(function, dynamic_scalars=True)
    call(X, 2.0, 2.0)
    before = function.count
    for i in range(20):
        assert float(call(X, float(i), 2.0)[1]) == i * i
    assert function.count == before
    assert float(call(X, 3.0, 3.0)[1]) == 27
    assert function.count == before + 1


def test_all_numbers_are_static_again_where_one_is_not_enough() -> None:
    call = autojit(lambda x, a, b: x * math.hypot(a, b), dynamic_scalars=True)
    assert float(call(X, 3.0, 4.0)[1]) == 5
    assert float(call(X, 6.0, 8.0)[1]) == 10


def test_a_zero_keeps_its_sign_where_it_is_static_again() -> None:
    call = autojit(lambda x, k: x * math.copysign(1, k), dynamic_scalars=True)
    assert float(call(X, 0.0)[1]) == 1
    assert float(call(X, -0.0)[1]) == -1


def test_errors_of_the_function_see_the_numbers() -> None:
    @autojit(dynamic_scalars=True)
    def checked(x: Any, rate: float) -> Any:
        if rate > 1:
            raise ValueError(f"a rate of {rate} is too high")
        return x * rate

    assert float(checked(X, 0.5)[1]) == 0.5
    with pytest.raises(ValueError, match=r"a rate of 2\.0 is too high"):
        checked(X, 2.0)
    assert float(checked(X, 0.25)[1]) == 0.25


def test_an_array_whose_value_is_needed_is_still_an_error() -> None:
    call = autojit(lambda x, k: x * k if x[0] > 0 else x, dynamic_scalars=True)
    with pytest.raises(jax.errors.TracerBoolConversionError):
        call(X, 2.0)


def test_lower_takes_numbers_too() -> None:
    call = autojit(lambda x, k: x * k, dynamic_scalars=True)
    assert "multiply" in call.lower(X, 2.0).as_text()
    needs = autojit(lambda x, k: x * int(k), dynamic_scalars=True)
    needs(X, 2.0)
    assert "multiply" in needs.lower(X, 3.0).as_text()
    with pytest.raises(TypeError, match="lower needs an array of one of: jax, torch"):
        call.lower(np.ones(3), 2.0)


def called_with(function: Any, values: Any) -> list[str]:
    """Call a function with each value and return what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for value in values:
            function(X, value)
    return [str(one.message) for one in caught]


def test_a_number_of_numpy_that_changes_is_warned_of_or_traced() -> None:
    function = Counted(lambda x, rate: x * rate)
    values = [np.float64(value) for value in range(20)]
    (warning,) = called_with(autojit(function), values)
    assert "each new value of argument" in warning
    assert function.count == 20
    assert called_with(autojit(function, dynamic_scalars=True), values) == []
    assert function.count == 21


def test_an_array_of_numpy_that_changes_is_warned_of_by_name() -> None:
    scaled = autojit(lambda x, weights: x * weights[0])
    (warning,) = called_with(scaled, [np.asarray([value, 1]) for value in range(20)])
    assert "argument 'weights'" in warning
    assert warning.endswith("NumPy arrays are static, pass a JAX array")


def test_a_number_that_must_be_static_and_changes_is_warned_of_by_name() -> None:
    halved = autojit(lambda x, rate, y=2.0: x * y if rate > 3 else x, dynamic_scalars=True)
    (warning,) = called_with(halved, map(float, range(20)))
    assert "argument 'rate'" in warning
    assert warning.endswith("10 times so far: pass a JAX array")
