"""The compiler for JAX: one function under ``jax.jit`` for each key of arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from core._private.jax import ARRAY_TYPE, is_array_type
from core.autojit.compiled import CompiledFunction, FastPath, Options
from core.autojit.flattening import Flattener
from core.autojit.keys import SCALAR_LEAF, Key
from core.autojit.matching import MatchAndCall, compile_matcher
from core.autojit.packed_result import PackedResult, pack
from core.autojit.static_scalars import StaticScalars, all_scalars, find_static_scalars
from core.autojit.type_codec import Leaves
from core.backends.registry import library_of


def _is_foreign_type(cls: type) -> bool:
    return library_of(cls) not in ("jax", "")


_RESULTS = Flattener(ARRAY_TYPE, is_array_type, consume=True)


class JAXFunction(CompiledFunction):
    """A function under ``jax.jit``, with everything but arrays static."""

    traced_value = "a JAX array"
    can_lower = True

    def __init__(self, function: Callable[..., Any], options: Options) -> None:
        super().__init__(function, options)
        self.call_arrays = self._jit(function)

    @classmethod
    def create_flattener(cls, *, scalars: bool) -> Flattener:
        """Return what flattens the arguments of calls."""
        return Flattener(ARRAY_TYPE, is_array_type, scalars=scalars)

    def fast_path(self, *, skip_foreign_arrays: bool) -> FastPath:
        """Return what the dispatcher needs to call existing versions itself."""
        flattener = self.flattener
        if skip_foreign_arrays:
            flattener = Flattener(
                ARRAY_TYPE,
                is_array_type,
                scalars=flattener.scalars,
                is_foreign_type=_is_foreign_type,
            )
        return FastPath(
            leaf_type=ARRAY_TYPE,
            call_arrays=self.call_arrays,
            flatten=flattener.flatten,
            versions=self.cache.versions,
            inline=self.inline,
            call_dynamic=self._call_dynamic if self.options.dynamic_scalars else None,
            packed_type=PackedResult,
        )

    def compile_matcher(self, key: Key, version: Any) -> MatchAndCall | None:
        """Return a function that calls `version` if arguments have its key, if there can be one."""
        if type(version) is StaticScalars:
            return None
        on_error = self.inline.reset if self.options.dynamic_scalars else None
        return compile_matcher(key, ARRAY_TYPE, version, on_error)

    def call(self, key: Key, leaves: Leaves, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the version for arguments whose key and leaves are known."""
        result: Any
        if args and not kwargs and all(type(x) is ARRAY_TYPE for x in args):
            result = self.call_arrays(*args)  # as on the fast path
        else:
            version = self.version(key, args, kwargs)
            if self.options.dynamic_scalars:
                result = self._call_dynamic(key, version, leaves, args, kwargs)
            else:
                result = version(*leaves)
        return result.unpack() if type(result) is PackedResult else result

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result of ``jax.jit(function).lower``."""
        key, leaves = self.flattener.flatten_arguments(args, kwargs)
        version = self.version(key, args, kwargs)
        if type(version) is StaticScalars:
            key, leaves = version.make_static(key, leaves, self.flattener)
            version = self.cache.get_or_create(key, self.compile_version)
        return version.lower(*leaves)

    def clear_cache(self) -> None:
        """Delete all compiled versions."""
        super().clear_cache()
        self.call_arrays.clear_cache()

    def compile_version(self, key: Key) -> Any:
        """Return the jitted function of the leaves alone."""
        function, flattener = self.function, self.flattener

        def call_with_leaves(*leaves: Any) -> Any:
            args, kwargs = flattener.unflatten_arguments(key, leaves)
            return function(*args, **kwargs)

        return self._jit(call_with_leaves)

    def _jit(self, function: Callable[..., Any]) -> Any:
        def traced(*leaves: Any) -> Any:
            return pack(function(*leaves), _RESULTS)

        traced.__name__ = traced.__qualname__ = self.options.name
        return jax.jit(traced)

    def _call_dynamic(
        self,
        key: Key,
        version: Any,
        leaves: Leaves,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call with numbers traced; those whose values the function needs become static."""
        flattener = self.flattener
        if type(version) is not StaticScalars:
            try:
                return version(*leaves)
            except Exception:
                if SCALAR_LEAF not in key:
                    raise
                scalars = find_static_scalars(
                    key, lambda choice: self._can_trace(*choice.make_static(key, leaves, flattener))
                )
                if scalars is None:  # the values are not the cause: raise the function's own error
                    static, remaining = all_scalars(key).make_static(key, leaves, flattener)
                    return self.compile_version(static)(*remaining)
                self.cache.replace(key, scalars)
                version = scalars
        chosen: StaticScalars = version
        static, remaining = chosen.make_static(key, leaves, flattener)
        original_index = partial(chosen.original_index, key=key, leaves=leaves, flattener=flattener)
        return self.version(static, args, kwargs, original_index)(*remaining)

    def _can_trace(self, key: Key, leaves: Leaves) -> bool:
        """Return whether the function can be traced with the static arguments in `key`."""
        try:
            jax.eval_shape(self.compile_version(key), *leaves)
        except Exception:
            return False
        return True
