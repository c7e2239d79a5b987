"""Tests of `lazy_xp_function`: tagged functions are compiled and must not compute graphs.

The tests use ``xp`` and tagged functions themselves.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import array_api_compat
import jax
import numpy as np
import pytest
import torch

from core.backends import Backend
from core.testing import assert_equal, lazy_xp_function, make_param
from core.testing.declarations import Capabilities, Table
from core.testing.reference_search import Wrapper
from tests.core.testing import lazy_samples
from tests.core.testing.lazy_samples import needs_values

lazy_xp_function(needs_values)
lazy_xp_function(lazy_samples.ufunc_needing_values)
lazy_xp_function(lazy_samples.CallableObject.instance)
lazy_xp_function(lazy_samples.computes_twice, allow_dask_compute=2, jax_jit=False)
lazy_xp_function(lazy_samples.computes_three_times, allow_dask_compute=2, jax_jit=False)
lazy_xp_function(lazy_samples.computes_five_times, allow_dask_compute=True, jax_jit=False)
lazy_xp_function(lazy_samples.outer)
lazy_xp_function(lazy_samples.inner)
lazy_xp_function(lazy_samples.stays_lazy)
lazy_xp_function(lazy_samples.window)
lazy_xp_function(lazy_samples.needs_values_in_torch, jax_jit=False, torch_compile=True)
lazy_xp_function(lazy_samples.fails_late)
lazy_xp_function((lazy_samples.Data, "needs_values"))
lazy_xp_function((lazy_samples.Data, "from_values"))
lazy_xp_function((lazy_samples.Data, "static_needs_values"))
lazy_xp_function((lazy_samples.Child, "inherited"))

LIST = [needs_values]
TUPLE = (needs_values, 1)
DICT = {"needs_values": needs_values}
KEYS = {needs_values: "needs_values"}
PARTIAL = functools.partial(needs_values)


class Case(NamedTuple):
    function: Callable[..., Any]


@dataclass(frozen=True)
class Frozen:
    function: Callable[..., Any]


def through_default(x: Any, function: Callable[..., Any] = needs_values) -> Any:
    return function(x)


def refused(backend: Backend, *, jit: bool = True) -> AbstractContextManager[Any]:
    """Expect the error that a tagged function that needs values raises on JAX and on Dask."""
    if backend.name == "jax" and jit:
        return pytest.raises(jax.errors.JAXTypeError)
    if backend.name == "dask":
        return pytest.raises(AssertionError, match=r"computes a graph: .* no calls are allowed")
    return nullcontext()


def only(*backends: str) -> pytest.MarkDecorator:
    """Skip a test on other backends."""
    return pytest.mark.skip_xp_backends(
        condition=f"backend not in {backends}", reason=f"tests {' and '.join(backends)} only"
    )


REFERENCES: dict[str, Callable[[], Callable[[Any], Any]]] = {
    "global": lambda: needs_values,
    "module": lambda: lazy_samples.needs_values,
    "list": lambda: LIST[0],
    "tuple": lambda: TUPLE[0],
    "dict": lambda: DICT["needs_values"],
    "keys": lambda: next(iter(KEYS)),
    "partial": lambda: PARTIAL,
    "default": lambda: through_default,
    "object": lambda: Frozen(needs_values).function,
    "namespace": lambda: SimpleNamespace(needs_values=needs_values).needs_values,
    "map": lambda: lambda x: list(map(needs_values, [x])),
    "local import": lambda: lazy_samples.imports_needs_values,
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_function_is_transformed_through_any_reference(
    xp: Any, xp_backend: Backend, name: str
) -> None:
    with refused(xp_backend):
        REFERENCES[name]()(xp.asarray([1.0]))


@pytest.mark.parametrize(
    "value",
    [
        needs_values,
        lazy_samples.CallableObject.instance,
        Case(needs_values),
        Case(lazy_samples.CallableObject.instance),
        [lazy_samples.CallableObject.instance],
        {"function": lazy_samples.CallableObject.instance},
        {lazy_samples.CallableObject.instance},
        frozenset([lazy_samples.CallableObject.instance]),
        {lazy_samples.CallableObject.instance: 1},
        functools.partial(lazy_samples.CallableObject.instance),
        Frozen(lazy_samples.CallableObject.instance),
        lambda x, function=lazy_samples.CallableObject.instance: function(x),
        pytest.param(lazy_samples.CallableObject.instance, marks=pytest.mark.array_api_backends),
    ],
    ids=lambda value: type(value).__name__,
)
def test_references_in_parameters_are_replaced(xp: Any, xp_backend: Backend, value: Any) -> None:
    function = value
    if isinstance(value, Frozen):
        function = value.function
    elif not callable(value):
        function = next(iter(value.values() if "function" in value else value))
    with refused(xp_backend):
        function(xp.asarray([1.0]))


@pytest.fixture
def from_fixture() -> Any:
    """Return a container that is created for each test."""
    return [(lazy_samples.CallableObject.instance,)]


def test_references_in_fixtures_are_replaced(
    xp: Any, xp_backend: Backend, from_fixture: Any
) -> None:
    with refused(xp_backend):
        from_fixture[0][0](xp.asarray([1.0]))


def test_references_in_modules_are_replaced(xp: Any, xp_backend: Backend) -> None:
    from tests.core.testing.lazy_samples import object_needing_values

    with refused(xp_backend):
        object_needing_values(xp.asarray([1.0]))
    with refused(xp_backend):
        lazy_samples.object_needing_values(xp.asarray([1.0]))


@only("jax")
def test_a_compiled_ufunc_keeps_its_attributes(xp: Any, xp_backend: Backend) -> None:
    with refused(xp_backend):
        lazy_samples.ufunc_needing_values(xp.asarray([1.0]))
    assert lazy_samples.ufunc_needing_values.nin == 1
    assert isinstance(lazy_samples.ufunc_needing_values.__wrapped__, np.ufunc)


def test_methods_are_transformed_through_objects_classes_and_bound_methods(
    xp: Any, xp_backend: Backend
) -> None:
    data = lazy_samples.Data(xp.asarray([1.0]))
    with refused(xp_backend):
        data.needs_values()
    with refused(xp_backend):
        lazy_samples.Data.from_values(xp.asarray([1.0]))
    with refused(xp_backend):
        lazy_samples.Data.static_needs_values(xp.asarray([1.0]))
    bound = data.needs_values
    with refused(xp_backend):
        bound()


def test_an_inherited_method_is_transformed_in_the_tagged_class_only(
    xp: Any, xp_backend: Backend
) -> None:
    lazy_samples.Data(xp.asarray([1.0])).inherited()
    with refused(xp_backend):
        lazy_samples.Child(xp.asarray([1.0])).inherited()


def test_a_function_that_needs_no_values_returns_the_same_as_without_a_tag(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0])
    found = lazy_samples.stays_lazy({"x": x}, "twice")
    assert_equal(found["x"], xp.asarray([2.0, 4.0]))
    assert found["how"] == "twice"


@only("jax", "dask")
def test_a_function_without_array_arguments_is_compiled(xp: Any, xp_backend: Backend) -> None:
    with refused(xp_backend):
        lazy_samples.window(3, xp=xp)


def test_calls_with_arrays_of_other_libraries_only_are_not_transformed(xp: Any) -> None:
    x = np.asarray([1.0])
    assert needs_values(x) is x


def test_only_the_outermost_call_is_transformed(xp: Any, xp_backend: Backend) -> None:
    x = xp.asarray([1.0])
    lazy_samples.calls.clear()
    lazy_samples.outer(x)
    if xp_backend.name == "jax":
        assert [isinstance(x, jax.core.Tracer) for x in lazy_samples.calls] == [True, True]
        assert lazy_samples.calls[0] is lazy_samples.calls[1]
    else:
        assert (
            lazy_samples.calls == [x, x]
            if xp_backend.name == "numpy"
            else len(lazy_samples.calls) == 2
        )


def test_as_many_graphs_may_be_computed_as_the_tag_allows(xp: Any, xp_backend: Backend) -> None:
    x = xp.asarray([1.0])
    for _ in range(2):
        lazy_samples.computes_twice(x)
    lazy_samples.computes_five_times(x)
    if xp_backend.name == "dask":
        with pytest.raises(AssertionError, match="3 times, but only up to 2 calls"):
            lazy_samples.computes_three_times(x)


@only("dask")
def test_errors_in_a_graph_are_raised_when_the_call_returns(xp: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        lazy_samples.fails_late(xp.asarray([1.0]))


@only("torch")
def test_torch_compile_must_produce_one_graph(xp: Any) -> None:
    with pytest.raises(torch._dynamo.exc.TorchDynamoException):
        lazy_samples.needs_values_in_torch(xp.asarray([1.0]))


def test_functions_are_not_transformed_in_tests_without_xp() -> None:
    import jax.numpy as jnp

    needs_values(jnp.asarray([1.0]))
    lazy_samples.object_needing_values(jnp.asarray([1.0]))
    lazy_samples.Child(jnp.asarray([1.0])).inherited()
    assert "inherited" not in vars(lazy_samples.Child)
    assert type(lazy_samples.object_needing_values) is lazy_samples.CallableObject
    assert not any(isinstance(value, Wrapper) for value in vars(lazy_samples).values())
    assert needs_values.__code__.co_varnames == ("x",)
    assert "__signature__" not in vars(needs_values)


def test_a_transformed_function_keeps_its_signature_name_and_source(xp: Any) -> None:
    assert str(inspect.signature(needs_values)) == "(x: 'Any') -> 'Any'"
    assert needs_values.__name__ == "needs_values"
    assert "bool(array_api_compat" in inspect.getsource(needs_values)


@pytest.mark.parametrize(
    "tagged", [make_param(f, capabilities_table=Table({f: Capabilities()})) for f in [needs_values]]
)
def test_make_param_tags_the_function(xp: Any, xp_backend: Backend, tagged: Any) -> None:
    with refused(xp_backend):
        tagged(xp.asarray([1.0]))


@pytest.mark.parametrize(
    ("func", "message"),
    [
        (lazy_samples.Data, r"tag methods of Data, such as \(Data, 'method'\)"),
        ((lazy_samples.Data, "absent"), "Data has no method 'absent'"),
        ("needs_values", "lazy_xp_function expects a callable, got 'needs_values'"),
    ],
)
def test_other_objects_cannot_be_tagged(func: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        lazy_xp_function(func)


def test_xp_is_the_namespace_of_array_api_compat(xp: Any) -> None:
    assert array_api_compat.array_namespace(xp.asarray([1.0])) is xp
