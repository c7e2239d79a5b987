"""Numbers as arguments of compiled functions: warnings if they change, and tracing them."""

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


def test_a_changing_number_causes_one_warning_with_the_argument_name() -> None:
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


def test_a_warning_refers_to_a_variadic_argument_by_number() -> None:
    call = autojit(lambda *args: args[0] * args[1])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(12):
            call(X, i)
    assert ["argument number 2," in str(one.message) for one in caught] == [True]


def test_numbers_with_compiled_versions_cause_no_warning() -> None:
    call = autojit(lambda x, k: x * k)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(60):
            call(X, i % 5)
        for i in range(20):  # the names of the arguments change too
            call(X, 1.0) if i % 2 else call(X, k=1)


def test_a_function_is_traced_once_for_all_dynamic_numbers() -> None:
    function = Counted(lambda x, options: x * options["rate"] + options["shift"])
    call = autojit(function, dynamic_scalars=True)
    for i in range(20):
        found = call(X, {"rate": 0.5 * i, "shift": 1j * i})
        np.testing.assert_allclose(np.asarray(found), np.arange(3.0) * 0.5 * i + 1j * i)
    assert function.count == 1


def test_only_the_number_whose_value_is_needed_becomes_static() -> None:
    function = Counted(lambda x, rate, power: x * rate ** int(power))
    call = autojit(function, dynamic_scalars=True)
    call(X, 2.0, 2.0)
    before = function.count
    for i in range(20):
        assert float(call(X, float(i), 2.0)[1]) == i * i
    assert function.count == before
    assert float(call(X, 3.0, 3.0)[1]) == 27
    assert function.count == before + 1


def test_all_numbers_become_static_if_one_is_not_enough() -> None:
    call = autojit(lambda x, a, b: x * math.hypot(a, b), dynamic_scalars=True)
    assert float(call(X, 3.0, 4.0)[1]) == 5
    assert float(call(X, 6.0, 8.0)[1]) == 10


def test_the_sign_of_a_zero_that_becomes_static_is_kept() -> None:
    call = autojit(lambda x, k: x * math.copysign(1, k), dynamic_scalars=True)
    assert float(call(X, 0.0)[1]) == 1
    assert float(call(X, -0.0)[1]) == -1


def test_errors_of_the_function_contain_the_numbers() -> None:
    @autojit(dynamic_scalars=True)
    def checked(x: Any, rate: float) -> Any:
        if rate > 1:
            raise ValueError(f"a rate of {rate} is too high")
        return x * rate

    assert float(checked(X, 0.5)[1]) == 0.5
    with pytest.raises(ValueError, match=r"a rate of 2\.0 is too high"):
        checked(X, 2.0)
    assert float(checked(X, 0.25)[1]) == 0.25


def test_a_function_that_needs_the_values_of_an_array_raises_an_error() -> None:
    call = autojit(lambda x, k: x * k if x[0] > 0 else x, dynamic_scalars=True)
    with pytest.raises(jax.errors.TracerBoolConversionError):
        call(X, 2.0)


def test_lower_accepts_dynamic_numbers() -> None:
    call = autojit(lambda x, k: x * k, dynamic_scalars=True)
    assert "multiply" in call.lower(X, 2.0).as_text()
    needs = autojit(lambda x, k: x * int(k), dynamic_scalars=True)
    needs(X, 2.0)
    assert "multiply" in needs.lower(X, 3.0).as_text()
    with pytest.raises(TypeError, match="lower needs an array of one of: jax, torch"):
        call.lower(np.ones(3), 2.0)


def warnings_of_calls(function: Any, values: Any) -> list[str]:
    """Call a function with each value and return the messages of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for value in values:
            function(X, value)
    return [str(one.message) for one in caught]


def test_a_changing_numpy_scalar_causes_a_warning_unless_it_is_traced() -> None:
    function = Counted(lambda x, rate: x * rate)
    values = [np.float64(value) for value in range(20)]
    (warning,) = warnings_of_calls(autojit(function), values)
    assert "each new value of argument" in warning
    assert function.count == 20
    assert warnings_of_calls(autojit(function, dynamic_scalars=True), values) == []
    assert function.count == 21


def test_a_changing_numpy_array_causes_a_warning_with_the_argument_name() -> None:
    scaled = autojit(lambda x, weights: x * weights[0])
    (warning,) = warnings_of_calls(scaled, [np.asarray([value, 1]) for value in range(20)])
    assert "argument 'weights'" in warning
    assert warning.endswith("NumPy arrays are static, pass a JAX array")


def test_a_changing_number_that_must_be_static_causes_a_warning() -> None:
    halved = autojit(lambda x, rate, y=2.0: x * y if rate > 3 else x, dynamic_scalars=True)
    (warning,) = warnings_of_calls(halved, map(float, range(20)))
    assert "argument 'rate'" in warning
    assert warning.endswith("10 times so far: pass a JAX array")
