"""`lazy_apply` on tensors that PyTorch records, or that have no values, and their dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from core import lazy_apply

X = torch.arange(3.0)


def running(x: Any) -> Any:
    """Return a cumulative sum that PyTorch cannot trace."""
    return np.cumsum(np.asarray(x))


def call_with_tensors(x: Any) -> Any:
    return lazy_apply(lambda x: torch.asarray(running(x)), x) + 1


def call_with_numpy(x: Any) -> Any:
    return lazy_apply(running, x, as_numpy=True) + 1


CALLS = pytest.mark.parametrize("call", [call_with_tensors, call_with_numpy])


def export(call: Callable[[Any], Any], **options: Any) -> Any:
    class Module(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return call(x)

    return torch.export.export(Module(), (X,), **options).module()


RECORDERS: dict[str, Callable[[Any], Any]] = {
    "make_fx": lambda call: make_fx(call)(X),
    "make_fx, fake": lambda call: make_fx(call, tracing_mode="fake")(X),
    "make_fx, symbolic": lambda call: make_fx(call, tracing_mode="symbolic")(X),
    "export": export,
    "export, strict": lambda call: export(call, strict=True),
}


@CALLS
@pytest.mark.parametrize("record", RECORDERS.values(), ids=RECORDERS)
def test_recorded_graphs_call_the_function(record: Any, call: Any) -> None:
    assert record(call)(X + 1).tolist() == [2, 4, 7]


@CALLS
@pytest.mark.parametrize("strict", [False, True])
def test_exported_graphs_accept_other_lengths(call: Any, strict: bool) -> None:
    shapes = ({0: torch.export.Dim("n")},)
    graph = export(call, strict=strict, dynamic_shapes=shapes)
    assert graph(torch.ones(5)).tolist() == [2, 3, 4, 5, 6]


def test_recorded_graphs_have_derivatives() -> None:
    def call(x: Any) -> Any:
        vjp = lambda primals, c: torch.cos(primals[0]) * c  # noqa: E731
        return lazy_apply(np.sin, x, as_numpy=True, vjp=vjp).sum()

    def gradient(x: Any) -> Any:
        x = x.detach().requires_grad_()
        return torch.autograd.grad(call(x), x)[0]

    graph = make_fx(gradient)(X)
    np.testing.assert_allclose(graph(X + 1).numpy(), np.cos(X.numpy() + 1), rtol=1e-6)


def test_graphs_recorded_before_dispatch_call_the_function() -> None:
    assert make_fx(call_with_numpy, pre_dispatch=True)(X)(X + 1).tolist() == [2, 4, 7]


def test_torchscript_is_an_error() -> None:
    with pytest.raises(NotImplementedError, match=r"cannot record .*: use torch.export"):
        torch.jit.trace(call_with_numpy, (X,))


def test_torchscript_records_the_operations_of_functions_of_tensors() -> None:
    traced = torch.jit.trace(lambda x: lazy_apply(torch.cumsum, x, dim=0) + 1, (X,))
    assert traced(X + 1).tolist() == [2, 4, 7]


@CALLS
@pytest.mark.parametrize("inside", [False, True])
def test_tensors_without_values_give_results_without_values(call: Any, inside: bool) -> None:
    mode = FakeTensorMode()
    x = mode.from_tensor(X)
    if inside:
        with mode:
            found = call(x)
    else:
        found = call(x)
    assert (type(found), found.shape, found.dtype) == (type(x), X.shape, X.dtype)


def test_meta_tensors_give_meta_tensors() -> None:
    found = call_with_numpy(torch.ones(3, device="meta"))
    assert (found.device.type, found.shape) == ("meta", (3,))


def test_graphs_of_another_process_are_an_error() -> None:
    graph = make_fx(call_with_numpy)(X)
    (node,) = [node for node in graph.graph.nodes if "lazy_apply" in node.name]
    node.args = (*node.args[:-1], 10**9)
    graph.recompile()
    with pytest.raises(RuntimeError, match="export it again in this process"):
        graph(X)


DTYPES = [
    name
    for name in ("bfloat16", "float16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz")
    if hasattr(torch, name)
]


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize(
    "outer",
    [
        lambda f: f,
        torch.func.vmap,
        lambda f: torch.compile(f, fullgraph=True, backend="aot_eager"),
        lambda f: make_fx(f)(X),
    ],
    ids=["eager", "vmap", "compile", "make_fx"],
)
def test_dtypes_that_numpy_does_not_have(outer: Any, name: str) -> None:
    torch.compiler.reset()
    dtype = getattr(torch, name)
    seen = []

    def negative(x: Any) -> Any:
        seen.append(x.dtype.name)
        return -x

    def call(x: Any) -> Any:
        return lazy_apply(negative, x.to(dtype), as_numpy=True)

    found = outer(call)(X)
    assert set(seen) == {name}
    assert found.dtype == dtype
    assert found.float().tolist() == [0, -1, -2]


def test_results_of_autocast_are_passed_to_numpy() -> None:
    x = torch.ones(2, 2, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        product = x @ x
        found = lazy_apply(lambda x: x + x, product, as_numpy=True, vjp=lambda _, c: c + c)
    assert found.dtype == product.dtype == torch.bfloat16
    found.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[8, 8], [8, 8]]


@pytest.mark.parametrize("result", [lambda x: x[::-1], lambda x: x.sum(), lambda x: x[:, None].T])
def test_views_and_scalars_of_other_dtypes_become_tensors(result: Any) -> None:
    x = X.to(torch.bfloat16)
    found = lazy_apply(result, x, as_numpy=True)
    assert found.dtype == x.dtype
    np.testing.assert_array_equal(found.float().numpy(), result(X.numpy()))
