"""The arguments of a call beside those of the call that was traced."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def signature_of(func: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of a function, or None if it does not say.

    That of a wrapper that passes all on is the wrapped function's, but without defaults, of which
    nobody knows what the wrapper makes.
    """
    try:
        own = inspect.signature(func, follow_wrapped=False)
        wrapped = inspect.signature(func)
    except (TypeError, ValueError):  # as many functions written in C
        return None
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    passes_on = all(one.kind in kinds for one in own.parameters.values())
    if not hasattr(func, "__wrapped__") or not passes_on:
        return own
    bare = [one.replace(default=one.empty) for one in wrapped.parameters.values()]
    return wrapped.replace(parameters=bare)


def by_name(signature: inspect.Signature, one: Arguments, two: Arguments) -> tuple[Any, Any]:
    """Return the arguments of two calls by the names of parameters.

    What one of them leaves out has its default there.

    Raises
    ------
    TypeError
        The arguments are not those of the signature, or one is missing.
    """
    bound = [signature.bind_partial(*args, **kwargs) for args, kwargs in (one, two)]
    first, second = (dict(found.arguments) for found in bound)
    for own, other in ((first, second), (second, first)):
        for name in other.keys() - own.keys():
            parameter = signature.parameters[name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                own[name] = ()
            elif parameter.kind is parameter.VAR_KEYWORD:
                own[name] = {}
            elif parameter.default is parameter.empty:
                raise TypeError(f"missing a required argument: {name!r}")
            else:
                own[name] = parameter.default
    return first, second


def is_same(one: Any, other: Any) -> bool:
    """Say whether a function can tell no difference between two values that are no inputs."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    try:
        return _is_same(one, other)
    except Exception:  # what cannot be compared is another one
        return False


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float | complex | np.inexact):  # 0.0 is not -0.0, and NaN is NaN
        return repr(one) == repr(other)
    if isinstance(one, np.ndarray):
        nan = one.dtype.kind in "fc"
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=nan)
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        first, second = map(_attributes, (one, other))
        return first.keys() == second.keys() and all(
            is_same(first[name], second[name]) for name in first
        )
    return bool(one == other) or bool(one != one and other != other)  # noqa: PLR0124 : NaN, NaT


def _attributes(x: Any) -> dict[str, Any]:
    """Return what an object holds, in fields that are set and beside them."""
    fields = (field.name for field in dataclasses.fields(x))
    return {name: getattr(x, name) for name in fields if hasattr(x, name)} | getattr(
        x, "__dict__", {}
    )
