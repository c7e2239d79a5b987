"""Tagged functions are compiled, and kept from computing graphs, by whatever name a test has them.

The tests are such tests themselves: they use ``xp``, and functions that ask for values.
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
from core.testing.declared import Capabilities, Table
from core.testing.references import StandIn
from tests.core.testing import samples
from tests.core.testing.samples import asks

lazy_xp_function(asks)
lazy_xp_function(samples.asks_ufunc)
lazy_xp_function(samples.AsksObject.instance)
lazy_xp_function(samples.computes_twice, allow_dask_compute=2, jax_jit=False)
lazy_xp_function(samples.computes_thrice, allow_dask_compute=2, jax_jit=False)
lazy_xp_function(samples.computes_at_will, allow_dask_compute=True, jax_jit=False)
lazy_xp_function(samples.outer)
lazy_xp_function(samples.inner)
lazy_xp_function(samples.stays_lazy)
lazy_xp_function(samples.window)
lazy_xp_function(samples.breaks_graph, jax_jit=False, torch_compile=True)
lazy_xp_function(samples.fails_late)
lazy_xp_function((samples.Data, "asks"))
lazy_xp_function((samples.Data, "made"))
lazy_xp_function((samples.Data, "asks_of"))
lazy_xp_function((samples.Child, "inherited"))

LIST = [asks]
TUPLE = (asks, 1)
DICT = {"asks": asks}
KEYS = {asks: "asks"}
PARTIAL = functools.partial(asks)


class Case(NamedTuple):
    function: Callable[..., Any]


@dataclass(frozen=True)
class Frozen:
    function: Callable[..., Any]


class Naked:
    function = staticmethod(asks)


def through_default(x: Any, function: Callable[..., Any] = asks) -> Any:
    return function(x)


def refused(backend: Backend, *, jit: bool = True) -> AbstractContextManager[Any]:
    """Expect what a function that asks for values gets: an error on JAX and on Dask."""
    if backend.name == "jax" and jit:
        return pytest.raises(jax.errors.JAXTypeError)
    if backend.name == "dask":
        return pytest.raises(AssertionError, match="computes a graph, and none may be computed")
    return nullcontext()


def only(*backends: str) -> pytest.MarkDecorator:
    """Skip a test on other backends, which have nothing to show there."""
    return pytest.mark.skip_xp_backends(
        condition=f"backend not in {backends}", reason=f"is about {' and '.join(backends)}"
    )


HELD: dict[str, Callable[[], Callable[[Any], Any]]] = {
    "global": lambda: asks,
    "module": lambda: samples.asks,
    "list": lambda: LIST[0],
    "tuple": lambda: TUPLE[0],
    "dict": lambda: DICT["asks"],
    "keys": lambda: next(iter(KEYS)),
    "partial": lambda: PARTIAL,
    "class": lambda: Naked.function,
    "default": lambda: through_default,
    "object": lambda: Frozen(asks).function,
    "namespace": lambda: SimpleNamespace(asks=asks).asks,
    "map": lambda: lambda x: list(map(asks, [x])),
    "local import": lambda: samples.imports_asks,
}


@pytest.mark.parametrize("name", HELD)
def test_it_does_not_matter_where_the_function_is_held(
    xp: Any, xp_backend: Backend, name: str
) -> None:
    with refused(xp_backend):
        HELD[name]()(xp.asarray([1.0]))


@pytest.mark.parametrize(
    "held",
    [
        asks,
        samples.AsksObject.instance,
        Case(asks),
        Case(samples.AsksObject.instance),
        [samples.AsksObject.instance],
        {"function": samples.AsksObject.instance},
        {samples.AsksObject.instance},
        frozenset([samples.AsksObject.instance]),
        {samples.AsksObject.instance: 1},
        functools.partial(samples.AsksObject.instance),
        Frozen(samples.AsksObject.instance),
        lambda x, function=samples.AsksObject.instance: function(x),
        pytest.param(samples.AsksObject.instance, marks=pytest.mark.array_api_backends),
    ],
    ids=lambda held: type(held).__name__,
)
def test_parametrize_captures_no_function_as_written(
    xp: Any, xp_backend: Backend, held: Any
) -> None:
    function = held
    if isinstance(held, Frozen):
        function = held.function
    elif not callable(held):
        function = next(iter(held.values() if "function" in held else held))
    with refused(xp_backend):
        function(xp.asarray([1.0]))


@pytest.fixture
def from_fixture() -> Any:
    """Return a container that is made anew for each test."""
    return [(samples.AsksObject.instance,)]


def test_fixtures_capture_no_function_as_written(
    xp: Any, xp_backend: Backend, from_fixture: Any
) -> None:
    with refused(xp_backend):
        from_fixture[0][0](xp.asarray([1.0]))


def test_other_callables_are_replaced_in_their_modules(xp: Any, xp_backend: Backend) -> None:
    from tests.core.testing.samples import asks_object

    with refused(xp_backend):
        asks_object(xp.asarray([1.0]))
    with refused(xp_backend):
        samples.asks_object(xp.asarray([1.0]))


@only("jax")
def test_a_ufunc_is_compiled_and_stays_one(xp: Any, xp_backend: Backend) -> None:
    with refused(xp_backend):
        samples.asks_ufunc(xp.asarray([1.0]))
    assert samples.asks_ufunc.nin == 1
    assert isinstance(samples.asks_ufunc.__wrapped__, np.ufunc)


def test_methods_are_tagged_by_class_and_name(xp: Any, xp_backend: Backend) -> None:
    data = samples.Data(xp.asarray([1.0]))
    with refused(xp_backend):
        data.asks()
    with refused(xp_backend):
        samples.Data.made(xp.asarray([1.0]))
    with refused(xp_backend):
        samples.Data.asks_of(xp.asarray([1.0]))
    bound = data.asks
    with refused(xp_backend):
        bound()


def test_an_inherited_method_is_tagged_for_one_class_alone(xp: Any, xp_backend: Backend) -> None:
    samples.Data(xp.asarray([1.0])).inherited()
    with refused(xp_backend):
        samples.Child(xp.asarray([1.0])).inherited()


def test_a_function_that_stays_lazy_gives_what_it_does_otherwise(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0])
    found = samples.stays_lazy({"x": x}, "twice")
    assert_equal(found["x"], xp.asarray([2.0, 4.0]))
    assert found["how"] == "twice"


@only("jax", "dask")
def test_a_function_without_array_arguments_is_compiled_too(xp: Any, xp_backend: Backend) -> None:
    with refused(xp_backend):
        samples.window(3, xp=xp)


def test_calls_with_arrays_of_other_libraries_alone_are_left_alone(xp: Any) -> None:
    given = np.asarray([1.0])
    assert asks(given) is given


def test_only_the_outermost_of_tagged_functions_is_transformed(
    xp: Any, xp_backend: Backend
) -> None:
    x = xp.asarray([1.0])
    samples.seen.clear()
    samples.outer(x)
    if xp_backend.name == "jax":
        assert [isinstance(one, jax.core.Tracer) for one in samples.seen] == [True, True]
        assert samples.seen[0] is samples.seen[1]
    else:
        assert samples.seen == [x, x] if xp_backend.name == "numpy" else len(samples.seen) == 2


def test_graphs_may_be_computed_as_often_as_is_allowed(xp: Any, xp_backend: Backend) -> None:
    x = xp.asarray([1.0])
    for _ in range(2):
        samples.computes_twice(x)
    samples.computes_at_will(x)
    if xp_backend.name == "dask":
        with pytest.raises(AssertionError, match="at most 2 may be computed in a call"):
            samples.computes_thrice(x)


@only("dask")
def test_errors_in_a_graph_come_when_the_call_returns(xp: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        samples.fails_late(xp.asarray([1.0]))


@only("torch")
def test_torch_compile_must_make_one_graph(xp: Any) -> None:
    with pytest.raises(torch._dynamo.exc.TorchDynamoException):
        samples.breaks_graph(xp.asarray([1.0]))


def test_nothing_is_compiled_without_xp() -> None:
    import jax.numpy as jnp

    asks(jnp.asarray([1.0]))
    samples.asks_object(jnp.asarray([1.0]))
    samples.Child(jnp.asarray([1.0])).inherited()
    assert "inherited" not in vars(samples.Child)
    assert type(samples.asks_object) is samples.AsksObject
    assert not any(isinstance(value, StandIn) for value in vars(samples).values())
    assert asks.__code__.co_varnames == ("x",)
    assert "__signature__" not in vars(asks)


def test_a_function_shows_itself_as_it_is(xp: Any) -> None:
    assert str(inspect.signature(asks)) == "(x: 'Any') -> 'Any'"
    assert asks.__name__ == "asks"
    assert "bool(array_api_compat" in inspect.getsource(asks)


@pytest.mark.parametrize(
    "tagged", [make_param(f, capabilities_table=Table({f: Capabilities()})) for f in [asks]]
)
def test_functions_of_make_param_are_tagged(xp: Any, xp_backend: Backend, tagged: Any) -> None:
    with refused(xp_backend):
        tagged(xp.asarray([1.0]))


@pytest.mark.parametrize(
    ("func", "message"),
    [
        (samples.Data, r"tag methods of Data, such as \(Data, 'method'\)"),
        ((samples.Data, "absent"), "Data has no method 'absent'"),
        ("asks", "lazy_xp_function takes a callable, not 'asks'"),
    ],
)
def test_what_cannot_be_tagged_is_refused(func: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        lazy_xp_function(func)


def test_namespaces_go_through_array_api_compat(xp: Any) -> None:
    assert array_api_compat.array_namespace(xp.asarray([1.0])) is xp
