"""Private interfaces of PyTorch."""

from __future__ import annotations

import builtins
import functools
from typing import Any

import pytest

from core.backends import get_backend
from tests.private_interfaces import depends_on


@depends_on("_dynamo_marked_constant")
def test_torch_compile_calls_marked_functions() -> None:
    torch = pytest.importorskip("torch")

    from core._private.torch import mark_constant

    calls = []

    @mark_constant
    def needs_python(x: int) -> int:
        calls.append(x)  # tracing it would not change the list of the caller
        return len(repr(builtins.open)) * 0 + x

    compiled = torch.compile(lambda x: x + needs_python(2), fullgraph=True, backend="eager")
    assert float(compiled(torch.ones(()))) == 3
    assert calls == [2]


@depends_on("versions of torch.compile by code object")
def test_copies_of_a_function_are_compiled_separately() -> None:
    torch = pytest.importorskip("torch")

    from core._private.torch import without_shared_versions

    graphs = []

    def backend(graph: Any, inputs: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    def function(x: Any) -> Any:
        return x + 1

    for _ in range(2):
        torch.compile(without_shared_versions(function, "copy"), backend=backend)(torch.ones(2))
    assert len(graphs) == 2


@depends_on("id of a function inside torch.compile")
def test_torch_compile_compares_functions_by_id() -> None:
    torch = pytest.importorskip("torch")
    seen = []

    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
    def constant(function: Any) -> Any:
        seen.append(function)
        return function()

    @torch.compile(fullgraph=True, backend="eager")  # type: ignore[untyped-decorator]
    def call(x: Any, function: Any) -> Any:
        id(function)
        return x * constant(function)

    functions = [functools.partial(lambda n: lambda: n, n)() for n in (2, 3)]
    assert [float(call(torch.ones(()), function)) for function in functions] == [2, 3]


@depends_on("modes of dispatch (torch._C, torch._ops) and FakeTensor")
def test_modes_of_dispatch_are_known() -> None:
    torch = pytest.importorskip("torch")
    from torch.fx.experimental.proxy_tensor import make_fx

    from core._private.torch_tracing import (
        FakeTensor,
        count_modes,
        is_recording,
        is_recording_early,
    )

    def state(x: Any) -> Any:
        states.append((bool(count_modes()), is_recording(), is_recording_early()))
        return x + 1

    states: list[Any] = []
    x = torch.ones(2)
    state(x)
    make_fx(state)(x)
    make_fx(state, pre_dispatch=True)(x)
    with torch._subclasses.FakeTensorMode():
        assert isinstance(state(torch.ones(2)), FakeTensor)
    on, off = True, False
    assert states == [(off, off, off), (on, on, off), (off, on, on), (on, on, off)]


@depends_on("lengths of the stacks of modes (torch._C) and torch.library._impls")
def test_modes_and_replaced_operators_are_found() -> None:
    torch = pytest.importorskip("torch")

    from core._private.torch_tracing import interceptors

    modes, operators = interceptors()
    torch.func.vmap(torch.exp)(torch.ones(2))  # its first use registers operators
    assert interceptors() == (modes, operators)
    with torch._subclasses.FakeTensorMode():
        assert interceptors() == (modes + 1, operators)
    library = torch.library.Library("aten", "IMPL")
    library.impl("sinc", lambda x: x, "CPU")
    assert interceptors() == (modes, operators | {"aten/sinc/CPU"})
    library._destroy()


@depends_on('the line "Explanation:" in errors of torch.compile')
def test_the_explanation_of_a_graph_break_is_found() -> None:
    torch = pytest.importorskip("torch")

    def breaks(x: Any) -> Any:
        torch._dynamo.graph_break()
        return x

    backend = get_backend("torch")
    with pytest.raises(Exception) as caught:  # noqa: PT011
        backend.transform("jit", breaks)(torch.ones(2))
    first_line = str(caught.value).partition("\n")[0]
    assert backend.explain(caught.value).startswith(f"{first_line}: ")
