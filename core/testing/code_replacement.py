"""Replacement of the code of Python functions: all references then call something else."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

_PLACEHOLDER = "the replacement"


def copy_function(function: FunctionType) -> FunctionType:
    """Return a copy of `function`, which keeps its present code if that of `function` changes."""
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


class ReplacedCode:
    """A context in which a function calls a replacement, whatever reference it is called through.

    The context can be entered again, but not inside itself.

    Parameters
    ----------
    function : function
        A function written in Python.
    replacement : callable
        What the function calls inside the context, with its own arguments. Its signature, name and
        source location remain those of the function.

    Notes
    -----
    The code of a function can be replaced by code with the same number of free variables. The
    replacement is a constant of the new code, since a function's globals cannot be replaced.
    """

    __slots__ = ("_code", "_function", "_original_code", "_replacement", "_signature")

    def __init__(self, function: FunctionType, replacement: Callable[..., Any]) -> None:
        self._function = function
        self._replacement = replacement
        self._code: CodeType | None = None
        self._original_code = function.__code__
        self._signature: inspect.Signature | None = None

    # Not with `patched`: hundreds of functions may be replaced for each test.
    def __enter__(self) -> None:
        """Replace the code; `inspect.signature` still returns the function's signature."""
        function: Any = self._function
        self._original_code = function.__code__
        if self._code is None:  # created late: on NumPy no tagged function is replaced
            self._code = _code_calling(self._replacement, self._original_code)
            if "__signature__" not in function.__dict__:
                self._signature = inspect.signature(function)
        if self._signature is not None:
            function.__signature__ = self._signature
        function.__code__ = self._code

    def __exit__(self, *error: object) -> None:
        """Restore the code."""
        function: Any = self._function
        function.__code__ = self._original_code
        if self._signature is not None:
            del function.__signature__


def _code_calling(replacement: Callable[..., Any], code: CodeType) -> CodeType:
    """Return code that calls `replacement`, with the free variables and the names of `code`."""
    free = code.co_freevars
    cells = f"        ({', '.join(free)},)\n" if free else ""
    source = (
        f"def create({', '.join(free)}):\n"
        "    def call(*args, **kwargs):\n"
        "        __tracebackhide__ = True\n"
        f"        replacement = {_PLACEHOLDER!r}\n"
        "        return replacement(*args, **kwargs)\n"
        f"{cells}"
        "    return call\n"
    )
    scope: dict[str, Any] = {}
    exec(source, scope)
    create = scope["create"].__code__
    call = next(constant for constant in create.co_consts if isinstance(constant, CodeType))
    return call.replace(
        co_consts=tuple(replacement if c == _PLACEHOLDER else c for c in call.co_consts),
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
    )
