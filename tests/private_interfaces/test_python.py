"""Private interfaces of CPython, NumPy, Dask, pytest and Sphinx."""

from __future__ import annotations

import ast
import re
import sys
import types
from typing import Any

import numpy as np
import pytest

from tests.private_interfaces import PAGE, ROOT, depends_on

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


@depends_on("_implementation of NumPy's functions")
def test_the_code_of_a_function_that_libraries_can_override_is_found() -> None:
    from sphinx_xpcaps._private.numpy import implementation

    assert isinstance(implementation(np.sum), types.FunctionType)
    assert implementation(np.add) is np.add


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


# The page


def test_each_interface_on_the_page_has_a_test() -> None:
    rows = re.findall(r"^\| (.+?) \| `", PAGE.read_text("utf-8"), re.MULTILINE)
    files = (ROOT / "tests" / "private_interfaces").glob("test_*.py")
    tests = "".join(path.read_text("utf-8") for path in files)
    names = [row.replace("`", "").partition(",")[0] for row in rows]
    assert len(names) > 20
    assert [name for name in names if name not in tests] == []
