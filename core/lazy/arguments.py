"""Compare the arguments of a call with those of the traced call."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Arguments: TypeAlias = "tuple[tuple[Any, ...], dict[str, Any]]"


def signature_of(func: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of a function, or None if it has none.

    The signature of a wrapper that takes any arguments is that of the wrapped function without
    the defaults, as the wrapper may pass other values.
    """
    try:
        own = inspect.signature(func, follow_wrapped=False)
        wrapped = inspect.signature(func)
    except (TypeError, ValueError):  # as for many functions written in C
        return None
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    any_arguments = all(parameter.kind in kinds for parameter in own.parameters.values())
    if not hasattr(func, "__wrapped__") or not any_arguments:
        return own
    parameters = [one.replace(default=one.empty) for one in wrapped.parameters.values()]
    return wrapped.replace(parameters=parameters)


def bind_both(signature: inspect.Signature, one: Arguments, two: Arguments) -> tuple[Any, Any]:
    """Return the arguments of two calls by parameter, with the function's defaults.

    Raises
    ------
    TypeError
        The arguments do not fit the signature, or one is missing.
    """
    bound = [signature.bind_partial(*args, **kwargs) for args, kwargs in (one, two)]
    for arguments in bound:
        arguments.apply_defaults()
    first, second = [arguments.arguments for arguments in bound]
    for name in first.keys() ^ second.keys():
        raise TypeError(f"missing a required argument: {name!r}")
    return first, second


def is_same(one: Any, other: Any) -> bool:
    """Return whether a function cannot distinguish two arguments that are not inputs."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    try:
        return _is_same(one, other)
    except Exception:  # values that cannot be compared are different
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
    """Return the fields of a dataclass instance that are set, and its other attributes."""
    names = (field.name for field in dataclasses.fields(x))
    fields = {name: getattr(x, name) for name in names if hasattr(x, name)}
    return fields | getattr(x, "__dict__", {})
