"""Graphs compiled to Python functions."""

from __future__ import annotations

import gc
import inspect
import pickle
import weakref
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from core import lazy
from core.lazy.operation import Elementwise, operations
from core.testing import assert_close


class Pair(NamedTuple):
    first: Any
    second: Any


def run(inputs: Any, outputs: Any, *args: Any) -> Any:
    return lazy.Function(inputs, outputs)(*args)


def test_neighbouring_indices_are_not_confused() -> None:
    x = lazy.Variable((4,))
    assert run(x, 2 * x[-1] + 3 * x[-2], np.asarray([0.0, 0.0, 30.0, 15.0])) == 120


def test_a_function_is_plain_source_with_local_variables() -> None:
    x, y = lazy.Variable((3,)), lazy.Variable((3,))
    unused = lazy.exp(y)
    f = lazy.Function([x, y], [(x + y) * (x + y), 2 * x + lazy.zeros(3)])
    assert "exp" not in f.source
    assert f.source.count("x0 + x1") == 1
    assert "zeros" not in f.source
    assert unused.shape == (3,)
    names = f.function.__code__.co_varnames
    assert set(names) >= {"x0", "x1", "y0"}


def test_constants_are_folded_only_if_requested() -> None:
    x, c = lazy.Variable((2,)), lazy.array(np.ones(2))
    assert "exp" not in lazy.Function(x, x + lazy.exp(c)).source
    kept = lazy.Function(x, x + lazy.exp(c), fold_constants=False)
    assert "exp" in kept.source
    np.testing.assert_allclose(kept(np.zeros(2)), np.e)


def test_intermediates_are_freed_after_their_last_use() -> None:
    alive: list[int] = []
    made: list[weakref.ref[Any]] = []

    def note(a: Any) -> Any:
        gc.collect()
        alive.append(sum(ref() is not None for ref in made))
        result = np.ones_like(a)
        made.append(weakref.ref(result))
        return result

    x = lazy.Variable((100_000,), "numpy")
    y = x
    for _ in range(5):
        y = y.to(note)
    run(x, y, np.ones(100_000))
    assert alive == [0, 1, 1, 1, 1]


@pytest.mark.parametrize("constant", [float("nan"), float("inf"), -float("inf"), -2.5, 1e300])
def test_unusual_floats_are_constants(constant: float) -> None:
    x = lazy.Variable((2,))
    np.testing.assert_array_equal(run(x, x * constant, np.ones(2)), np.ones(2) * constant)


def test_unusual_arguments_reach_the_users_function() -> None:
    x = lazy.Variable((2,), "numpy")
    given = {'it\'s "quoted"\n': x, "1 + 1": [x, None, ...], "for": slice(1, None)}

    def takes(tree: Any, **more: Any) -> Any:
        key = 'it\'s "quoted"\n'
        assert tree["1 + 1"][1:] == [None, ...]
        assert tree["for"] == slice(1, None)
        return tree[key] + more["class"] + more["callback"](tree[key])

    result = x.to(takes, (given,), {"class": 1.0, "callback": lambda a: a * 10})
    np.testing.assert_array_equal(run(x, result, np.ones(2)), [12.0, 12.0])
    np.testing.assert_array_equal(lazy.array(np.ones(2)).to(np.add, (x, x)).shape, (2,))


def test_an_input_may_be_an_output_and_be_given_twice() -> None:
    x = lazy.Variable((2,))
    a, b = run([x, x], (x, x + x), np.ones(2), np.ones(2))
    np.testing.assert_array_equal(a, [1.0, 1.0])
    np.testing.assert_array_equal(b, [2.0, 2.0])


def test_an_inner_node_may_be_an_input() -> None:
    x = lazy.Variable((2,))
    middle = lazy.exp(x)
    np.testing.assert_array_equal(run(middle, middle + 1, np.zeros(2)), [1.0, 1.0])


def test_results_have_the_containers_of_the_trace() -> None:
    x, y = lazy.Variable((2,)), lazy.Variable((2,))
    f = lazy.Function({"a": x, "b": [y]}, {"p": Pair(x - y, [y]), 3: (x,), "n": None})
    found = f({"b": [np.ones(2)], "a": np.zeros(2)})
    np.testing.assert_array_equal(found["p"].first, [-1.0, -1.0])
    assert isinstance(found["p"], Pair)
    np.testing.assert_array_equal(found[3][0], [0.0, 0.0])
    assert found["n"] is None


