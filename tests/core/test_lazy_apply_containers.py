"""`lazy_apply` with containers of arrays, and without arrays."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import array_api_compat
import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax.sharding import SingleDeviceSharding

from core import lazy_apply


class Pair(NamedTuple):
    first: Any
    second: Any


def value(x: Any) -> Any:
    return np.asarray(x)


Struct = jax.ShapeDtypeStruct
ANNOUNCED = {
    "pair": Pair(Struct((3,), np.float32), [Struct((2,), np.float64)]),
    "sum": Struct((), np.float32),
}


def function(data: Any, rows: Any, factor: Any) -> Any:
    return {
        "sum": np.sum(data["x"]),
        "pair": Pair(data["x"] + rows[0], [np.float64(factor) * rows[1]]),
    }


def call(x: Any, y: Any) -> Any:
    return lazy_apply(function, {"x": x}, [x, y], 2, shape=ANNOUNCED, as_numpy=True)


def check(found: Any, of: Any = value) -> None:
    assert type(found["pair"]) is Pair
    assert of(found["pair"].first).tolist() == [0, 2, 4]
    assert of(found["pair"].second[0]).tolist() == [2, 2]
    assert float(found["sum"]) == 3


def arrays(xp: Any) -> Any:
    return xp.asarray([0, 1, 2], dtype=xp.float32), xp.asarray([1, 1], dtype=xp.float64)


def test_containers_of_arguments_and_results(xp: Any) -> None:
    x, y = arrays(xp)
    found = call(x, y)
    check(found)
    for result in (found["sum"], found["pair"].first):
        assert isinstance(result, type(x))
        assert result.dtype == x.dtype
    assert list(found) == ["pair", "sum"]


def test_containers_inside_jit_and_vmap() -> None:
    with jax.enable_x64(True):
        x, y = arrays(jnp)
        check(jax.jit(call)(x, y))
        found = jax.vmap(call, (0, None))(jnp.stack([x, x]), y)
        assert found["pair"].second[0].shape == (2, 2)


def test_containers_inside_torch_compile() -> None:
    check(torch.compile(call, fullgraph=True, backend="aot_eager")(*arrays(torch)))


def test_containers_stay_lazy_on_dask() -> None:
    x, y = arrays(da)
    found = call(x, y)
    assert isinstance(found["sum"], da.Array)
    assert found["sum"].name.startswith("function-")


@pytest.mark.parametrize(
    "container", [dict, OrderedDict, lambda pairs: list(dict(pairs).values()), tuple]
)
def test_the_function_gets_the_containers_of_the_caller(container: Any, xp: Any) -> None:
    x, _ = arrays(xp)
    given = container([("a", x), ("b", x)]) if container is not tuple else (x, (x,))

    def seen(arg: Any) -> Any:
        assert type(arg) is type(given)
        first = arg["a"] if isinstance(arg, dict) else arg[0]
        assert isinstance(first, np.ndarray)
        return first

    found = lazy_apply(seen, given, as_numpy=True)
    assert value(found).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("result", "declared", "message"),
    [
        ({"y": 1}, {"z": Struct((), np.float32)}, r"one with keys \['y'\] instead of a dict"),
        (
            {"z": [1, 2]},
            {"z": (Struct((), np.float32),)},
            r"2 items instead of a tuple of 1 items at \['z'\]",
        ),
        (1, [Struct((), np.float32)], "returned int instead of a list of 1 items"),
        ((), {}, "contains no results"),
    ],
)
def test_other_containers_than_declared_are_an_error(
    result: Any, declared: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        lazy_apply(lambda _: result, {"x": np.ones(3)}, shape=declared)


def test_dtypes_are_declared_once() -> None:
    with pytest.raises(ValueError, match="leave out dtype="):
        lazy_apply(np.sin, np.ones(3), shape=Struct((3,), np.float32), dtype=np.float32)


def test_one_described_result(xp: Any) -> None:
    x, _ = arrays(xp)
    found = lazy_apply(np.cumsum, x, shape=x, as_numpy=True)
    assert (found.dtype, value(found).tolist()) == (x.dtype, [0, 1, 3])


def product(data: Any, factor: Any) -> Any:
    return data["x"] * factor * data["y"]


def reverse(primals: Any, c: Any) -> Any:
    (data, *_) = primals
    return {"x": 3 * c * data["y"], "y": 3 * c * data["x"]}


def forward(primals: Any, tangents: Any) -> Any:
    (data,), (tangent,) = primals, tangents
    return 3 * (tangent["x"] * data["y"] + tangent["y"] * data["x"])


@pytest.mark.parametrize("derivative", [{"vjp": reverse}, {"jvp": forward}], ids=["vjp", "jvp"])
@pytest.mark.parametrize("outer", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_derivatives_have_the_containers_of_the_arguments(outer: Any, derivative: Any) -> None:
    def total(data: Any) -> Any:
        return lazy_apply(product, data, 3, as_numpy=True, **derivative).sum()

    found = outer(jax.grad(total))({"x": jnp.arange(2.0), "y": jnp.ones(2)})
    assert value(found["x"]).tolist() == [3, 3]
    assert value(found["y"]).tolist() == [0, 3]


@pytest.mark.parametrize(
    "outer",
    [lambda f: f, lambda f: torch.compile(f, fullgraph=True, backend="aot_eager")],
    ids=["eager", "compile"],
)
@pytest.mark.parametrize("derivative", [{"vjp": reverse}, {"jvp": forward}], ids=["vjp", "jvp"])
def test_derivatives_with_containers_on_torch(derivative: Any, outer: Any) -> None:
    torch.compiler.reset()

    def total(x: Any, y: Any) -> Any:
        return lazy_apply(product, {"x": x, "y": y}, 3, as_numpy=True, **derivative).sum()

    x, y = torch.arange(2.0, requires_grad=True), torch.ones(2, requires_grad=True)
    found = torch.autograd.grad(outer(total)(x, y), (x, y))
    assert [one.tolist() for one in found] == [[3, 3], [0, 3]]


def test_functions_without_arguments(xp: Any) -> None:
    dtype = xp.asarray([1], dtype=xp.int32).dtype
    found = lazy_apply(lambda: np.arange(2, dtype="int32"), shape=(2,), dtype=dtype, xp=xp)
    assert array_api_compat.array_namespace(found) is array_api_compat.array_namespace(
        xp.asarray([1])
    )
    assert value(found).tolist() == [0, 1]


def test_numbers_alone(xp: Any) -> None:
    seen = []

    def add(x: Any, y: Any) -> Any:
        seen.append((x, y))
        return np.asarray(x + y)

    found = lazy_apply(add, 1, 2.5, xp=xp, as_numpy=True)
    assert float(found) == 3.5
    assert seen == [(1, 2.5)]


@pytest.mark.parametrize("as_numpy", [False, True])
def test_calls_without_arrays_inside_jit(as_numpy: bool) -> None:
    def call() -> Any:
        declared = Struct((2,), np.int32)
        numbers = lazy_apply(lambda: np.arange(2), shape=declared, xp=jnp, as_numpy=as_numpy)
        return numbers + lazy_apply(np.asarray, 1.5, xp=jnp, as_numpy=as_numpy)

    assert value(jax.jit(call)()).tolist() == [1.5, 2.5]
    assert value(call()).tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"xp": jnp}, "needs shape= and dtype="),
        ({"xp": jnp, "shape": ()}, "needs shape= and dtype="),
        ({"shape": (), "dtype": np.float32}, "at least one argument array, by position; or xp="),
    ],
)
def test_calls_without_arrays_need_a_description(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lazy_apply(lambda: np.ones(()), **options)


@pytest.mark.parametrize(
    "declared",
    [{"dtype": np.float64}, {"shape": Struct((3,), np.complex128)}],
    ids=["dtype", "shape"],
)
def test_dtypes_of_64_bits_are_an_error_if_jax_has_32(declared: Any) -> None:
    def call(x: Any) -> Any:
        return lazy_apply(np.sin, x, as_numpy=True, **declared)

    for function in (call, jax.jit(call)):
        with pytest.raises(ValueError, match="cannot specify 64-bit types when `jax_enable_x64`"):
            function(jnp.ones(3))
    with jax.enable_x64(True):
        assert jax.jit(call)(jnp.zeros(3)).shape == (3,)


@jax.tree_util.register_pytree_node_class
class Scaled:
    """A container that is registered with JAX, with an array and a constant."""

    def __init__(self, array: Any, factor: int) -> None:
        self.array, self.factor = array, factor

    def tree_flatten(self) -> Any:
        return (self.array,), self.factor

    @classmethod
    def tree_unflatten(cls, factor: int, children: Any) -> Any:
        return cls(children[0], factor)


@pytest.mark.parametrize("as_numpy", [False, True])
def test_containers_can_be_of_classes_registered_with_jax(as_numpy: bool) -> None:
    def multiply(data: Any, *, more: Any = ()) -> Any:
        assert isinstance(data["x"].array, np.ndarray) or not as_numpy
        product = data["x"].array * data["x"].factor
        return Scaled(product + more["y"][0] if more else product, data["x"].factor)

    def call(x: Any, **kwargs: Any) -> Any:
        data = {"x": Scaled(x, 3)}
        result = Scaled(Struct((2,), np.float32), 3)
        return lazy_apply(multiply, data, shape=result, as_numpy=as_numpy, **kwargs)

    x = jnp.asarray([1.0, 2.0])
    for function in (call, jax.jit(call), lambda x: call(torch.asarray(np.asarray(x)))):
        found = function(x)
        assert (found.factor, np.asarray(found.array).tolist()) == (3, [3, 6])
    # Containers among named arguments can be traced too.
    found = jax.jit(lambda x: call(x, more={"y": [x], "how": "add"}))(x)
    assert found.array.tolist() == [4, 8]
    with pytest.raises(ValueError, match="returned tuple instead of a Scaled"):
        lazy_apply(lambda x: (x, 1), x, shape=Scaled(Struct((2,), np.float32), 1))
    with pytest.raises(ValueError, match="shape= contains 3, which has no shape and dtype"):
        lazy_apply(lambda x: (x, 1), x, shape=[Struct((2,), np.float32), 3])


def test_results_can_be_objects_that_only_numpy_converts() -> None:
    class Result:
        shape, dtype = (2,), np.dtype(np.float32)

        def __array__(self) -> Any:
            return np.ones(2, np.float32)

    def call(x: Any) -> Any:
        return lazy_apply(lambda x: Result(), x)

    for function in (call, jax.jit(call)):
        assert function(jnp.zeros(2)).tolist() == [1, 1]
    assert call(torch.zeros(2)).tolist() == [1, 1]


def test_sharding_chooses_the_device_of_the_call() -> None:
    def call(x: Any, sharding: Any) -> Any:
        return lazy_apply(np.sin, x, as_numpy=True, sharding=sharding)

    device = SingleDeviceSharding(jax.devices()[0])
    for outer in (lambda f: f, jax.jit):
        found = outer(lambda x: call(x, device))(jnp.zeros(2))  # type: ignore[operator]
        assert value(found).tolist() == [0, 0]
    with pytest.raises(NotImplementedError, match="must be a jax"):
        jax.jit(lambda x: call(x, "cpu"))(jnp.zeros(2))


@pytest.mark.parametrize("outer", [lambda f: f, jax.jit, jax.vmap], ids=["eager", "jit", "vmap"])
def test_results_are_explicit_transfers(outer: Any) -> None:
    x = jnp.arange(3.0)
    with jax.transfer_guard("disallow"):
        found = outer(lambda x: lazy_apply(np.negative, x, as_numpy=True))(x)
    assert value(found).tolist() == [0, -1, -2]
