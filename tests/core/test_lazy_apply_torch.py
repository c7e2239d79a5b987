"""`lazy_apply` on tensors: gradients, ``torch.func`` and ``torch.compile``."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import core
from core import lazy_apply


def value(x: Any) -> Any:
    return np.asarray(x)


def cosine(primals: Any, cotangent: Any) -> Any:
    return torch.cos(primals[0]) * cotangent


def scaled_cosine(primals: Any, tangents: Any) -> Any:
    return torch.cos(primals[0]) * tangents[0]


def test_torch_differentiates_functions_of_tensors() -> None:
    x = torch.arange(3.0, requires_grad=True)
    lazy_apply(torch.sin, x).sum().backward()
    np.testing.assert_allclose(value(x.grad), np.cos(np.arange(3.0)), rtol=1e-6)


@pytest.mark.parametrize(
    "derivative", [{"vjp": cosine}, {"jvp": scaled_cosine}], ids=["vjp", "jvp"]
)
def test_torch_uses_the_given_derivative(derivative: Any) -> None:
    def sine(x: Any) -> Any:
        return lazy_apply(np.sin, x, as_numpy=True, **derivative)

    x = torch.arange(3.0, requires_grad=True)
    sine(x).sum().backward()
    concrete = x.detach()
    expected = np.cos(np.arange(3.0))
    func = torch.func
    for found in (
        x.grad,
        func.grad(lambda x: sine(x).sum())(concrete),
        func.vmap(func.grad(sine))(concrete),
        func.grad(lambda x: func.vmap(sine)(x).sum())(concrete),
    ):
        np.testing.assert_allclose(value(found), expected, rtol=1e-6)


def test_gradient_of_an_unmapped_argument_is_summed_over_the_batch() -> None:
    def times(x: Any, y: Any) -> Any:
        vjp = lambda primals, c: (primals[1] * c, primals[0] * c)  # noqa: E731
        return lazy_apply(np.multiply, x, y, as_numpy=True, vjp=vjp)

    def total(y: Any) -> Any:
        return torch.func.vmap(times, in_dims=(0, None))(torch.arange(3.0), y).sum()

    assert float(torch.func.grad(total)(torch.tensor(5.0))) == 3.0


def test_forward_mode_needs_jvp() -> None:
    x = torch.arange(3.0)
    sine = functools.partial(lazy_apply, np.sin, as_numpy=True)
    _, tangent = torch.func.jvp(functools.partial(sine, jvp=scaled_cosine), (x,), (x,))
    np.testing.assert_allclose(value(tangent), np.cos(value(x)) * value(x), rtol=1e-6)
    with pytest.raises(NotImplementedError, match="backwards only: give jvp"):
        torch.func.jvp(functools.partial(sine, vjp=cosine), (x,), (x,))


def test_message_for_a_missing_derivative_names_the_options() -> None:
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"derivative of sin: give jvp=.* or vjp="):
        lazy_apply(np.sin, x, as_numpy=True)


@pytest.mark.parametrize("method", [None, "sequential", "expand_dims", "broadcast_all"])
def test_vmap_maps_functions_of_numpy(method: str | None) -> None:
    def add(x: Any, y: Any) -> Any:
        return lazy_apply(np.add, x, y, as_numpy=True, vmap_method=method)

    x, y = torch.arange(3.0), torch.arange(4.0)
    inner = torch.func.vmap(add, in_dims=(None, 0))
    found = torch.func.vmap(inner, in_dims=(0, None))(x, y)
    np.testing.assert_array_equal(value(found), np.add.outer(value(x), value(y)))


COMPILED = {
    "one result": (lambda x: lazy_apply(np.sort, x, as_numpy=True) + 1, [[1.0, 2.0, 3.0]]),
    "several results": (
        lambda x: lazy_apply(
            lambda x: (x.min(), x[::-1]),
            x,
            shape=((), x.shape),
            dtype=(x.dtype,) * 2,
            as_numpy=True,
        ),
        [0.0, [1.0, 2.0, 0.0]],
    ),
    "scalars and named arguments": (
        lambda x: lazy_apply(lambda x, none, k, by: x * k + by, x, None, 2, by=x, as_numpy=True),
        [[0.0, 6.0, 3.0]],
    ),
    "function of tensors": (
        lambda x: lazy_apply(lambda x: x + x.max().item(), x),
        [[2.0, 4.0, 3.0]],
    ),
    "core dimensions": (
        lambda x: lazy_apply(np.dot, x, x, signature="(n),(n)->()", vectorize=True, as_numpy=True),
        [5.0],
    ),
    "callable shape": (
        lambda x: lazy_apply(np.outer, x, x, shape=lambda a, b: a + b, as_numpy=True).sum(0),
        [[0.0, 6.0, 3.0]],
    ),
    "vmap": (
        torch.func.vmap(functools.partial(lazy_apply, np.negative, as_numpy=True)),
        [[0.0, -2.0, -1.0]],
    ),
}


@pytest.mark.parametrize("name", COMPILED)
def test_torch_compiles_the_call_without_graph_breaks(name: str) -> None:
    torch._dynamo.reset()
    call, expected = COMPILED[name]
    found = torch.compile(call, backend="aot_eager", fullgraph=True)(torch.tensor([0.0, 2.0, 1.0]))
    found = found if isinstance(found, tuple) else (found,)
    assert [value(x).tolist() for x in found] == expected


def test_torch_does_not_trace_the_function() -> None:
    seen = []

    def copied(x: Any) -> Any:
        seen.append(type(x))
        return x.copy()

    compiled = torch.compile(
        lambda x: lazy_apply(copied, x, as_numpy=True), backend="aot_eager", fullgraph=True
    )
    for i in range(3):
        assert compiled(torch.ones(2) * i).tolist() == [i, i]
    assert seen == [np.ndarray] * 3


def test_torch_compiles_the_given_derivative() -> None:
    x = torch.arange(3.0, requires_grad=True)
    compiled = torch.compile(
        lambda x: lazy_apply(np.sin, x, as_numpy=True, vjp=cosine).sum(),
        backend="aot_eager",
        fullgraph=True,
    )
    compiled(x).backward()
    np.testing.assert_allclose(value(x.grad), np.cos(np.arange(3.0)), rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [torch.square, lambda x: x * x if float(x.detach().sum()) else x],
    ids=["function of torch", "function that needs values"],
)
def test_torch_compiles_the_derivative_of_functions_of_tensors(function: Any) -> None:
    x = torch.asarray([1.0, 2.0], requires_grad=True)
    compiled = torch.compile(
        lambda x: lazy_apply(function, x).sum(), backend="aot_eager", fullgraph=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled(x).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2, 4]


def test_compiled_call_raises_if_torch_cannot_differentiate_the_function() -> None:
    compiled = torch.compile(
        lambda x: lazy_apply(lambda x: torch.asarray(np.sin(x.numpy())), x).sum(),
        backend="aot_eager",
        fullgraph=True,
    )
    result = compiled(torch.ones(2, requires_grad=True))
    with pytest.raises(NotImplementedError, match="does not know the derivative of lambda: give"):
        result.backward()


def test_integer_results_have_no_tangent() -> None:
    def greatest(x: Any) -> Any:
        double, _ = lazy_apply(
            lambda x: (2 * x, x.argmax()),
            x,
            shape=(x.shape, ()),
            dtype=(x.dtype, torch.int64),
            as_numpy=True,
            jvp=lambda primals, tangents: (2 * tangents[0], None),
        )
        return double.sum()

    assert torch.func.grad(greatest)(torch.ones(2)).tolist() == [2, 2]


def test_torch_compiles_vmap_over_an_empty_batch() -> None:
    mapped = torch.func.vmap(lambda x: lazy_apply(np.cumsum, x, as_numpy=True))
    compiled = torch.compile(mapped, backend="aot_eager", fullgraph=True)
    assert compiled(torch.ones(0, 3)).shape == (0, 3)


def test_torch_compiles_a_derivative_with_dynamic_numbers_and_shapes() -> None:
    compiled = torch.compile(
        lambda x, k: lazy_apply(
            lambda x, k: np.sin(x) * k, x, k, shape=x.shape, as_numpy=True, vjp=cosine
        ).sum(),
        backend="aot_eager",
        fullgraph=True,
        dynamic=True,
    )
    x = torch.arange(3.0, requires_grad=True)
    compiled(x, 1.5).backward()
    np.testing.assert_allclose(value(x.grad), np.cos(np.arange(3.0)), rtol=1e-6)


def test_torch_compiles_the_function_of_a_trace() -> None:
    trace = core.trace(lambda x: lazy_apply(np.cumsum, x, as_numpy=True) + 1, np.ones(3))
    compiled = torch.compile(trace.function.bind("torch"), backend="aot_eager", fullgraph=True)
    assert compiled(torch.ones(3)).tolist() == [2, 3, 4]


def test_torch_compiles_with_dynamic_lengths() -> None:
    torch._dynamo.reset()
    compiled = torch.compile(
        lambda x: lazy_apply(np.sort, x, shape=x.shape, as_numpy=True) * 2,
        backend="aot_eager",
        fullgraph=True,
        dynamic=True,
    )
    for length in (3, 5, 8):
        assert compiled(torch.ones(length)).shape == (length,)


def test_torch_compiles_with_dynamic_numbers() -> None:
    torch._dynamo.reset()
    count = 0

    def counting(module: Any, _: Any) -> Any:
        nonlocal count
        count += 1
        return module.forward

    def scaled(x: Any, k: Any, *, shift: Any) -> Any:
        assert (type(k), type(shift)) == (int, float)
        return x * k + shift

    compiled = torch.compile(
        lambda x, k, shift: lazy_apply(scaled, x, k, shift=shift, as_numpy=True),
        backend=counting,
        fullgraph=True,
    )
    for k in range(2, 9):
        assert compiled(torch.ones(2), k, k / 4).tolist() == [k + k / 4] * 2
    assert count == 2  # one for the first numbers, one with dynamic numbers


def test_unknown_shape_raises_while_torch_compiles() -> None:
    compiled = torch.compile(
        lambda x: lazy_apply(np.unique, x, shape=(None,), as_numpy=True),
        backend="aot_eager",
        fullgraph=True,
    )
    with pytest.raises(Exception, match="shape must be fully known"):
        compiled(torch.ones(3))


def test_results_with_memory_that_torch_cannot_share_are_copied() -> None:
    x = torch.arange(3)
    assert lazy_apply(lambda x: x[::-1], x, as_numpy=True).tolist() == [2, 1, 0]
    locked = np.arange(3)
    locked.flags.writeable = False
    assert lazy_apply(lambda x: locked, x).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "options",
    [
        {"as_numpy": True},
        {"as_numpy": True, "shape": lambda s: s},
        {"as_numpy": True, "signature": "(n)->(n)"},
    ],
    ids=["default shape", "callable shape", "signature"],
)
def test_compiled_call_does_not_specialize_lengths(options: Any) -> None:
    graphs: list[Any] = []

    def counting(graph: Any, _: Any) -> Any:
        graphs.append(graph)
        return graph

    torch._dynamo.reset()
    sorts = torch.compile(
        lambda x: lazy_apply(np.sort, x, **options), fullgraph=True, backend=counting
    )
    for length in range(2, 14):
        x = torch.arange(length, 0, -1)
        np.testing.assert_array_equal(value(sorts(x)), np.sort(value(x)))
    assert len(graphs) == 2  # one for the first length, one with a dynamic length


def test_functions_that_differ_in_their_closures_are_compiled_separately() -> None:
    def times(factor: int) -> Any:
        return lambda x, **_: x * factor

    def gradient(factor: int) -> Any:
        return lambda _, cotangent: cotangent * factor

    @torch.compile(fullgraph=True, backend="aot_eager")
    def call(x: Any, function: Any, vjp: Any) -> Any:
        return lazy_apply(function, x, as_numpy=True, vjp=vjp, option=function)

    x = torch.ones(2, requires_grad=True)
    for factor, other in ((1, 1), (2, 1), (2, 3)):
        result = call(x, times(factor), gradient(other))
        assert result.tolist() == [factor, factor]
        (found,) = torch.autograd.grad(result.sum(), x)
        assert found.tolist() == [other, other]


SHARING = {
    "the same tensor twice": lambda y: (y, y),
    "a view": lambda y: (y, y[1:]),
    "rows of one tensor": lambda y: tuple(y.reshape(2, 3)),
    "the input and a view of it": lambda y: (y, y.T),
}


@pytest.mark.parametrize("as_numpy", [False, True])
@pytest.mark.parametrize("source", ["input", "result"])
@pytest.mark.parametrize("results", SHARING.values(), ids=SHARING)
def test_results_of_an_operator_may_share_memory(
    results: Any, source: str, as_numpy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.compiler.reset()  # it compiles a limited number of versions of a function
    monkeypatch.setenv("CI", "1")  # where PyTorch makes aliases of custom operators an error

    def function(x: Any) -> Any:
        return results(x if source == "input" else x + 1)

    x = torch.arange(6.0)
    expected = function(x)
    shapes = tuple(tuple(one.shape) for one in expected)

    def call(x: Any) -> Any:
        return lazy_apply(function, x, shape=shapes, as_numpy=as_numpy)

    found = torch.compile(call, fullgraph=True, backend="aot_eager")(x)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(value(one), value(other))
    found[0].zero_()
    assert float(x.sum()) == 15
    np.testing.assert_array_equal(value(found[1]), value(function(x)[1]))
