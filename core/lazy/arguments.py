"""The arguments of a call beside those of the call that was traced."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def signature_of(func: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of a function, or None if it does not say."""
    try:
        return inspect.signature(func, follow_wrapped=False)  # a wrapper has defaults of its own
    except (TypeError, ValueError):  # as many functions written in C
        return None


def by_name(signature: inspect.Signature, one: Arguments, two: Arguments) -> tuple[Any, Any]:
    """Return the arguments of two calls by the names of parameters.

    What one of them leaves out has its default there.

    Raises
    ------
    TypeError
        The arguments are not those of the signature.
    """
    first, second = (dict(signature.bind(*args, **kwargs).arguments) for args, kwargs in (one, two))
    for own, other in ((first, second), (second, first)):
        for name in other.keys() - own.keys():
            parameter = signature.parameters[name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                own[name] = ()
            elif parameter.kind is parameter.VAR_KEYWORD:
                own[name] = {}
            else:
                own[name] = parameter.default
    return first, second


def is_same(one: Any, other: Any) -> bool:
    """Say whether a function can tell no difference between two values that are no inputs."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, float | complex):  # 0.0 is not -0.0, and NaN is NaN
        return repr(one) == repr(other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(
            one, other, equal_nan=one.dtype.kind in "fc"
        )
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return all(is_same(getattr(one, name), getattr(other, name)) for name in names)
    try:
        return bool(one == other)
    except Exception:  # what cannot be compared is another one
        return False
