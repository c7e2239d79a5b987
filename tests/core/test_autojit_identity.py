"""Which arguments of compiled functions are the same object, and which are distinguished."""

from __future__ import annotations

import functools
import io
import itertools
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from core import autojit


class Element:
    """An object that is compared by identity."""


class Single:
    """A class with one object."""

    only: Any = None

    def __new__(cls) -> Single:
        cls.only = cls.only or object.__new__(cls)
        return cls.only  # type: ignore[no-any-return]


def test_equal_ranges_with_different_stops_are_traced_separately() -> None:
    stop = autojit(lambda x, steps: x * steps.stop)
    assert stop(jnp.ones(()), range(0, 3, 2)) == 3
    assert stop(jnp.ones(()), range(0, 4, 2)) == 4


def test_an_object_in_a_set_and_in_another_argument_is_the_same_object() -> None:
    element = Element()
    holds = autojit(lambda x, elements, one: x * (one in elements))
    assert holds(jnp.ones(()), {element}, element) == 1
    assert holds(jnp.ones(()), frozenset((element, 2)), element) == 1
    assert holds(jnp.ones(()), {element}, Element()) == 0


def test_a_set_passed_twice_is_the_same_set() -> None:
    numbers = {1, 2}
    assert autojit(lambda x, a, b: x * (a is b))(jnp.ones(()), numbers, numbers) == 1


def test_singletons_are_not_copied() -> None:
    only, sentinel = Single(), object()
    assert autojit(lambda x, one: x * (one is only))(jnp.ones(()), only) == 1
    assert autojit(lambda x, one: x * (one is sentinel))(jnp.ones(()), sentinel) == 1
    only.array = jnp.ones(())  # type: ignore[attr-defined]
    for _ in range(2):
        assert autojit(lambda one: one.array + 1)(only) == 2
    assert only.array == 1  # type: ignore[attr-defined]


def test_files_in_results_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("one\ntwo\n")
    with (tmp_path / "text").open() as file:
        _, same = autojit(lambda x: (x, file))(jnp.ones(2))
        assert same is file
        assert file.readline() == "one\n"
    with pytest.raises(io.UnsupportedOperation), (tmp_path / "new").open("w") as file:
        autojit(lambda x: (x, file))(jnp.ones(2))[1].read()


def test_iterators_in_results_can_be_iterated() -> None:
    _, doubled = autojit(lambda x: (x, (2 * one for one in (x, x))))(jnp.ones(()))
    assert list(doubled) == [2, 2]
    assert list(autojit(lambda x: itertools.repeat(x, 2))(jnp.ones(()))) == [1, 1]


@pytest.mark.parametrize(
    "value",
    [np.str_(""), np.str_("a"), np.array([(1, "a")], dtype=[("n", int), ("s", object)])[0]],
    ids=["empty", "word", "record"],
)
def test_numpy_scalars_of_any_dtype_are_static(value: Any) -> None:
    assert autojit(lambda x, one: x * (one == value))(jnp.ones(()), value) == 1


def test_numbers_in_sets_and_keys_of_dicts_are_static_with_dynamic_scalars() -> None:
    total = autojit(lambda x, numbers: x * sum(numbers), dynamic_scalars=True)
    assert total(jnp.ones(()), {1.5, 2.0}) == 3.5
    assert total(jnp.ones(()), {1.5: "a", 2.0: "b"}) == 3.5


def test_a_partial_has_the_name_of_its_function() -> None:
    assert autojit(functools.partial(jnp.sum, axis=0)).__name__ == "sum"
    with pytest.raises(TypeError, match="autojit compiles a function, not int: 3"):
        autojit(3)


def test_a_class_may_require_arguments() -> None:
    class Unit:
        def __new__(cls, *args: Any) -> Unit:
            assert args
            return object.__new__(cls)

    assert autojit(lambda x, unit: x + isinstance(unit, Unit))(jnp.ones(()), Unit(1)) == 2


def test_objects_of_a_class_with_new_are_compared_by_content() -> None:
    class Plain:
        def __new__(cls, *args: Any) -> Plain:
            return super().__new__(cls)

    traced = []

    @autojit
    def call(x: Any, one: Any) -> Any:
        traced.append(one)
        one.doubled = 2 * x
        return one.doubled

    one = Plain()
    for argument in (one, one, Plain()):
        assert call(jnp.ones(()), argument) == 2
    assert len(traced) == 1
    assert not vars(one)