def test_a_function_rejects_arrays_of_another_shape() -> None:
    x = lazy.Variable((3, None))
    f = lazy.Function(x, x / x.shape[0])
    assert f(np.ones((3, 7))).shape == (3, 7)
    with pytest.raises(ValueError, match=r"traced for an array of shape \(3, None\)"):
        f(np.ones((4, 7)))
    with pytest.raises(TypeError, match="1 arrays"):
        f(np.ones((3, 1)), np.ones((3, 1)))
    with pytest.raises(TypeError, match="str"):
        f("no")


def test_a_function_needs_all_its_variables() -> None:
    x, y = lazy.Variable((3,)), lazy.Variable((3,))
    with pytest.raises(ValueError, match="not among the inputs"):
        lazy.Function(x, x + y)


def test_one_function_runs_on_many_libraries(xp: Any) -> None:
    x = lazy.Variable((3, 3), "numpy")
    own = x.__array_namespace__()
    ones = np.arange(9.0).reshape(3, 3)
    f = lazy.Function(
        x, own.linalg.inv(x + own.eye(3) * 10) @ own.astype(x > 1, own.float64) + ones
    )
    assert_close(f(xp.asarray(ones)), xp.asarray(f(ones)))


def test_a_function_can_be_traced_by_jax() -> None:
    jax = pytest.importorskip("jax")
    x = lazy.Variable((3,), "jax", "float32")
    f = lazy.Function(x, lazy.sum(x * np.ones(3, dtype="float32")))
    assert jax.grad(f)(jax.numpy.ones(3, dtype="float32")).tolist() == [1.0, 1.0, 1.0]
    assert jax.jit(f)(jax.numpy.ones(3, dtype="float32")) == 3


def test_functions_are_pickled() -> None:
    x = lazy.Variable((3,), "numpy")
    f = lazy.Function(
        [x], [lazy.fft.fft(x), x + lazy.array(np.ones(3)), x.to(np.partition, (x, 1))]
    )
    again = pickle.loads(pickle.dumps(f))
    assert again.source == f.source
    for one, other in zip(again([np.ones(3)]), f([np.ones(3)]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_plain_function_and_the_source_are_available(capsys: Any) -> None:
    x, y = lazy.Variable((2,)), lazy.Variable((2,))
    result = lazy.exp(x) - y
    plain = result.get_function([x, y])
    np.testing.assert_array_equal(plain([np.zeros(2), np.ones(2)]), [0.0, 0.0])
    params: dict[str, Any] = {}
    source = lazy.get_source(result, params)
    exec(source, params)
    np.testing.assert_array_equal(params["function"](np.zeros(2), np.ones(2)), [0.0, 0.0])
    lazy.Function([x, y], result).print_source()
    assert capsys.readouterr().out == source


def test_a_function_without_inputs_returns_its_constants() -> None:
    np.testing.assert_array_equal(lazy.Function([], lazy.zeros(2) + 1)(), [1.0, 1.0])


@pytest.mark.parametrize("size", [10, 65_536, 100_001])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_blocked_execution_gives_the_same_bits(size: int, dtype: str) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(0.5, 2, size).astype(dtype) for _ in range(2))
    x, y = (lazy.Variable((size,), "numpy", dtype) for _ in range(2))
    z = (x * y + 0.5) / (1 + lazy.exp(-x)) - lazy.sqrt(y)
    outputs = [z, lazy.where(z > 0, z, -z), lazy.sum(lazy.log1p(lazy.abs(z)) * z), x > y]
    blocked = lazy.Function([x, y], outputs, blocked=True)
    plain = lazy.Function([x, y], outputs)
    assert ("blocked" in blocked.source) == (size >= 65_536)
    for f in (blocked, pickle.loads(pickle.dumps(blocked))):
        for one, other in zip(f(a, b), plain(a, b), strict=True):
            np.testing.assert_array_equal(one, other)
    strided = [np.repeat(one, 2)[::2] for one in (a, b)]
    np.testing.assert_array_equal(blocked(*strided)[0], plain(*strided)[0])


@pytest.mark.parametrize("seed", range(20))
def test_a_blocked_chain_never_overwrites_what_is_still_needed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0.5, 2, (2, 70_001))
    x, y = (lazy.Variable((70_001,), "numpy") for _ in range(2))
    made: list[Any] = [x, y]
    for _ in range(12):  # operands are any earlier results, so that some live long
        one, other = (made[i] for i in rng.integers(len(made), size=2))
        made.append([one + other, one * other, one - 0.5, abs(one)][rng.integers(4)])
    for result in (made[-1], made[-1] > made[-2], [made[-1], made[-3]]):
        blocked = lazy.Function([x, y], result, blocked=True)
        np.testing.assert_array_equal(blocked(a, b), lazy.Function([x, y], result)(a, b))


