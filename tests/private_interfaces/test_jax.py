"""Private interfaces of JAX, and methods of arrays that convert to NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.backends import get_backend
from tests.private_interfaces import depends_on

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
