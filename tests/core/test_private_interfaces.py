"""The private interfaces of other projects that the code depends on.

If a test fails after an update of one of these projects, `docs/private_interfaces.md` says which
module uses the interface and what depends on it.
"""

from __future__ import annotations

import ast
import builtins
import functools
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.backends import get_backend

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "private_interfaces.md"

INTERFACES: list[str] = []


def depends_on(interface: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that lets failures of a test name the interface and the page."""
    INTERFACES.append(interface)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            try:
                test(*args, **kwargs)
            except Exception as error:
                pytest.fail(
                    f"the private interface {interface} has changed: "
                    f"{type(error).__name__}: {error}\n"
                    f"what depends on it: {PAGE.relative_to(ROOT)}"
                )

        return run

    return decorate


def test_the_page_lists_all_interfaces() -> None:
    page = PAGE.read_text("utf-8").replace("`", "")
    assert [interface for interface in INTERFACES if f"| {interface}" not in page] == []


# CPython


@depends_on("tp_as_buffer of type objects")
def test_the_buffers_of_a_type_can_be_disabled() -> None:
    jnp = pytest.importorskip("jax.numpy")

    from core._private.cpython import hidden_buffers

    x = jnp.ones(3)
    with hidden_buffers(type(x)) as hidden:
        assert hidden
        with pytest.raises(TypeError):
            memoryview(x)
    assert memoryview(x).nbytes == x.nbytes


@depends_on("__code__ of functions")
def test_the_code_of_a_function_with_free_variables_can_be_replaced() -> None:
    from core.testing.code_replacement import ReplacedCode

    free = 1

    def function(x: int) -> int:
        return x + free

    with ReplacedCode(function, lambda x: ("replacement", x)):
        assert function(2) == ("replacement", 2)
    assert function(2) == 3


@depends_on("sys._getframe")
def test_the_frame_of_a_caller_can_be_found() -> None:
    from core._private.cpython import get_frame

    def called() -> types.FrameType:
        return get_frame(1)

    assert called().f_code.co_name == "test_the_frame_of_a_caller_can_be_found"


@depends_on("copyreg.__newobj__")
def test_objects_are_reduced_to_their_class_and_state() -> None:
    import copyreg

    class Example:
        def __init__(self) -> None:
            self.x = 1

    function, arguments, state, *_ = Example().__reduce_ex__(4)
    assert function is copyreg.__newobj__  # type: ignore[attr-defined]
    assert (arguments, state) == ((Example,), {"x": 1})


@depends_on("_thread._count")
def test_threads_that_the_threading_module_does_not_know_are_counted() -> None:
    import _thread

    from sphinx_xpcaps._private.cpython import raw_thread_count

    before = raw_thread_count()
    wait, started = _thread.allocate_lock(), _thread.allocate_lock()
    wait.acquire()
    started.acquire()

    def run() -> None:
        started.release()
        wait.acquire()

    _thread.start_new_thread(run, ())
    started.acquire()
    assert raw_thread_count() == before + 1
    wait.release()


@depends_on("the running loop and _event_loop_policy of asyncio")
def test_event_loops_are_reset() -> None:
    import asyncio

    from sphinx_xpcaps._private.cpython import event_loop_state, reset_event_loop

    assert event_loop_state() == (False, "")
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    assert event_loop_state() == (True, "")
    reset_event_loop()
    assert event_loop_state() == (False, "")
    loop.close()


# NumPy


@depends_on("numpy.random.bit_generator.randbits")
def test_generators_without_a_seed_can_be_made_reproducible() -> None:
    from sphinx_xpcaps._private.numpy import seeded_entropy

    found = []
    for seed in (1, 1, 2):
        with seeded_entropy(seed):
            found.append(float(np.random.default_rng().random()))
    assert found[0] == found[1] != found[2]
    assert np.random.default_rng().random() not in found


# PyTorch


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


# JAX


@depends_on("jax._src.core.trace_ctx.is_top_level")
def test_transformations_of_jax_can_be_recognized() -> None:
    jax = pytest.importorskip("jax")
    from jax._src.core import trace_ctx

    from core._private.jax import is_transforming

    assert trace_ctx.is_top_level()
    assert not is_transforming()
    found = []
    jax.jit(lambda x: found.append(is_transforming()) or x)(1.0)
    jax.vmap(lambda x: found.append(is_transforming()) or x)(np.ones(2))
    assert found == [True, True]


@depends_on("jax._src.core.is_concrete")
def test_values_under_grad_alone_are_concrete() -> None:
    jax = pytest.importorskip("jax")
    from jax._src.core import is_concrete as expected

    from core._private.jax import is_concrete

    assert is_concrete is expected
    found = []
    jax.grad(lambda x: found.append(is_concrete(x)) or x)(1.0)
    jax.jit(lambda x: found.append(is_concrete(x)) or x)(1.0)
    assert found == [True, False]


@depends_on("jax._src.lib.xla_client.make_cpu_client")
def test_a_cpu_device_without_a_thread_pool_can_be_created() -> None:
    jax = pytest.importorskip("jax")

    from core._private.jax import synchronous_cpu

    device = synchronous_cpu()
    assert device is not None
    assert float(jax.device_put(np.ones(()), device) + 1) == 2


@depends_on("the class of concrete arrays, and jax.core.Tracer")
def test_arrays_of_jax_are_recognized_by_their_class() -> None:
    jax = pytest.importorskip("jax")
    jnp = pytest.importorskip("jax.numpy")

    from core._private.jax import ARRAY_TYPE, is_array_type

    assert type(jnp.ones(2)) is ARRAY_TYPE
    found = []
    jax.jit(lambda x: found.append(is_array_type(type(x))) or x)(1.0)
    assert found == [True]
    assert not is_array_type(np.ndarray)


@depends_on("names of compilation events of jax.monitoring")
def test_the_compile_time_of_jax_is_measured() -> None:
    jax = pytest.importorskip("jax")

    with get_backend("jax").watch("jit") as watch:
        jax.jit(lambda x: x * 3.25 + 1)(np.ones(5))
    assert watch.compile_seconds > 0


@depends_on("jax.experimental.buffer_callback")
def test_callbacks_of_jax_can_write_to_the_memory_of_results() -> None:
    jax = pytest.importorskip("jax")
    from jax.experimental.buffer_callback import buffer_callback

    def double(_: Any, result: Any, x: Any) -> None:
        np.asarray(result)[...] = 2 * np.asarray(x)

    x = jax.numpy.ones(3)
    call = buffer_callback(double, jax.ShapeDtypeStruct(x.shape, x.dtype))
    assert np.asarray(jax.jit(call)(x)).tolist() == [2, 2, 2]


@depends_on("jax.extend and jax.interpreters")
def test_jax_transforms_a_primitive() -> None:
    jax = pytest.importorskip("jax")
    from jax.extend.core import Primitive
    from jax.interpreters import ad, batching, mlir

    def add_one(x: Any) -> Any:
        return x + 1

    primitive = Primitive("add_one")
    primitive.def_impl(add_one)
    primitive.def_abstract_eval(lambda x: jax.core.ShapedArray(x.shape, x.dtype))
    mlir.register_lowering(primitive, mlir.lower_fun(add_one, multiple_results=False))
    ad.primitive_jvps[primitive] = lambda primals, tangents: (primitive.bind(*primals), *tangents)
    batching.primitive_batchers[primitive] = lambda args, axes: (primitive.bind(*args), *axes)
    assert jax.jit(primitive.bind)(1.0) == 2
    assert jax.grad(primitive.bind)(1.0) == 1
    assert jax.vmap(primitive.bind)(np.ones(2)).shape == (2,)


# Transfers to the host


@pytest.mark.parametrize("name", ["torch", "jax", "array-api-strict"])
def test_conversions_to_numpy_are_counted(name: str) -> None:
    @depends_on(
        {
            "torch": "methods of torch.Tensor that convert to NumPy",
            "jax": "methods of this class that convert to NumPy",
            "array-api-strict": "methods of its arrays that convert to NumPy",
        }[name]
    )
    def check() -> None:
        backend = get_backend(name)
        pytest.importorskip(backend.module)
        x = backend.from_numpy(np.ones(3), "cpu")
        with backend.watch() as watch:
            np.asarray(x)
            assert watch.host_transfers == 1
        np.asarray(x)
        assert watch.host_transfers == 1

    check()


# Dask


@depends_on("_meta of arrays, meta_from_array, concatenate3")
def test_the_blocks_of_dask_arrays_are_described_and_joined() -> None:
    da = pytest.importorskip("dask.array")
    from core._private.dask import concatenate_blocks, empty_like

    meta = empty_like(da.ones((2, 3)), 1, np.dtype("float32"))
    assert (type(meta), meta.ndim, meta.dtype) == (np.ndarray, 1, np.float32)
    assert concatenate_blocks([[np.ones((1, 1)), np.ones((1, 2))]]).shape == (1, 3)


@depends_on("dask.local.get_sync")
def test_dask_computes_with_a_function_as_scheduler() -> None:
    dask = pytest.importorskip("dask")
    da = pytest.importorskip("dask.array")
    from dask.local import get_sync

    graphs = []

    def scheduler(graph: Any, keys: Any, **options: Any) -> Any:
        graphs.append(graph)
        return get_sync(graph, keys, **options)

    with dask.config.set(scheduler=scheduler):
        assert float(da.ones(3).sum()) == 3
    assert len(graphs) == 1


# pytest


@depends_on("rewrite_asserts and PYC_TAIL of _pytest.assertion.rewrite")
def test_test_modules_can_be_transformed(pytester: pytest.Pytester) -> None:
    from sphinx_xpcaps._private.pytest import rewriting_test_modules

    def double(module: ast.Module) -> None:
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and node.value == 21:
                node.value = 42

    pytester.makepyfile("def test_it():\n    assert 21 == 42\n")
    with rewriting_test_modules(double, "example"):
        pytester.runpytest_inprocess("-p", "no:sphinx").assert_outcomes(passed=1)
    assert list(pytester.path.glob("__pycache__/*.example-*.pyc")) or sys.dont_write_bytecode


# Sphinx


@depends_on("_raw_config of the configuration")
def test_all_names_in_conf_py_are_known() -> None:
    from sphinx.config import Config

    from sphinx_xpcaps._private.sphinx import names_in_conf_py

    config = Config({"project": "example", "xpcaps_unknown": 1})
    assert "xpcaps_unknown" in names_in_conf_py(config)
