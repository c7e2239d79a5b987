"""Calls with the static arguments of the call before, which are recognized without flattening."""

from __future__ import annotations

import copy
import enum
import gc
import itertools
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from core import autojit
from core.autojit.flattening import Flattener
from core.autojit.matching import NO_MATCH, compile_matcher

X = jnp.arange(3.0)


class Array:
    """A leaf."""


@dataclass
class Layer:
    weights: Any
    rate: Any = 0.5


class SubclassOfLayer(Layer):
    pass


@dataclass(frozen=True, slots=True)
class Slotted:
    weights: Any
    rate: Any = 0.5


class Keyword:
    __slots__ = ("class",)

    def __init__(self, value: Any) -> None:
        setattr(self, "class", value)


class Pair(NamedTuple):
    x: Any
    y: Any


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Text(str):
    __slots__ = ()


class Singleton:
    """A class with one object, which is compared by identity as long as it has no attributes."""

    instance: Any = None

    def __new__(cls) -> Singleton:
        cls.instance = cls.instance or object.__new__(cls)
        return cls.instance  # type: ignore[no-any-return]


class Attributes:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def function(x: Any) -> Any:
    return x


LEAF = Array()
ITEMS = [1]

ARGUMENTS: dict[str, Any] = {
    "array": LEAF,
    "int": 1,
    "float": 1.0,
    "bool": True,
    "complex": 1 + 0j,
    "negative zero in complex": complex(0, -0.0),
    "zero": 0.0,
    "negative zero": -0.0,
    "zero as int": 0,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "None": None,
    "Ellipsis": ...,
    "str": "1",
    "other str": "one",
    "str of a subclass": Text("1"),
    "bytes": b"1",
    "large int": 10**30,
    "numpy float": np.float64(1),
    "numpy array": np.ones(2),
    "empty tuple": (),
    "tuple": (1,),
    "tuple of float": (1.0,),
    "longer tuple": (1, 1),
    "list": [1],
    "the same list twice": [ITEMS, ITEMS],
    "equal lists": [[1], [1]],
    "empty dict": {},
    "dict": {"a": 1, "b": 2},
    "dict in another order": {"b": 2, "a": 1},
    "dict of other keys": {"a": 1, "c": 2},
    "dict with a key of a subclass": {Text("a"): 1, "b": 2},
    "dict of numbers": {1: 1},
    "set": {1},
    "slice": slice(1, None),
    "slice of float": slice(1.0, None),
    "range": range(1),
    "named tuple": Pair(1, LEAF),
    "named tuple of arrays": Pair(LEAF, LEAF),
    "dataclass": Layer(LEAF),
    "dataclass with another number": Layer(LEAF, 0.25),
    "dataclass with an int": Layer(LEAF, 1),
    "dataclass without an array": Layer(None),
    "subclass": SubclassOfLayer(LEAF),
    "slots": Slotted(LEAF),
    "a slot that is a keyword": Keyword(1),
    "attributes": Attributes(weights=LEAF, rate=0.5),
    "attributes in another order": Attributes(rate=0.5, weights=LEAF),
    "no attributes": Attributes(),
    "singleton": Singleton(),
    "function": function,
    "class": Layer,
    "enumeration": Color.RED,
    "other enumeration": Color.BLUE,
    "method": Layer(LEAF).__repr__,
    "nested": {"layers": [Layer(LEAF), Layer((LEAF, "max"))], "how": Pair(None, True)},
}

WITHOUT_MATCHER = {
    "numpy float",
    "numpy array",
    "str of a subclass",
    "the same list twice",
    "dict with a key of a subclass",
    "dict of numbers",
    "set",
    "range",
    "a slot that is a keyword",
    "singleton",
}


def flattener() -> Flattener:
    return Flattener(Array, lambda cls: cls is Array)


def matcher_of(*args: Any, **kwargs: Any) -> Any:
    """Return the matcher for the key of arguments; it returns their leaves."""
    key, _ = flattener().flatten_arguments(args, kwargs)
    return compile_matcher(key, Array, lambda *leaves: list(leaves))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_match_only_if_their_keys_are_equal(name: str) -> None:
    matcher = matcher_of(ARGUMENTS[name])
    assert (matcher is None) == (name in WITHOUT_MATCHER)
    if matcher is None:
        return
    key, _ = flattener().flatten_arguments((ARGUMENTS[name],), {})
    for other, value in ARGUMENTS.items():
        other_key, leaves = flattener().flatten_arguments((value,), {})
        found = matcher((value,), {})
        assert (found is not NO_MATCH) == (key == other_key), other
        assert found is NO_MATCH or found == leaves


@pytest.mark.parametrize("name", sorted(ARGUMENTS.keys() - WITHOUT_MATCHER - {"array"}))
def test_a_copy_of_the_arguments_matches(name: str) -> None:
    value = copy.deepcopy(ARGUMENTS[name], {id(LEAF): LEAF})
    assert matcher_of(ARGUMENTS[name])((value,), {}) is not NO_MATCH


def test_numbers_and_names_of_arguments_are_compared() -> None:
    assert matcher_of(1, a=LEAF)((1,), {"a": LEAF}) == [LEAF]
    for args, kwargs in [
        ((), {"a": LEAF}),
        ((1, 1), {"a": LEAF}),
        ((1,), {}),
        ((1,), {"b": LEAF}),
        ((1,), {"a": LEAF, "b": LEAF}),
        ((1, LEAF), {}),
    ]:
        assert matcher_of(1, a=LEAF)(args, kwargs) is NO_MATCH
    assert matcher_of(a=1, b=2)((), {"b": 2, "a": 1}) is NO_MATCH


