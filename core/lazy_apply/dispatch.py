"""Which library's way is taken: decided by the type of the arrays, once for each type."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.lazy_apply.call import SCALARS, VMAP_METHODS, Call
from core.lazy_apply.loops import Looped
from core.lazy_apply.outputs import plain

PASS: Final = object()
"""What an eager handler returns where it must leave the call to the lazy one."""

Eager = Callable[[Callable[..., Any], tuple[Any, ...], Mapping[str, Any], bool, int], Any]


@dataclass(frozen=True, slots=True)
class Handler:
    """One library's two ways: the short one for concrete arrays, and the one for a graph."""

    library: str
    eager: Eager
    lazy: Callable[[Call], Any]


HANDLERS: dict[type, Handler] = {}
"""The handler for each type of array seen so far; bounded by `_LIMIT`."""

_LIMIT = 1024

_LIBRARIES = {"numpy": "numpy", "torch": "torch", "jax": "jax", "jaxlib": "jax", "dask": "dask"}
"""Top-level module of an array's class: our module for it."""


def apply(call: Call) -> Any:
    """Carry out `call`, whatever its arrays are."""
    handler = find(call)
    if call.jvp is not None and call.vjp is not None:
        raise ValueError("lazy_apply takes either jvp or vjp, not both")
    if call.vmap_method is not None and call.vmap_method not in VMAP_METHODS:
        known = ", ".join(map(repr, VMAP_METHODS))
        raise ValueError(f"unknown vmap_method {call.vmap_method!r}; known are {known}")
    call = _prepared(call)
    result = PASS
    if call.jvp is call.vjp:
        result = handler.eager(call.func, call.args, call.kwargs, call.as_numpy, call.several)
    return handler.lazy(call) if result is PASS else result


def find(call: Call) -> Handler:
    """Return the handler of the arrays among the arguments.

    Raises
    ------
    ValueError
        There is no array.
    TypeError
        An argument is neither an array nor a scalar, or the arrays belong to several libraries.
    """
    found: dict[str, Handler] = {}
    for arg in call.args:
        if type(arg) in SCALARS:
            continue
        handler = handler_of(type(arg))
        if handler is None:
            raise TypeError(
                f"{type(arg).__name__} is not a supported array type: lazy_apply takes arrays, "
                "scalars and None by position, anything else by name"
            )
        found[handler.library] = handler
    if not found:
        raise ValueError("lazy_apply needs at least one argument array, by position")
    if len(found) > 1:
        raise TypeError(f"lazy_apply got arrays of several libraries: {', '.join(found)}")
    return next(iter(found.values()))


def handler_of(cls: type) -> Handler | None:
    """Return the handler for arrays of type `cls`, or None if it is no array."""
    handler = HANDLERS.get(cls)
    if handler is None:
        handler = _handler(cls)
        if handler is not None:
            if len(HANDLERS) >= _LIMIT:  # a program that makes types without end
                HANDLERS.clear()
            HANDLERS[cls] = handler
    return handler


def _handler(cls: type) -> Handler | None:
    if hasattr(cls, "__lazy_apply__"):
        return Handler(cls.__qualname__, lambda *_: PASS, _by_protocol)
    for base in cls.__mro__:
        library = _LIBRARIES.get(base.__module__.partition(".")[0])
        if library is not None:
            ours = importlib.import_module(f"core.lazy_apply.{library}")
            if ours.owns(cls):
                return Handler(library, ours.eager, ours.lazy)
    library = cls.__module__.partition(".")[0]
    if library == "cupy" or hasattr(cls, "__array_namespace__"):
        from core.lazy_apply import generic

        return Handler(library, generic.eager, generic.lazy)
    return None


def _by_protocol(call: Call) -> Any:
    """Leave the call to the array itself: a lazy array knows best how to become a graph."""
    for arg in call.args:
        method = getattr(type(arg), "__lazy_apply__", None)
        if method is not None:
            return method(arg, call)
    raise AssertionError("the handler was chosen because of such an array")


def _prepared(call: Call) -> Call:
    """Check the signature, ask a callable shape, and wrap a function of core dimensions."""
    changes: dict[str, Any] = {}
    shapes = [plain(x.shape) for x in call.arrays]
    if call.signature is not None:
        call.signature.check(shapes)
        if call.vectorize:
            changes["func"] = Looped(call.func, call.signature)
    elif call.vectorize:
        raise ValueError("lazy_apply takes vectorize=True together with a signature only")
    if callable(call.shape):
        changes["shape"] = call.shape(*shapes)
    return dataclasses.replace(call, **changes) if changes else call
