"""The JAX side: one jitted function for each description of the static arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from core.autojit.box import Box, boxed
from core.autojit.codec import Codec
from core.autojit.tokens import WeakById, kept

with jax.ensure_compile_time_eval():  # this module may be first needed inside `jax.jit`
    _Array = type(jnp.zeros(()))


def is_array(cls: type) -> bool:
    """Say whether `cls` is an array of JAX's, concrete or traced."""
    return issubclass(cls, (jax.Array, jax.core.Tracer))


INPUTS = Codec(_Array, is_array)
OUTPUTS = Codec(_Array, is_array, consume=True)


class JAXFunction:
    """A function under ``jax.jit``, with everything but arrays static."""

    def __init__(self, function: Callable[..., Any], name: str, maxsize: int) -> None:
        self.function = function
        self.name = name
        self.maxsize = maxsize
        self.lock = threading.Lock()
        self.entries: dict[tuple[Any, ...], Any] = {}
        self.arrays_only = self._jitted(function)
        self.call = self._caller()

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """Return what ``jax.jit(function).lower`` returns."""
        jitted, leaves = self._found(args, kwargs)
        return jitted.lower(*leaves)

    def clear_cache(self) -> None:
        """Forget every compiled version."""
        with self.lock:
            self.entries.clear()
        self.arrays_only.clear_cache()

    def _caller(self) -> Callable[..., Any]:
        """Return what is called: a closure, as looking up attributes takes time."""
        leaf, arrays_only, found = _Array, self.arrays_only, self._found

        def call(*args: Any, **kwargs: Any) -> Any:
            if not kwargs:
                for x in args:
                    if type(x) is not leaf:
                        break
                else:
                    result = arrays_only(*args)
                    return result.open() if type(result) is Box else result
            jitted, leaves = found(args, kwargs)
            result = jitted(*leaves)
            return result.open() if type(result) is Box else result

        return call

    def _found(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[Any]]:
        """Return the jitted function for these arguments, and the arrays that it takes."""
        leaves: list[Any] = []
        memo: dict[int, Any] = {}
        tokens: list[Any] = [len(args), tuple(kwargs)]
        INPUTS.write(args, leaves, tokens, memo)
        if kwargs:
            INPUTS.write(kwargs.values(), leaves, tokens, memo)
        key = tuple(tokens)
        return self.entries.get(key) or self._added(key), leaves

    def _added(self, key: tuple[Any, ...]) -> Any:
        """Return the jitted function for arguments that `key` describes, made if need be."""
        with self.lock:
            jitted = self.entries.get(key)
            if jitted is None:
                # A trace takes far longer than a look-up, so the oldest goes, used or not.
                for oldest in list(self.entries)[: len(self.entries) + 1 - self.maxsize]:
                    self.entries.pop(oldest, None)
                entries = self.entries  # not `self`: a dying object must not keep it alive

                def died(_: Any) -> None:
                    _forget_dead(entries)

                key = kept(key, died)
                jitted = self.entries[key] = self._jitted(self._around(key))
        return jitted

    def _around(self, tokens: tuple[Any, ...]) -> Callable[..., Any]:
        """Return the function of the arrays alone."""
        function = self.function

        def around(*arrays: Any) -> Any:
            stream, leaves, memo = iter(tokens), iter(arrays), list[Any]()
            count, names = next(stream), next(stream)
            args = [INPUTS.read(stream, leaves, memo) for _ in range(count)]
            kwargs = {name: INPUTS.read(stream, leaves, memo) for name in names}
            return function(*args, **kwargs)

        return around

    def _jitted(self, function: Callable[..., Any]) -> Any:
        def traced(*arrays: Any) -> Any:
            return boxed(function(*arrays), OUTPUTS)

        traced.__name__ = traced.__qualname__ = self.name
        return jax.jit(traced)


def _forget_dead(entries: dict[tuple[Any, ...], Any]) -> None:
    """Drop what can never be asked for again: its key has an object that is no more."""
    for key in list(entries):
        if any(type(token) is WeakById and token.reference() is None for token in key):
            entries.pop(key, None)
