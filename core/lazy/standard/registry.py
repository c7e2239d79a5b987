"""The table of functions that a namespace is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from core.lazy.standard.docstrings import document

F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""By name; those of extensions as ``"linalg.svd"``."""
BY_BACKEND: dict[str, Callable[..., Any]] = {}
"""Those of them whose answer depends on the backend, with that as their first argument."""
EXTRAS: dict[str, Callable[..., Any]] = {}
"""Functions of `core.lazy` that the standard does not have."""


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