@pytest.mark.parametrize("count", [2, 3, 5])
def test_equal_objects_do_not_match_one_object_given_twice(count: int) -> None:
    for make in (lambda: [LEAF], lambda: Layer(LEAF), lambda: {"a": 1}):
        different = [make() for _ in range(count)]
        assert matcher_of(*different)(tuple(make() for _ in range(count)), {}) is not NO_MATCH
        for i, j in itertools.combinations(range(count), 2):
            repeated = list(different)
            repeated[i] = repeated[j]
            assert matcher_of(*different)(tuple(repeated), {}) is NO_MATCH


def test_an_object_without_the_expected_attributes_does_not_match() -> None:
    layer = Layer(LEAF)
    matcher = matcher_of(layer)
    del layer.rate
    assert matcher((layer,), {}) is NO_MATCH
    incomplete = object.__new__(Slotted)
    assert matcher_of(Slotted(LEAF))((incomplete,), {}) is NO_MATCH


def test_a_function_that_no_longer_exists_does_not_match_none() -> None:
    def helper() -> None: ...

    calls = []
    call = autojit(lambda x, f: calls.append(f) or x, backend="jax")
    for _ in range(4):
        call(X, helper)
    assert len(calls) == 1
    del helper
    calls.clear()
    call(X, None)
    assert calls == [None]


def test_long_keys_have_no_matcher() -> None:
    assert matcher_of(list(range(10_000))) is None


class Counted:
    """A compiled function that counts how often it is traced."""

    def __init__(self, function: Any, **options: Any) -> None:
        self.count = 0

        def counted(*args: Any) -> Any:
            self.count += 1
            return function(*args)

        self.call = autojit(counted, **options)

    def __call__(self, *args: Any) -> Any:
        return self.call(*args)


@pytest.mark.parametrize("backend", [None, "jax"])
def test_a_mutated_object_is_compiled_again(backend: Any) -> None:
    scaled = Counted(lambda layer: layer.weights * layer.rate, backend=backend)
    layer = Layer(X)
    for _ in range(4):
        assert float(scaled(layer)[2]) == 1
    layer.rate = 2.0
    assert float(scaled(layer)[2]) == 4
    layer.weights = X + 1
    assert float(scaled(layer)[2]) == 6
    assert scaled.count == 2


@pytest.mark.parametrize("backend", [None, "jax"])
def test_alternating_arguments_are_compiled_once_each(backend: Any) -> None:
    typed = Counted(lambda x, k: {"x": x, "k": k}, backend=backend)
    values = [1, 1.0, True, 0.0, -0.0, float("nan"), "a", None]
    for order in (values, values[::-1], [one for one in values for _ in range(4)]) * 3:
        for value in order:
            assert repr(typed(X, value)["k"]) == repr(value)
    assert typed.count == len(values)


def test_traced_arrays_are_traced_after_concrete_ones() -> None:
    scaled = Counted(lambda layer: layer.weights * layer.rate)
    for _ in range(4):
        scaled(Layer(X))
    assert float(jax.grad(lambda x: scaled(Layer(x)).sum())(X)[0]) == 0.5
    assert scaled(Layer(np.ones(2)))[0] == 0.5


def test_a_cleared_cache_compiles_again() -> None:
    scaled = Counted(lambda layer: layer.weights * layer.rate)
    for _ in range(4):
        scaled(Layer(X))
    scaled.call.clear_cache()
    scaled(Layer(X))
    assert scaled.count == 2


def test_a_version_removed_for_lack_of_space_is_compiled_again() -> None:
    scaled = Counted(lambda x, k: x * k, maxsize=1)
    for k in (1, 1, 1, 1, 2, 1):
        scaled(X, k)
    assert scaled.count == 3


def test_a_version_is_forgotten_with_the_function_in_its_key() -> None:
    class Helper:
        def __call__(self, x: Any) -> Any:
            return x

    def make() -> Any:
        held = Helper()

        def helper(x: Any) -> Any:
            return held(x)

        return helper, weakref.ref(held)

    applied = autojit(lambda x, f: f(x), backend="jax")
    helper, reference = make()
    for _ in range(4):
        applied(X, helper)
    del helper
    gc.collect()
    assert reference() is None


def test_traced_numbers_match_and_become_static_when_their_value_is_needed() -> None:
    scaled = Counted(lambda x, rate: x * rate, dynamic_scalars=True)
    for rate in (0.5, 1.5, np.float64(2.5), 3.5, 2j):
        assert complex(scaled(X, rate)[2]) == 2 * rate
    assert scaled.count == 2 + 1  # weakly typed, float64, weakly typed complex
    raised = Counted(lambda x, n: x * n if n > 2 else x, dynamic_scalars=True)
    for n in (1.0, 1.0, 1.0, 3.0, 3.0, 1.0):
        assert float(raised(X, n)[1]) == (n if n > 2 else 1)


def test_errors_of_a_matched_call_are_the_errors_of_the_function() -> None:
    @autojit(dynamic_scalars=True)
    def limited(x: Any, rate: float) -> Any:
        if x.shape[0] > 3:
            raise ValueError("too long")
        return x * rate

    for _ in range(4):
        limited(X, 0.5)
    with pytest.raises(ValueError, match="too long"):
        limited(jnp.ones(4), 0.5)
    assert float(limited(X, 0.5)[2]) == 1


@pytest.mark.filterwarnings("ignore:autojit compiles")
def test_threads_with_different_arguments_get_their_own_results() -> None:
    scaled = autojit(lambda layer: {"x": layer.weights * layer.rate, "rate": layer.rate})

    def work(i: int) -> bool:
        rate = float(i // 16 % 3)
        found = scaled(Layer(X, rate))
        if i % 500 == 0:
            scaled.clear_cache()
        return found["rate"] == rate and float(found["x"][1]) == rate

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(3000)))
