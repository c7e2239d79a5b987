"""Select the implementation for the arrays of a call, once per class of arrays."""

from __future__ import annotations

import dataclasses
from pkgutil import resolve_name
from typing import Any

from core._private.torch import mark_constant
from core.backends.registry import backends, library_of
from core.lazy_apply.call import VMAP_METHODS, Call, add_name_note, check_outputs, is_scalar
from core.lazy_apply.implementation import PASS, Eager, Implementation
from core.lazy_apply.outputs import plain_shape
from core.lazy_apply.trees import flattened, needs_flattening, unflatten
from core.lazy_apply.vectorized import VectorizedFunction

EAGER: dict[str, Eager] = {}
"""By module, the eager functions for the array classes that it defines.

Keys are names of modules, since `torch.compile` cannot look up a class in a dict. If a module
defines array classes of several libraries, the eager function of one declines arrays of the others.
"""

_implementations: dict[str, Implementation] = {}
"""By library."""


class _ProtocolImplementation(Implementation):
    """For lazy arrays with a method ``__lazy_apply__``, which adds the call to their graph."""

    def lazy(self, call: Call) -> Any:
        array = next(x for x in call.args if hasattr(type(x), "__lazy_apply__"))
        return array.__lazy_apply__(call)


def apply(call: Call) -> Any:
    """Carry out `call` on arrays of any library."""
    if needs_flattening(call):
        call, structure = flattened(call)
        result = apply(call)
        return result if structure is None else unflatten(structure, iter(result))
    implementation, call = _select(call)
    if call.jvp is not None and call.vjp is not None:
        raise ValueError("lazy_apply takes either jvp or vjp, not both")
    if call.vmap_method is not None and call.vmap_method not in VMAP_METHODS:
        known = ", ".join(map(repr, VMAP_METHODS))
        raise ValueError(f"unknown vmap_method {call.vmap_method!r}; known are {known}")
    call = _prepare(call)
    if call.dtype is not None:
        several = call.result_count and isinstance(call.dtype, list | tuple)
        implementation.check_dtypes(call, call.dtype if several else (call.dtype,))
    eager = EAGER.get(type(call.arrays[0]).__module__)
    if eager is not None and call.jvp is call.vjp and call.vmap_method is None:
        try:
            result = eager(call.func, call.args, call.kwargs, call.as_numpy, call.result_count)
        except Exception as error:
            add_name_note(error, call.func)
            raise
        if result is not PASS:
            return _checked(call, result)
    return _checked(call, implementation.lazy(call))


def _checked(call: Call, result: Any) -> Any:
    """Return the result of a call, after its shapes are compared with the signature, if any."""
    if call.signature is not None:
        results = result if call.result_count else (result,)
        call.signature.check_results(
            [plain_shape(x.shape) for x in call.arrays], [plain_shape(x.shape) for x in results]
        )
    return result


def _select(call: Call) -> tuple[Implementation, Call]:
    """Return the implementation for the arrays of `call`, and the call with arrays of one library.

    Raises
    ------
    ValueError
        There is no array.
    TypeError
        An argument is neither an array nor a scalar, or the arrays belong to several libraries
        and the caller gave no namespace.
    """
    libraries: dict[str, Implementation] = {}
    for arg in call.args:
        if is_scalar(arg):
            continue
        library = load_implementation(type(arg))
        if not library:
            raise TypeError(
                f"{type(arg).__name__} is not a supported array type: lazy_apply takes arrays, "
                "scalars and None by position, anything else by name"
            )
        libraries[library] = _implementations[library]
    if not libraries:
        raise ValueError("lazy_apply needs at least one argument array, by position; or xp=")
    if len(libraries) == 1:
        return next(iter(libraries.values())), call
    own = "" if call.xp is None else load_implementation(type(call.xp.empty(0)))
    if own not in libraries:
        raise TypeError(f"lazy_apply got arrays of several libraries: {', '.join(libraries)}")
    args = [
        x if is_scalar(x) or load_implementation(type(x)) == own else call.xp.asarray(x)
        for x in call.args
    ]
    return libraries[own], dataclasses.replace(call, args=tuple(args))


@mark_constant
def load_implementation(cls: type) -> str:
    """Load the implementation for arrays of class `cls`.

    Returns
    -------
    str
        The name of the library, or of the class if it has a method ``__lazy_apply__``; "" if `cls`
        is no class of arrays.
    """
    if hasattr(cls, "__lazy_apply__"):
        name = f"{cls.__module__}.{cls.__qualname__}"
        _implementations.setdefault(name, _ProtocolImplementation())
        return name
    name = library_of(cls)
    if name:
        implementation = _implementations.get(name)
        if implementation is None:
            adapter = backends().get(name)
            implementation = Implementation() if adapter is None else _load(adapter.lazy_apply)
            _implementations[name] = implementation
        if cls.__module__ not in EAGER:
            EAGER[cls.__module__] = implementation.eager(cls)
    return name


def _load(reference: str) -> Implementation:
    implementation = resolve_name(reference)()
    if not isinstance(implementation, Implementation):
        raise TypeError(f"{reference} is not a subclass of {Implementation.__name__}")
    return implementation


def _prepare(call: Call) -> Call:
    """Check the signature, call a callable shape, and wrap a function of core dimensions."""
    changes: dict[str, Any] = {}
    shapes = [plain_shape(x.shape) for x in call.arrays]
    if call.signature is not None:
        signature = call.signature.for_ndims([len(shape) for shape in shapes])
        signature.check(shapes)
        if call.signature.optional:
            changes["signature"] = signature
        if call.vectorize:
            changes["func"] = VectorizedFunction(call.func, signature)
            changes["vectorize"] = False
        elif signature.inputs != call.signature.inputs and call.vmap_method is None:
            # The function recognizes a missing dimension by the number of axes, so an axis of
            # `vmap` would be taken for that dimension.
            changes["vmap_method"] = "sequential"
        if call.shape is None:
            check_outputs(((),) * call.result_count, call.dtype)
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
