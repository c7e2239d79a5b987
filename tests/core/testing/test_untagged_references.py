"""Ways to call tagged functions without their tag, as documented by array-api-extra."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from core.backends import Backend
from core.testing import lazy_xp_function, untransformed

lazy = ModuleType("lazy")
plain = ModuleType("plain")
lazy_xp_modules = [lazy]


def needs_value(x: Any) -> Any:
    return x if float(x[0]) > 0 else -x


class CallableObject:
    """A callable whose code cannot be replaced."""

    def __call__(self, x: Any) -> Any:
        return x if float(x[0]) > 0 else -x


needs_value_object = CallableObject()
for module in (lazy, plain):
    module.function = needs_value  # type: ignore[attr-defined]
    module.callable_object = needs_value_object  # type: ignore[attr-defined]

lazy_xp_function(needs_value)
lazy_xp_function(needs_value_object)


class Plain:
    """References to functions without their tag."""

    function = needs_value
    static = staticmethod(needs_value)
    callable_object = needs_value_object


class Tagged:
    """A class with a tagged method, which is no way around the tag."""

    def method(self, x: Any) -> Any:
        return x if float(x[0]) > 0 else -x


lazy_xp_function((Tagged, "method"))

TAGGED: dict[str, Callable[[], Callable[[Any], Any]]] = {
    "global": lambda: needs_value,
    "listed module": lambda: lazy.function,
    "object": lambda: needs_value_object,
    "object in listed module": lambda: lazy.callable_object,
    "method": lambda: Tagged().method,
}
UNTAGGED: dict[str, Callable[[], Callable[[Any], Any]]] = {
    "untransformed": lambda: untransformed(needs_value),
    "class": lambda: Plain.function,
    "static method": lambda: Plain.static,
    "object in class": lambda: Plain.callable_object,
    "other module": lambda: plain.function,
    "object in other module": lambda: plain.callable_object,
}


@pytest.mark.parametrize("name", TAGGED)
def test_other_references_are_lazy(xp: Any, xp_backend: Backend, name: str) -> None:
    x = xp.asarray([1.0])
    if xp_backend.name in ("jax", "dask"):
        with pytest.raises((TypeError, AssertionError), match=r"traced array|computes a graph"):
            TAGGED[name]()(x)
    else:
        assert TAGGED[name]()(x) is x


@pytest.mark.parametrize("name", UNTAGGED)
def test_functions_are_called_without_their_tag(xp: Any, name: str) -> None:
    x = xp.asarray([1.0])
    assert UNTAGGED[name]()(x) is x


def test_attributes_are_restored() -> None:
    assert vars(Plain)["static"].__func__ is needs_value
    assert Plain.function is plain.function is needs_value


def test_static_arguments_need_no_names() -> None:
    for name in ("static_argnums", "static_argnames"):
        with pytest.warns(DeprecationWarning, match=f"parameter {name} of lazy_xp_function"):
            lazy_xp_function(needs_value, **{name: []})
