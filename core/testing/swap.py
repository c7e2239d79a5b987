"""Replaces Python functions in place: whoever holds the function calls something else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

_PLACEHOLDER = "what is called instead"


def copied(function: FunctionType) -> FunctionType:
    """Return a function that does what `function` does now, whatever its code becomes."""
    copy = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    copy.__doc__ = function.__doc__
    copy.__dict__.update(function.__dict__)
    return copy


@contextmanager
def replaced(function: FunctionType, instead: Callable[..., Any]) -> Iterator[None]:
    """Let calls of `function`, by whatever name, be calls of `instead` inside the context.

    A function's code can be exchanged for code with as many free variables. What to call is a
    constant of the new code, as the function's globals are those of its module.
    """
    code, signature = function.__code__, function.__dict__.get("__signature__")
    function.__signature__ = signature or inspect.signature(function)  # type: ignore[attr-defined]
    function.__code__ = _code_calling(instead, code)
    try:
        yield
    finally:
        function.__code__ = code
        if signature is None:
            del function.__signature__  # type: ignore[attr-defined]
        else:
            function.__signature__ = signature  # type: ignore[attr-defined]


@contextmanager
def replaced_attribute(cls: type, name: str, value: Any) -> Iterator[None]:
    """Give a class an attribute inside the context, in place of its own or of an inherited one."""
    own = vars(cls).get(name, _PLACEHOLDER)
    setattr(cls, name, value)
    try:
        yield
    finally:
        if own is _PLACEHOLDER:
            delattr(cls, name)
        else:
            setattr(cls, name, own)


def _code_calling(instead: Callable[..., Any], code: CodeType) -> CodeType:
    """Return code that calls `instead`, and fits where `code` is."""
    free = code.co_freevars
    cells = f"        ({', '.join(free)},)\n" if free else ""
    source = (
        f"def make({', '.join(free)}):\n"
        "    def call(*args, **kwargs):\n"
        "        __tracebackhide__ = True\n"
        f"        instead = {_PLACEHOLDER!r}\n"
        "        return instead(*args, **kwargs)\n"
        f"{cells}"
        "    return call\n"
    )
    scope: dict[str, Any] = {}
    exec(source, scope)
    made = scope["make"].__code__
    call = next(constant for constant in made.co_consts if isinstance(constant, CodeType))
    return call.replace(
        co_consts=tuple(instead if c == _PLACEHOLDER else c for c in call.co_consts),
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
    )
