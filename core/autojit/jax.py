"""The JAX side: one jitted function of the arrays for each description of the rest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from core.autojit.box import Box, boxed
from core.autojit.cache import Key
from core.autojit.codec import Codec
from core.autojit.compiled import Compiled, Options, Quick, described
from core.autojit.scalars import Pinned, every, needed
from core.autojit.tokens import SCALAR
from core.backends.registry import library_of

with jax.ensure_compile_time_eval():  # this module may be first needed inside `jax.jit`
    ARRAY = type(jnp.zeros(()))


def _is_array(cls: type) -> bool:
    return issubclass(cls, (jax.Array, jax.core.Tracer))


def _is_foreign(cls: type) -> bool:
    return library_of(cls) not in ("jax", "")


_OUTPUTS = Codec(ARRAY, _is_array, consume=True)


class JAXFunction(Compiled):
    """A function under ``jax.jit``, with everything but arrays static."""

    def __init__(self, function: Callable[..., Any], options: Options) -> None:
        codec = Codec(ARRAY, _is_array, scalars=options.dynamic_scalars)
        super().__init__(function, options, codec, "an array of JAX")
        self.arrays_only = self._jitted(function)

    def quick(self, *, foreign: bool) -> Quick:
        """Return what a call needs where a version is there.

        With `foreign`, the contents of other libraries' arrays, which may be many and large, are
        not looked at: a call without JAX arrays is no call for us.
        """
        codec = self.codec
        if foreign:
            codec = Codec(ARRAY, _is_array, scalars=codec.scalars, is_foreign=_is_foreign)
        dynamic = self._dynamic if self.options.dynamic_scalars else None
        return Quick(ARRAY, Box, self.arrays_only, codec.write, self.cache.entries, dynamic)

    def run(
        self, key: Key, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call the version for arguments that were taken apart already."""
        if args and not kwargs and all(type(x) is ARRAY for x in args):
            result = self.arrays_only(*args)  # as the quickest way does, which is not there yet
            return result.open() if type(result) is Box else result
        version = self.version(key, args, kwargs)
        dynamic = self.options.dynamic_scalars
        result = self._dynamic(key, version, leaves, args, kwargs) if dynamic else version(*leaves)
        return result.open() if type(result) is Box else result

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """Return what ``jax.jit(function).lower`` returns."""
        key, leaves = described(self.codec, args, kwargs)
        version = self.version(key, args, kwargs)
        if type(version) is Pinned:
            key, leaves = version.static(key, leaves, self.codec)
            version = self.cache.add(key, self.make)
        return version.lower(*leaves)

    def clear_cache(self) -> None:
        """Forget every compiled version."""
        super().clear_cache()
        self.arrays_only.clear_cache()

    def make(self, key: Key) -> Any:
        """Return the jitted function of the leaves alone."""
        function, read = self.function, self.codec.read

        def around(*given: Any) -> Any:
            stream, leaves, memo = iter(key), iter(given), list[Any]()
            count, names = next(stream), next(stream)
            args = [read(stream, leaves, memo) for _ in range(count)]
            kwargs = {name: read(stream, leaves, memo) for name in names}
            return function(*args, **kwargs)

        return self._jitted(around)

    def _jitted(self, function: Callable[..., Any]) -> Any:
        def traced(*leaves: Any) -> Any:
            return boxed(function(*leaves), _OUTPUTS)

        traced.__name__ = traced.__qualname__ = self.options.name
        return jax.jit(traced)

    def _dynamic(
        self,
        key: Key,
        version: Any,
        leaves: list[Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call with numbers traced; those whose values the function needs become static."""
        codec = self.codec
        if type(version) is not Pinned:
            try:
                return version(*leaves)
            except Exception:
                if SCALAR not in key:
                    raise
                pinned = needed(key, lambda one: self._works(*one.static(key, leaves, codec)))
                if pinned is None:  # not for want of values: show the error as it is without us
                    static, left = every(key).static(key, leaves, codec)
                    return self.make(static)(*left)
                self.cache.replace(key, pinned)
                version = pinned
        choice: Pinned = version
        static, left = choice.static(key, leaves, codec)
        origin = partial(choice.origin, key=key, leaves=leaves, codec=codec)
        return self.version(static, args, kwargs, origin)(*left)

    def _works(self, key: Key, leaves: list[Any]) -> bool:
        """Say whether the function can be traced with the static arguments that `key` has."""
        try:
            jax.eval_shape(self.make(key), *leaves)
        except Exception:
            return False
        return True
