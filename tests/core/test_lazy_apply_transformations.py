"""`lazy_apply` inside the transformations of JAX."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from core import lazy_apply
from core.lazy_apply.call import VMAP_METHODS


def value(x: Any) -> Any:
    return np.asarray(x)


SIGNATURES = [
    ("sequential", None),
    ("expand_dims", None),
    ("broadcast_all", None),
    (None, "(n),(n)->(n)"),
    (None, None),
]


@pytest.mark.parametrize("outer", [lambda f: f, jax.jit], ids=["eager", "jit"])
@pytest.mark.parametrize(("method", "signature"), SIGNATURES)
def test_vmap_maps_the_function(outer: Any, method: Any, signature: Any) -> None:
    def call(x: Any, y: Any) -> Any:
        return lazy_apply(np.multiply, x, y, as_numpy=True, vmap_method=method, signature=signature)

    x, y = jnp.arange(6.0).reshape(2, 3), jnp.arange(3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = outer(jax.vmap(call, in_axes=(0, None)))(x, y)
    np.testing.assert_allclose(value(found), value(x * y))


def test_vmap_calls_the_function_once_per_element_by_default() -> None:
    shapes: list[Any] = []

    def seen(x: Any) -> Any:
        shapes.append(x.shape)
        return x

    def mapped(method: str | None) -> list[Any]:
        shapes.clear()
        jax.vmap(lambda x: lazy_apply(seen, x, as_numpy=True, vmap_method=method))(jnp.ones((2, 3)))
        return list(shapes)

    assert mapped(None) == [(3,), (3,)]
    assert mapped("expand_dims") == [(2, 3)]


@pytest.mark.parametrize("outer", [lambda f: f, jax.jit], ids=["eager", "jit"])
@pytest.mark.parametrize(
    "derivative",
    [
        {"jvp": lambda primals, tangents: jnp.cos(primals[0]) * tangents[0]},
        {"vjp": lambda primals, cotangents: jnp.cos(primals[0]) * cotangents},
    ],
    ids=["jvp", "vjp"],
)
def test_jax_uses_the_given_derivative(outer: Any, derivative: Any) -> None:
    def total(x: Any) -> Any:
        return lazy_apply(np.sin, x, as_numpy=True, **derivative).sum()

    x = jnp.arange(3.0)
    np.testing.assert_allclose(value(outer(jax.grad(total))(x)), np.cos(value(x)), rtol=1e-6)
    each = jax.vmap(jax.grad(lambda x: lazy_apply(np.sin, x, as_numpy=True, **derivative)))
    np.testing.assert_allclose(value(outer(each)(x)), np.cos(value(x)), rtol=1e-6)


@pytest.mark.parametrize("outer", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_message_for_a_missing_derivative_names_the_options(outer: Any) -> None:
    function = outer(jax.grad(lambda x: lazy_apply(np.sin, x, as_numpy=True)))
    with pytest.raises(NotImplementedError, match=r"derivative of sin: give jvp=.* or vjp="):
        function(jnp.asarray(1.0))


def test_jax_differentiates_functions_of_jax_outside_jit() -> None:
    def half(x: Any) -> Any:
        return jnp.sin(x) if (x > 0).all() else x / 2  # a condition that cannot be traced

    def applied(x: Any) -> Any:
        return lazy_apply(half, x)

    assert float(jax.grad(applied)(-1.0)) == 0.5
    x = jnp.asarray([1.0, -1.0])
    found = jax.grad(lambda x: jax.vmap(applied)(x).sum())(x)
    np.testing.assert_allclose(value(found), [np.cos(1), 0.5], rtol=1e-6)
    np.testing.assert_allclose(value(jax.jvp(applied, (x[0],), (x[0],))[1]), np.cos(1), rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        jax.jit(jax.grad(lambda x: lazy_apply(jnp.sin, x))),
        jax.grad(lambda x: lazy_apply(lambda x: np.sin(np.asarray(x)), x)),
    ],
    ids=["inside jit", "through NumPy"],
)
def test_jax_raises_if_it_cannot_differentiate_the_function(function: Any) -> None:
    with pytest.raises(NotImplementedError, match=r"derivative of .*: give jvp=.* or vjp="):
        function(1.0)


def test_jit_applies_a_function_of_core_dimensions() -> None:
    def call(x: Any, y: Any) -> Any:
        return lazy_apply(np.dot, x, y, as_numpy=True, signature="(n),(n)->()", vectorize=True)

    found = jax.jit(call)(jnp.ones((4, 3)), jnp.arange(3.0))
    np.testing.assert_array_equal(value(found), np.full(4, 3.0))


def test_callbacks_can_use_operations_of_jax() -> None:
    closed_over = jnp.arange(3.0) * 2

    def unique(x: Any) -> Any:
        assert isinstance(x, jax.Array)
        return jnp.unique(x + closed_over)  # a condition that cannot be traced

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jitted = jax.jit(lambda x: lazy_apply(unique, x) + 1)
        np.testing.assert_array_equal(value(jitted(jnp.arange(3.0))), [1, 4, 7])
        np.testing.assert_array_equal(
            value(jax.jit(lambda x: lazy_apply(jitted, x))(jnp.arange(3.0))), [1, 4, 7]
        )


NO_DEADLOCK = """
import jax, jax.numpy as jnp, numpy as np
from core import lazy_apply
from core.lazy_apply.call import VMAP_METHODS

