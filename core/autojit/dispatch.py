"""Find the compiler for the arrays of a call, and call the version for its arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from core.autojit.arguments import NoType, array_flattener
from core.autojit.compiled import CompiledFunction, FastPath, Options
from core.autojit.compilers import COMPILERS, compiler_names, load_compiler, preferred_compiler
from core.autojit.keys import Key
from core.autojit.matching import NO_MATCH, InlineCache
from core.backends.registry import library_of


class Dispatcher:
    """A function, and its compiled functions for the libraries whose arrays it was called with.

    Parameters
    ----------
    function : callable
        What is compiled.
    options : Options
        How it is compiled.
    backend : str or None
        The compiler; None for that of the arrays in each call.
    """

    def __init__(self, function: Callable[..., Any], options: Options, backend: str | None) -> None:
        self.function = function
        self.options = options
        self.backend = backend
        self.compiled: dict[str, CompiledFunction] = {}
        self.lock = threading.Lock()
        self.flattener = array_flattener(scalars=options.dynamic_scalars)

    def caller(self) -> Callable[..., Any]:
        """Return what is called instead of the function."""
        if self.backend is None:
            return self._fast_caller(_NO_FAST_PATH)
        compiled = self.compiled_for(self.backend)
        path = compiled.fast_path(skip_foreign_arrays=False)
        return self._plain_caller(compiled) if path is None else self._fast_caller(path)

    def _fast_caller(self, path: FastPath) -> Callable[..., Any]:
        """Return a function that takes a fast path, if there is a version for the arguments.

        Without a backend, it takes the fast path of the first compiler that has one and that
        handles a call. It is a closure because variables are faster than attributes. Compilers
        return arrays, built-in containers and packed results, for which ``__class__`` is faster
        than ``type`` and cannot differ from it; arguments may be proxies.
        """
        leaf_type, call_arrays, flatten, versions, inline, call_dynamic, packed_type = path
        compilers_seen = 0

        def call(*args: Any, **kwargs: Any) -> Any:
            if not kwargs:
                for x in args:
                    if type(x) is not leaf_type:
                        break
                else:
                    if args:
                        result = call_arrays(*args)
                        return result.unpack() if result.__class__ is packed_type else result
            match_and_call = inline.call
            if match_and_call is not None:
                result = match_and_call(args, kwargs)
                if result is not NO_MATCH:
                    return result.unpack() if result.__class__ is packed_type else result
            if flatten is None:
                return call_first(args, kwargs)
            leaves: list[Any] = []
            memo: dict[int, Any] = {}
            entries: list[Any] = [len(args), tuple(kwargs)]
            flatten(args, leaves, entries, memo)
            if kwargs:
                flatten(kwargs.values(), leaves, entries, memo)
            key = tuple(entries)
            version = versions.get(key)
            if version is None:
                return call_missing(key, leaves, args, kwargs)
            if version is not inline.candidate:
                inline.candidate = version
                if match_and_call is not None:
                    inline.record_miss()
            elif version is not inline.current:
                inline.activate(key, version, versions)
            if call_dynamic is None:
                result = version(*leaves)
            else:
                result = call_dynamic(key, version, leaves, args, kwargs)
            return result.unpack() if result.__class__ is packed_type else result

        def call_first(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            nonlocal leaf_type, call_arrays, flatten, versions, inline, call_dynamic, packed_type
            nonlocal compilers_seen
            try:
                return self._call_by_arrays(args, kwargs)
            finally:
                if len(self.compiled) != compilers_seen:
                    compilers_seen = len(self.compiled)
                    path = self._find_fast_path()
                    if path is not None:
                        _, call_arrays, _, versions, inline, call_dynamic, packed_type = path
                        # Last, as other threads may be in `call`, which tests these first.
                        flatten, leaf_type = path.flatten, path.leaf_type

        def call_missing(
            key: Key, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            if self.backend is not None:
                return self.compiled[self.backend].call(key, leaves, args, kwargs)
            return self._call_by_arrays(args, kwargs)

        return call

    def _plain_caller(self, compiled: CompiledFunction) -> Callable[..., Any]:
        """Return a function that calls a compiled function without a fast path."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if compiled.is_traced():
                return self.function(*args, **kwargs)
            key, leaves = compiled.flattener.flatten_arguments(args, kwargs)
            return compiled.call(key, leaves, args, kwargs)

        return call

    def _find_fast_path(self) -> FastPath | None:
        for compiled in list(self.compiled.values()):
            path = compiled.fast_path(skip_foreign_arrays=True)
            if path is not None:
                return path
        return None

    def _call_by_arrays(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the compiled function for the arrays among the arguments, or the function itself."""
        key, leaves = self.flattener.flatten_arguments(args, kwargs)
        libraries = tuple([library_of(type(x)) for x in leaves])
        library = preferred_compiler(libraries)
        if not library or COMPILERS[library].is_traced():
            return self.function(*args, **kwargs)
        compiled = self.compiled_for(library)
        if not {*libraries} <= {library, ""}:  # arrays of other libraries are static
            key, leaves = compiled.flattener.flatten_arguments(args, kwargs)
        return compiled.call(key, leaves, args, kwargs)

    def compiled_for(self, name: str) -> CompiledFunction:
        """Return the function compiled by the compiler called `name`."""
        with self.lock:
            if name not in self.compiled:
                self.compiled[name] = load_compiler(name)(self.function, self.options)
            return self.compiled[name]

    def clear_cache(self) -> None:
        """Delete all compiled versions."""
        for compiled in list(self.compiled.values()):
            compiled.clear_cache()

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """Return an inspectable form of the version for these arguments; see `autojit`.

        Raises
        ------
        TypeError
            There is no array whose compiler has such a form.
        """
        name = self.backend
        if name is None:
            _, leaves = self.flattener.flatten_arguments(args, kwargs)
            name = preferred_compiler(tuple([library_of(type(x)) for x in leaves]))
        if not name:
            compilers = ", ".join(compiler_names()[:-1])
            raise TypeError(f"{self.options.name}.lower needs an array of one of: {compilers}")
        if not load_compiler(name).can_lower:
            raise TypeError(f"{self.options.name}.lower is not available for {name}")
        return self.compiled_for(name).lower(*args, **kwargs)


_NO_FAST_PATH = FastPath(
    leaf_type=NoType,
    call_arrays=None,
    flatten=None,
    versions={},
    inline=InlineCache(lambda key, version: None),
    call_dynamic=None,
    packed_type=NoType,
)
"""The fast path before the first call that a compiler handles."""
