"""Which library's way is taken: decided by the type of the arrays, once for each type."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.backends.registry import library_of
from core.lazy_apply.call import VMAP_METHODS, Call, check_outputs, is_scalar, named
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


HANDLERS: dict[str, Handler] = {}
"""The handlers of the libraries seen so far."""

EAGER: dict[str, Eager] = {}
"""The short way for classes that a module of the library itself defines, by the module."""

_MODULES = {name: name for name in ("numpy", "torch", "jax", "dask")}
"""Libraries with a module of ours; the others follow the standard closely enough."""


def apply(call: Call) -> Any:
    """Carry out `call`, whatever its arrays are."""
    handler, call = find(call)
    if call.jvp is not None and call.vjp is not None:
        raise ValueError("lazy_apply takes either jvp or vjp, not both")
    if call.vmap_method is not None and call.vmap_method not in VMAP_METHODS:
        known = ", ".join(map(repr, VMAP_METHODS))
        raise ValueError(f"unknown vmap_method {call.vmap_method!r}; known are {known}")
    call = _prepared(call)
    result = PASS
    if call.jvp is call.vjp and call.vmap_method is None:
        try:
            result = handler.eager(call.func, call.args, call.kwargs, call.as_numpy, call.several)
        except Exception as error:
            named(error, call.func)
            raise
    return handler.lazy(call) if result is PASS else result


def find(call: Call) -> tuple[Handler, Call]:
    """Return the handler of the arrays among the arguments, which are then of one library.

    Raises
    ------
    ValueError
        There is no array.
    TypeError
        An argument is neither an array nor a scalar, or the arrays belong to several libraries
        and the caller gave no namespace.
    """
    found: dict[str, Handler] = {}
    for arg in call.args:
        if is_scalar(arg):
            continue
        library = loaded(type(arg))  # first, as it adds to the handlers
        handler = HANDLERS.get(library)
        if handler is None:
            raise TypeError(
                f"{type(arg).__name__} is not a supported array type: lazy_apply takes arrays, "
                "scalars and None by position, anything else by name"
            )
        found[handler.library] = handler
    if not found:
        raise ValueError("lazy_apply needs at least one argument array, by position")
    if len(found) == 1:
        return next(iter(found.values())), call
    own = "" if call.xp is None else loaded(type(call.xp.empty(0)))
    if own not in found:
        raise TypeError(f"lazy_apply got arrays of several libraries: {', '.join(found)}")
    args = [x if is_scalar(x) or loaded(type(x)) == own else call.xp.asarray(x) for x in call.args]
    return found[own], dataclasses.replace(call, args=tuple(args))


def loaded(cls: type) -> str:
    """Import what handles arrays of type `cls`; return its name in `HANDLERS`, "" for no array."""
    if hasattr(cls, "__lazy_apply__"):
        name = f"{cls.__module__}.{cls.__qualname__}"
        HANDLERS[name] = Handler(name, _never, _by_protocol)
        return name
    name = library_of(cls)
    if name:
        if name not in HANDLERS:
            ours = importlib.import_module(f"core.lazy_apply.{_MODULES.get(name, 'generic')}")
            HANDLERS[name] = Handler(name, ours.eager, ours.lazy)
        EAGER[cls.__module__] = HANDLERS[name].eager
    return name


# `torch.compile` calls it while it reads a program, instead of reading it.
loaded._dynamo_marked_constant = True  # type: ignore[attr-defined]


def _never(*_: Any) -> Any:
    return PASS


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
            changes["vectorize"] = False
        if call.shape is None:
            check_outputs(((),) * call.several, call.dtype)
    elif call.vectorize:
        raise ValueError("lazy_apply takes vectorize=True together with a signature only")
    if callable(call.shape):
        try:
            changes["shape"] = call.shape(*shapes)
        except Exception as error:
            called = ", ".join(map(str, shapes))
            error.add_note(f"in shape= of lazy_apply of {call.name}, called with {called}")
            raise
    return dataclasses.replace(call, **changes) if changes else call