def by_jax(x):
    return jnp.cumsum(x) + bool((jnp.sort(x) > 0).all())

x = jnp.ones(100_000)
for function, as_numpy in ((np.cumsum, True), (by_jax, True), (by_jax, False)):
    def call(x):
        return lazy_apply(function, x, as_numpy=as_numpy) + jnp.sin(x)
    once, twice = jax.jit(call), jax.jit(lambda x: call(x) + call(x + 1))
    for _ in range(20):
        x = once(x) / 1e6 + 1  # one eager operation between the calls
        x = twice(x) / 1e6 + 1
    print(bool(x[0] > 1))
"""


def test_callbacks_with_operations_of_jax_do_not_deadlock() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_DEADLOCK], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "True\nTrue\nTrue\n", done.stderr


def test_mapped_named_arrays_with_a_signature_are_passed_one_element_at_a_time() -> None:
    def weighted(x: Any, w: Any) -> Any:
        return lazy_apply(
            lambda x, *, w: (x * w).sum(-1), x, w=w, signature="(n)->()", as_numpy=True
        )

    x, w = jnp.arange(12.0).reshape(2, 2, 3), jnp.asarray([[1.0] * 3, [10.0] * 3])
    expected = np.stack([(x[i] * w[i]).sum(-1) for i in range(2)])
    np.testing.assert_array_equal(jax.vmap(weighted)(x, w), expected)
    np.testing.assert_array_equal(jax.jit(jax.vmap(weighted))(x, w), expected)


def test_callbacks_use_the_settings_of_the_tracing_thread() -> None:
    twice = jax.jit(lambda x: lazy_apply(lambda x: x * 2, x))
    with jax.enable_x64(True):
        assert int(twice(jnp.asarray(2**40))) == 2**41


@pytest.mark.parametrize("as_numpy", [True, False])
def test_dtypes_shorter_than_a_byte_are_supported(as_numpy: bool) -> None:
    x = jnp.arange(3).astype("int4")
    flip = jax.jit(lambda x: lazy_apply(lambda x: x[::-1], x, as_numpy=as_numpy))
    assert flip(x).dtype == x.dtype
    assert flip(x).tolist() == [2, 1, 0]


def test_dtypes_that_numpy_lacks_are_checked_and_converted() -> None:
    x = jnp.arange(3).astype("bfloat16")
    single = jax.jit(lambda x: lazy_apply(lambda x: x.astype("f4"), x, as_numpy=True))
    assert single(x).dtype == x.dtype
    wrong = jax.jit(lambda x: lazy_apply(lambda x: x.astype("c8"), x, as_numpy=True))
    with pytest.raises(Exception, match="complex64 where bfloat16 was declared"):
        wrong(x).block_until_ready()


def test_numbers_are_differentiated_like_arrays() -> None:
    def sine(x: Any) -> Any:
        return lazy_apply(
            np.sin, x, as_numpy=True, jvp=lambda primals, t: jnp.cos(primals[0]) * t[0]
        )

    for x in (0.0, np.float64(0.0)):
        assert jax.value_and_grad(sine)(x) == (0, 1)


def test_functions_of_jax_have_second_derivatives_outside_jit() -> None:
    def sine(x: Any) -> Any:
        return lazy_apply(jnp.sin, x)

    np.testing.assert_allclose(jax.grad(jax.grad(sine))(1.0), -np.sin(1.0), rtol=1e-6)


def test_integer_results_have_no_tangent() -> None:
    def greatest(x: Any) -> Any:
        return lazy_apply(
            lambda x: (x * x, x.argmax().astype("i4")),
            x,
            shape=(x.shape, ()),
            dtype=(x.dtype, jnp.int32),
            as_numpy=True,
            jvp=lambda primals, tangents: (2 * primals[0] * tangents[0], None),
        )

    gradient = jax.grad(lambda x: greatest(x)[0].sum())
    np.testing.assert_array_equal(jax.jit(gradient)(jnp.arange(3.0)), [0, 2, 4])


def test_derivative_of_python_numbers_outside_of_jit() -> None:
    def sine(x: Any) -> Any:
        return lazy_apply(
            np.sin,
            x,
            as_numpy=True,
            jvp=lambda primals, tangents: jnp.cos(primals[0]) * tangents[0],
        )

    result, tangent = jax.jvp(sine, (2.0,), (1.0,))
    assert (float(result), float(tangent)) == pytest.approx((np.sin(2), np.cos(2)))


@pytest.mark.parametrize("outer", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_derivative_that_cannot_be_reversed_names_vjp(outer: Any) -> None:
    def jvp(primals: Any, tangents: Any) -> Any:
        return lazy_apply(np.multiply, jnp.cos(primals[0]), tangents[0], as_numpy=True)

    def sine(x: Any) -> Any:
        return lazy_apply(np.sin, x, as_numpy=True, jvp=jvp)

    _, tangent = outer(lambda x: jax.jvp(sine, (x,), (x,)))(2.0)
    assert float(tangent) == pytest.approx(2 * np.cos(2))
    with pytest.raises(NotImplementedError, match=r"calls lazy_apply of multiply.* give vjp="):
        outer(jax.grad(sine))(2.0)


RANKS = [((4, 3), (4,)), ((4,), (4, 3)), ((3, 3), (3,)), ((2, 5, 3), (2, 3)), ((3,), ())]


@pytest.mark.parametrize("method", [None, *VMAP_METHODS])
@pytest.mark.parametrize("shapes", RANKS)
@pytest.mark.parametrize("library", ["jax", "jax.jit", "torch"])
def test_elements_of_different_rank_broadcast_under_vmap(
    library: str, shapes: Any, method: str | None
) -> None:
    def add(x: Any, y: Any) -> Any:
        return lazy_apply(np.add, x, y, as_numpy=True, vmap_method=method)

    x, y = (np.arange(np.prod(shape, dtype=int)).reshape(shape) * 1.0 for shape in shapes)
    axes = tuple(0 if shape else None for shape in shapes)
    if method == "legacy_vectorized" and len({len(shape) for shape in shapes}) > 1:
        pytest.skip("the arguments are passed as they are")
    if library == "torch":
        found = torch.func.vmap(add, axes)(torch.asarray(x), torch.asarray(y))
    else:
        mapped = jax.vmap(add, axes)
        outer = jax.jit if library == "jax.jit" else lambda f: f
        found = outer(mapped)(jnp.asarray(x), jnp.asarray(y))
    expected = jax.vmap(jnp.add, axes)(x, y)
    np.testing.assert_allclose(value(found), value(expected))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("sequential", ((), (), "scalar")),
        ("sequential_unrolled", ((), (), "scalar")),
        ("expand_dims", ((4,), (1,), (1,))),
        ("broadcast_all", ((4,), (4,), (4,))),
        ("legacy_vectorized", ((4,), (), "scalar")),
    ],
)
@pytest.mark.parametrize("outer", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_shapes_that_the_function_gets_under_vmap(outer: Any, method: str, expected: Any) -> None:
    seen: list[Any] = []

    def add(x: Any, y: Any, z: Any) -> Any:
        seen.append((x.shape, y.shape, z.shape if isinstance(z, np.ndarray) else "scalar"))
        return x + y + z

    def call(x: Any, y: Any) -> Any:
        return lazy_apply(add, x, y, 2, as_numpy=True, vmap_method=method)

    found = outer(jax.vmap(call, (0, None)))(jnp.arange(4.0), jnp.float32(1))
    assert value(found).tolist() == [3, 4, 5, 6]
    assert set(seen) == {expected}


@pytest.mark.parametrize("number", [True, 2, 0.1, 1j])
def test_numbers_with_a_batch_axis_do_not_widen_the_result(number: Any) -> None:
    def call(x: Any) -> Any:
        return lazy_apply(np.multiply, x, number, as_numpy=True, vmap_method="expand_dims")

    found = jax.vmap(call)(jnp.arange(4.0))
    np.testing.assert_array_equal(value(found), value(jnp.arange(4.0) * number))
