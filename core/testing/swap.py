"""Replaces Python functions in place: whoever holds the function calls something else."""

from __future__ import annotations

import inspect
from collections.abc import Callable
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


class InPlace:
    """A context in which calls of a function, by whatever name, are calls of something else.

    A function's code can be exchanged for code with as many free variables. What to call is a
    constant of the new code, as the function's globals are those of its module.

    Parameters
    ----------
    function : function
        A function written in Python.
    instead : callable
        What is called inside the context, which can be entered again and again.
    """

    __slots__ = ("code", "function", "instead", "own", "signature")

    def __init__(self, function: FunctionType, instead: Callable[..., Any]) -> None:
        self.function = function
        self.instead = instead
        self.code: CodeType | None = None
        self.own = function.__code__
        self.signature: inspect.Signature | None = None

    def __enter__(self) -> None:
        """Exchange the code; the signature is still that of the function."""
        function: Any = self.function
        self.own = function.__code__
        if self.code is None:  # most tagged functions are tagged for nothing: on NumPy alone
            self.code = _code_calling(self.instead, self.own)
            if "__signature__" not in function.__dict__:
                self.signature = inspect.signature(function)
        if self.signature is not None:
            function.__signature__ = self.signature
        function.__code__ = self.code

    def __exit__(self, *error: object) -> None:
        """Give the function its own code back."""
        function: Any = self.function
        function.__code__ = self.own
        if self.signature is not None:
            del function.__signature__


class ReplacedAttribute:
    """A context in which a class has an attribute in place of its own or of an inherited one.

    Parameters
    ----------
    cls : type
        The class.
    name : str
        The name of the attribute.
    value : object
        What it is inside the context, which can be entered again and again.
    """

    __slots__ = ("cls", "name", "own", "value")

    def __init__(self, cls: type, name: str, value: Any) -> None:
        self.cls = cls
        self.name = name
        self.value = value
        self.own: Any = None

    def __enter__(self) -> None:
        """Set the attribute."""
        self.own = vars(self.cls).get(self.name, _PLACEHOLDER)
        setattr(self.cls, self.name, self.value)

    def __exit__(self, *error: object) -> None:
        """Set it back, or remove it."""
        if self.own is _PLACEHOLDER:
            delattr(self.cls, self.name)
        else:
            setattr(self.cls, self.name, self.own)


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
