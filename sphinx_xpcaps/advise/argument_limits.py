"""Limits that depend on an argument, read from the notes of records and compared with calls."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import Enum, auto

_WITHOUT = re.compile(r"works without (\w+)=")
_WITH = re.compile(r"fails with (\w+)=(.+)", re.DOTALL)


class Match(Enum):
    """Whether a call passes an argument with which the function fails."""

    YES = auto()
    NO = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class ArgumentLimit:
    """An argument with which calls fail."""

    name: str
    value: str | None = None
    """Python code of the value; None if calls fail with any value."""

    def match(self, call: ast.Call) -> Match:
        """Return whether a call passes the argument.

        Examples
        --------
        >>> call = ast.parse("f(x, mode='wrap')", mode="eval").body
        >>> ArgumentLimit("mode", "'wrap'").match(call)
        <Match.YES: 1>
        >>> ArgumentLimit("mode", "'same'").match(call)
        <Match.NO: 2>
        """
        given = next((one.value for one in call.keywords if one.arg == self.name), None)
        if given is not None:
            return Match.YES if self.value is None else self._compare(given)
        starred = any(isinstance(argument, ast.Starred) for argument in call.args)
        if starred or any(one.arg is None for one in call.keywords):
            return Match.UNKNOWN
        # Records do not have signatures: a second positional argument may be the one.
        return Match.NO if len(call.args) <= 1 else Match.UNKNOWN

    def _compare(self, given: ast.expr) -> Match:
        try:
            actual = ast.literal_eval(given)
            failing = ast.literal_eval(self.value or "")
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return Match.UNKNOWN
        return Match.YES if type(actual) is type(failing) and actual == failing else Match.NO


def argument_limit(detail: str) -> ArgumentLimit | None:
    """Return the argument that the detail of a note names, or None.

    Examples
    --------
    >>> argument_limit("works without weights=")
    ArgumentLimit(name='weights', value=None)
    >>> argument_limit("fails with mode='wrap'")
    ArgumentLimit(name='mode', value="'wrap'")
    """
    if found := _WITHOUT.fullmatch(detail):
        return ArgumentLimit(found[1])
    if found := _WITH.fullmatch(detail):
        return ArgumentLimit(found[1], found[2])
    return None
