"""Names and messages of exceptions that code of the package raises, whatever their classes do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

_LONGEST_NAME = 200
_LONGEST_MESSAGE = 20_000
"""Numbers of characters; more are cut."""


class CaseModuleError(Exception):
    """A module with cases, or its function for a target, raised an exception."""


def exception_name(error: BaseException) -> str:
    """Return the name of an exception's class, also if its metaclass hides it."""
    descriptor = cast(Any, type.__dict__["__name__"])
    return str(descriptor.__get__(type(error)))[:_LONGEST_NAME]


def exception_message(error: BaseException, explain: Callable[[BaseException], str] = str) -> str:
    """Return the message of an exception; empty if its ``__str__`` fails.

    Parameters
    ----------
    error : BaseException
        The exception.
    explain : callable, optional
        Returns its message. Default: ``str``.
    """
    try:
        return str(explain(error))[:_LONGEST_MESSAGE]
    except BaseException:  # measured code may define it, and may raise anything
        return ""


def describe_exception(error: BaseException) -> str:
    """Return the name of an exception's class with its message."""
    message = exception_message(error)
    return f"{exception_name(error)}: {message}"
