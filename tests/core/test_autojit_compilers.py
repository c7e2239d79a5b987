"""Compilers that adapters of array libraries bring."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from core import autojit
from core.autojit import compilers
from core.autojit.compiled import CompiledFunction
from core.autojit.flattening import Flattener
from core.autojit.keys import Key
from core.backends import registry
from core.backends.numpy import NumPyBackend


class Array:
    """An array of a library that is not built in."""

    def __array_namespace__(self) -> Any:
        return sys.modules[__name__]


class OtherFunction(CompiledFunction):
    """A compiler that returns the key and the leaves of each call."""

    traced_value = "an array of the other library"

    @classmethod
    def create_flattener(cls, *, scalars: bool) -> Flattener:
        return Flattener(Array, lambda cls: cls is Array, scalars=scalars)

    def compile_version(self, key: Key) -> Any:
        return lambda leaves: (key, leaves)

    def call(self, key: Key, leaves: list[Any], args: Any, kwargs: Any) -> Any:
        return self.version(key, args, kwargs)(leaves)


class OtherBackend(NumPyBackend):
    name = "other"
    title = "Other"
    module = __name__
    array_types = (f"{__name__}:Array",)
    compiler: Any = f"{__name__}:OtherFunction"
    compiler_priority = 30


@pytest.fixture
def other_backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the entry points of an installed package name the adapter."""
    entry = importlib.metadata.EntryPoint("other", f"{__name__}:OtherBackend", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **_: [entry])
    registry.clear_caches()
    yield
    monkeypatch.undo()
    registry.clear_caches()
    compilers.COMPILERS.pop("other", None)


@pytest.mark.usefixtures("other_backend")
def test_an_adapter_of_another_package_brings_a_compiler() -> None:
    call = autojit(lambda x, k: x)
    x = Array()
    key, leaves = call(x, 2)
    assert leaves == [x]
    assert key[-2:] == (int, 2)
    assert call(np.ones(2), 2).tolist() == [1, 1]
    assert autojit(lambda x: x, backend="other")(3)[1] == []
    with pytest.raises(TypeError, match="lower is not available for other"):
        call.lower(x, 2)


@pytest.mark.usefixtures("other_backend")
def test_the_compiler_with_the_highest_priority_compiles() -> None:
    x, y = Array(), jnp.ones(2)
    assert autojit(lambda x, y: x)(y, x)[1] == [x]
    assert compilers.compiler_names() == ["other", "jax", "torch", "lazy"]
    with pytest.raises(ValueError, match="'other', 'jax', 'torch', 'lazy' or None"):
        autojit(lambda x: x, backend="numpy")


@pytest.mark.usefixtures("other_backend")
def test_a_compiler_that_is_not_one_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OtherBackend, "compiler", "builtins:dict")
    with pytest.raises(TypeError, match="builtins:dict is not a subclass of CompiledFunction"):
        autojit(lambda x: x)(Array())


@pytest.mark.usefixtures("other_backend")
def test_a_compiled_function_without_a_fast_path_leaves_that_of_jax() -> None:
    call = autojit(lambda x, k: x * k if isinstance(k, int) else x)
    for _ in range(4):
        assert call(Array(), 2)[0][-1] == 2
        assert float(call(jnp.ones(()), 2)) == 2
