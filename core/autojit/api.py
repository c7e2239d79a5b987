"""The function and decorator, and how it finds the library that its arguments belong to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, overload

from core.autojit.codec import Codec
from core.lazy_apply.call import function_name
from core.libraries import library_of

_COMPILED = ("jax", "torch")

_ARRAYS = Codec(type(None), lambda cls: library_of(cls) != "")


def autojit(
    func: Callable[..., Any] | None = None,
    *,
    backend: str | None = None,
    maxsize: int = 128,
) -> Any:
    if func is None:
        return functools.partial(autojit, backend=backend, maxsize=maxsize)
    if backend is not None:
        compiled = _compiled(func, backend, maxsize)
        return _dressed(func, compiled.call, compiled)
    return _dispatching(func, maxsize)


def _compiled(func, backend, maxsize):
    if backend == "jax":
        from core.autojit.jax import JAXFunction

        return JAXFunction(func, function_name(func), maxsize)
    raise NotImplementedError(backend)


def _dispatching(func, maxsize):
    runners: dict[type, Callable[..., Any]] = {}
    compiled: dict[str, Any] = {}

    def call(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            run = runners.get(type(x))
            if run is not None:
                return run(*args, **kwargs)
        library = _library(args, kwargs)
        if library not in _COMPILED:
            return func(*args, **kwargs)
        if library not in compiled:
            compiled[library] = _compiled(func, library, maxsize)
        run = compiled[library].call
        for x in args:
            if library_of(type(x)) == library:
                runners[type(x)] = run
        return run(*args, **kwargs)

    return _dressed(func, call, compiled)


def _library(args, kwargs):
    """Return the library of the arrays in the arguments, however deep; one that compiles first."""
    found = {library_of(type(x)) for x in (*args, *kwargs.values())}
    if not found.intersection(_COMPILED):
        leaves = []
        _ARRAYS.write((*args, *kwargs.values()), leaves, [], {})
        found = {library_of(type(x)) for x in leaves}
    for name in _COMPILED:
        if name in found:
            return name
    return ""


def _dressed(func, call, compiled):
    functools.update_wrapper(call, func)
    call.lower = getattr(compiled, "lower", None)
    call.clear_cache = getattr(compiled, "clear_cache", None)
    return call