@pytest.mark.parametrize("traced", ["numpy", "torch"])
def test_an_array_without_axes_promotes_the_others_on_every_library(traced: str) -> None:
    x = lazy.Variable((2,), traced, "float32")
    y = lazy.Variable((), traced, "float64")
    result = x + y
    assert result.dtype == np.float64
    f = pickle.loads(pickle.dumps(lazy.Function([x, y], [result, y * x])))
    for one in f(torch.full((2,), 0.1, dtype=torch.float32), torch.tensor(1e-9).double()):
        assert one.dtype == torch.float64
    for one in f(np.full(2, 0.1, dtype=np.float32), np.asarray(1e-9)):
        assert one.dtype == np.float64


def polynomial(x: Any) -> Any:
    y = x
    for i in range(10):
        y = (y * 3 - x) + (0.1 * i if x.dtype.kind in "fc" else i)
    return -0.0 / y if x.dtype.kind == "f" else y > 7


@pytest.mark.parametrize("traced", ["float64", "float32", "complex64", "int64", "uint8"])
@pytest.mark.parametrize("called", ["float64", "float32", "int16"])
def test_numbers_in_the_graph_promote_as_in_numpy(traced: str, called: str) -> None:
    x, free = lazy.Variable((2, 3), "numpy", traced), lazy.Variable((2, 3), None, traced)
    f, unspecialized = (lazy.Function(one, polynomial(one)) for one in (x, free))
    a = np.arange(6).reshape(2, 3)
    for result, expected in (
        (f(a.astype(traced)), polynomial(a.astype(traced))),
        (f(a.astype(called)), unspecialized(a.astype(called))),
    ):
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result, expected)
        np.testing.assert_array_equal(np.signbit(result.real), np.signbit(expected.real))


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_subclasses_of_numpys_array_are_computed_by_their_own_operators() -> None:
    x = lazy.Variable((2, 2), "numpy")
    y = x
    for _ in range(10):
        y = y * 0.5 + 1.0
    masked = np.ma.masked_less(np.arange(4.0).reshape(2, 2), 1)
    f = lazy.Function(x, y)
    assert f(masked).mask.tolist() == masked.mask.tolist()
    np.testing.assert_array_equal(f(np.asmatrix(np.ones((2, 2)))), f(np.ones((2, 2))))


SOME_DTYPES = ("bool", "int64", "uint8", "float32", "float64", "complex128")


def elementwise_calls() -> list[Any]:
    calls = []
    for name, op in operations().items():
        if isinstance(op, Elementwise) and name != "clip":
            count = len(inspect.signature(getattr(lazy, name)).parameters)
            calls += [
                pytest.param(name, count, dtype, id=f"{name}-{dtype}") for dtype in SOME_DTYPES
            ]
    return calls


@pytest.mark.parametrize(("name", "count", "dtype"), elementwise_calls())
def test_blocks_give_the_same_bits_for_every_operation(name: str, count: int, dtype: str) -> None:
    rng = np.random.default_rng(0)
    # Shifts and powers of integers need small, non-negative operands.
    values = [np.abs(rng.normal(size=70_001) * 3) for _ in range(2)]
    if dtype.startswith("complex"):
        values = [one + 1j * rng.normal(size=one.size) for one in values]
        values[0][:4] = [np.inf + 1j, complex(np.nan, 1), 0, -np.inf]
    arrays = [one.astype(dtype) for one in values]
    variables = [lazy.Variable(one.shape, "numpy", dtype=dtype) for one in arrays]
    function = getattr(lazy.namespace("numpy"), name)
    with np.errstate(all="ignore"):
        try:
            doubled = [one + one for one in variables]
            outputs = function(*doubled[:count])
            whole = lazy.Function(variables, outputs)(arrays)
        except TypeError:
            return  # not defined for the dtype
        blocks = lazy.Function(variables, outputs, blocked=True)(arrays)
    assert blocks.dtype == whole.dtype
    assert np.asarray(blocks).tobytes() == np.asarray(whole).tobytes()


def test_a_function_of_sequences_takes_arrays_too_and_can_be_pickled() -> None:
    x, y = lazy.Variable((2,)), lazy.Variable((2,))
    f = pickle.loads(pickle.dumps(lazy.get_function([x, y], x - y)))
    a, b = np.ones(2), np.zeros(2)
    np.testing.assert_array_equal(f(a, b), f([a, b]))
    np.testing.assert_array_equal(f(a, b), 1.0)
