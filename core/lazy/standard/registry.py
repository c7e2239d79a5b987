"""The table of functions that a namespace is made of, and what their docstrings have in common."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""By name; those of extensions as ``"linalg.svd"``."""
BY_BACKEND: dict[str, Callable[..., Any]] = {}
"""Those of them whose answer depends on the backend, with that as their first argument."""
EXTRAS: dict[str, Callable[..., Any]] = {}
"""Functions of `core.lazy` that the standard does not have."""

_PARAMETERS = {
    "x": "array\n    The operand.",
    "x1": "array or number\n    The first operand.",
    "x2": "array or number\n    The second operand.",
    "axis": "int, tuple of int or None, optional\n    The axis or axes to work along.",
    "axes": "int or tuple of int, optional\n    The axes to work on.",
    "keepdims": "bool, optional\n    Keep the reduced axes with length 1.",
    "dtype": "dtype, optional\n    The dtype of the result.",
    "device": "object, optional\n    The device of the result, as the backend names it.",
    "shape": "int or tuple of int\n    The shape of the result; one length may be -1 in `reshape`.",
    "arrays": "sequence of array\n    The operands.",
    "indices": "array of int\n    Positions along `axis`.",
    "copy": "bool, optional\n    Whether the result may share its operand's memory.",
    "correction": "int or float, optional\n    Subtracted from the number of elements.",
    "descending": "bool, optional\n    Start with the largest.",
    "stable": "bool, optional\n    Keep the order of equal elements.",
    "n": "int, optional\n    The number of points; by default the operand's length.",
    "s": "tuple of int, optional\n    The number of points along each of `axes`.",
    "norm": '{"backward", "ortho", "forward"}, optional\n    Which transform is scaled.',
    "k": "int, optional\n    The diagonal: 0 the main one, positive ones above it.",
    "offset": "int, optional\n    The diagonal: 0 the main one, positive ones above it.",
    "xp": "namespace\n    The namespace that is asked.",
}


def standard(extension: str = "", extra: bool = False) -> Callable[[F], F]:
    """Register a function under its name and complete its docstring from its signature."""

    def register(function: F) -> F:
        name = function.__name__.rstrip("_")
        if name != function.__name__:  # a trailing underscore keeps a builtin's name free
            function.__name__ = function.__qualname__ = name
        (EXTRAS if extra else FUNCTIONS)[f"{extension}.{name}" if extension else name] = function
        function.__doc__ = document(function, f"{extension}.{name}" if extension else name, extra)
        return function

    return register


def by_backend(extension: str = "") -> Callable[[Callable[..., Any]], Any]:
    """Register a function with the backend as its first argument; return the one for any."""

    def register(function: Callable[..., Any]) -> Any:
        bound = bind(function, None)
        BY_BACKEND[f"{extension}.{bound.__name__}" if extension else bound.__name__] = function
        standard(extension)(bound)
        function.__doc__ = bound.__doc__
        return bound

    return register


def bind(function: Callable[..., Any], backend: str | None) -> Callable[..., Any]:
    """Return a function that has the backend as its first argument without it."""

    @wraps(function)
    def bound(*args: Any, **kwargs: Any) -> Any:
        return function(backend, *args, **kwargs)

    own = inspect.signature(function)
    bound.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=list(own.parameters.values())[1:]
    )
    return bound


def document(function: Callable[..., Any], name: str, extra: bool = False) -> str:
    """Return a numpydoc docstring: the function's own lines, and what its parameters are."""
    own = inspect.cleandoc(function.__doc__ or "")
    if "Parameters\n---" in own:
        return own
    summary, _, rest = own.partition("\n\n")
    lines = [summary, "", "Parameters", "----------"]
    for parameter in inspect.signature(function).parameters.values():
        text = _PARAMETERS.get(parameter.name, "object\n    As in the array API standard.")
        lines.append(f"{parameter.name} : {text}")
    lines += ["", "Returns", "-------", "LazyArray, or a tuple of these"]
    if rest:
        lines += ["", rest]
    if not extra:
        lines += ["", "Notes", "-----", f"The array API standard defines ``{name}``."]
    return "\n".join(lines)
