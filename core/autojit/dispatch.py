"""Finds the library that the arguments of a call belong to, and the compiled function for it."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable
from typing import Any

from core.autojit.cache import Key
from core.autojit.codec import Codec
from core.autojit.compiled import Options, Quick, described
from core.backends.registry import library_of

COMPILERS = {"jax": "JAXFunction", "torch": "TorchFunction", "lazy": "LazyFunction"}
"""What compiles, and our class for each: libraries in order of precedence, and `core.lazy`."""


class _Nothing:
    """A type that nothing has."""


_NOTHING_YET = Quick(_Nothing, _Nothing, None, None, {}, None)


class Dispatcher:
    """A function, and its compiled versions for each library whose arrays it was given."""

    def __init__(self, function: Callable[..., Any], options: Options, backend: str | None) -> None:
        self.function = function
        self.options = options
        self.backend = backend
        self.compiled: dict[str, Any] = {}
        self.lock = threading.Lock()
        self.codec = Codec(
            _Nothing, lambda cls: library_of(cls) != "", scalars=options.dynamic_scalars
        )

    def caller(self) -> Callable[..., Any]:
        """Return what is called instead of the function: a closure, for its speed.

        It begins with the way of JAX, whose compiled functions are the quickest to call. What it
        knows about JAX it learns at the first call with a JAX array.
        """
        if self.backend in ("torch", "lazy"):
            return self._always(self.backend)
        forced = self.backend == "jax"
        known = self.of("jax").quick(foreign=False) if forced else _NOTHING_YET
        leaf, box, arrays_only, write, versions, dynamic = known

        def call(*args: Any, **kwargs: Any) -> Any:
            if not kwargs:
                for x in args:
                    if type(x) is not leaf:
                        break
                else:
                    if args:
                        result = arrays_only(*args)
                        return result.open() if type(result) is box else result
            if write is None:
                return learn(args, kwargs)
            leaves: list[Any] = []
            memo: dict[int, Any] = {}
            tokens: list[Any] = [len(args), tuple(kwargs)]
            write(args, leaves, tokens, memo)
            if kwargs:
                write(kwargs.values(), leaves, tokens, memo)
            key = tuple(tokens)
            version = versions.get(key)
            if version is None:
                return otherwise(key, leaves, args, kwargs)
            result = (
                version(*leaves) if dynamic is None else dynamic(key, version, leaves, args, kwargs)
            )
            return result.open() if type(result) is box else result

        def learn(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            nonlocal leaf, box, arrays_only, write, versions, dynamic
            try:
                return self._anywhere(args, kwargs)
            finally:
                if "jax" in self.compiled:
                    # The first of them last: other threads may be in `call` meanwhile.
                    quick = self.compiled["jax"].quick(foreign=True)
                    _, box, arrays_only, _, versions, dynamic = quick
                    write, leaf = quick.write, quick.leaf

        def otherwise(
            key: Key, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
        ) -> Any:
            if forced:
                return self.compiled["jax"].run(key, leaves, args, kwargs)
            return self._anywhere(args, kwargs)

        return call

    def _always(self, library: str) -> Callable[..., Any]:
        compiled = self.of(library)

        def call(*args: Any, **kwargs: Any) -> Any:
            if library == "torch" and _compiler_reads():
                return self.function(*args, **kwargs)
            return compiled.run(*described(compiled.codec, args, kwargs), args, kwargs)

        return call

    def _anywhere(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call for the library whose arrays are somewhere in the arguments, or for none."""
        key, leaves = described(self.codec, args, kwargs)
        found = {library_of(type(x)) for x in leaves}
        library = _first(found)
        if not library or (library == "torch" and _compiler_reads()):
            return self.function(*args, **kwargs)
        compiled = self.of(library)
        if not found <= {library, ""}:  # to this library, the others' arrays are static
            key, leaves = described(compiled.codec, args, kwargs)
        return compiled.run(key, leaves, args, kwargs)

    def of(self, library: str) -> Any:
        """Return the function compiled for `library`."""
        with self.lock:
            if library not in self.compiled:
                module = importlib.import_module(f"core.autojit.{library}")
                make = getattr(module, COMPILERS[library])
                self.compiled[library] = make(self.function, self.options)
            return self.compiled[library]

    def clear_cache(self) -> None:
        """Forget every compiled version."""
        for compiled in list(self.compiled.values()):
            compiled.clear_cache()

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """Return what ``jax.jit(function).lower`` returns for these arguments, or their graph.

        Raises
        ------
        TypeError
            There are no JAX arrays among them, and the backend is not ``"lazy"``.
        """
        library = self.backend
        if library is None:
            _, leaves = described(self.codec, args, kwargs)
            library = _first(library_of(type(x)) for x in leaves)
        if library not in ("jax", "lazy"):
            raise TypeError(f"{self.options.name}.lower takes JAX arrays, and there are none")
        return self.of(library).lower(*args, **kwargs)


def _compiler_reads() -> bool:
    """Say whether ``torch.compile`` reads this call, so that the function is compiled anyway."""
    import torch

    return bool(torch.compiler.is_dynamo_compiling())


def _first(found: Iterable[str]) -> str:
    """Return the library to compile for; "" if none of those found compiles."""
    libraries = set(found)
    return next((library for library in COMPILERS if library in libraries), "")
