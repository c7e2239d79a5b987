"""Notices an argument that is another number whenever a function is compiled again."""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from core.autojit.cache import Key
from core.autojit.codec import Codec
from core.autojit.containers import ARRAY, SCALAR
from core.autojit.tokens import ById

_PATIENCE = 10
"""How many versions are made for new values of one argument before a warning."""


class Changes:
    """Compares each description of arguments with the one before; warns once per argument."""

    __slots__ = ("counts", "dynamic", "last", "name", "traced", "warned")

    def __init__(self, name: str, traced: str, dynamic: bool) -> None:
        self.name = name
        self.traced = traced
        self.dynamic = dynamic
        self.last: Key = ()
        self.counts: Counter[int] = Counter()
        self.warned: set[str] = set()

    def compiled_for(self, key: Key, argument: Callable[[int], str]) -> None:
        """Take note that a version is made for `key`; `argument` names what a token belongs to."""
        # Objects by their ids: this must not keep them alive.
        key = tuple([id(token.value) if type(token) is ById else token for token in key])
        last, self.last = self.last, key
        if len(last) != len(key):
            return
        changed = [i for i, token in enumerate(key) if token is not last[i] and token != last[i]]
        if not all(_is_number(key, i) or _is_array(key, i) for i in changed):
            return
        for i in changed:
            self.counts[i] += 1
            if self.counts[i] >= _PATIENCE:
                self._warn(argument(i), _is_array(key, i))

    def _warn(self, argument: str, is_array: bool) -> None:
        if argument in self.warned:
            return
        self.warned.add(argument)
        advice = f"pass {self.traced}"
        if is_array:
            advice = f"arrays of NumPy are static, {advice}"
        elif not self.dynamic:
            advice = f"pass dynamic_scalars=True or {self.traced}"
        warnings.warn(
            f"autojit compiles {self.name} again for each new value of {argument}, "
            f"{_PATIENCE} times so far: {advice}",
            RuntimeWarning,
            stacklevel=_depth_of_caller(),
        )


def _is_number(key: Key, place: int) -> bool:
    """Say whether a token is the value of a number, Python's or NumPy's."""
    before = key[place - 1]
    return (type(before) is type and before in (float, int)) or key[place - 2] is SCALAR


def _is_array(key: Key, place: int) -> bool:
    """Say whether a token is the contents of a NumPy array, after its dtype, shape and order."""
    return place > 4 and key[place - 4] is ARRAY


def argument(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    codec: Codec,
    place: int,
) -> str:
    """Return what to call the argument that token number `place` belongs to."""
    tokens: list[Any] = [len(args), tuple(kwargs)]
    memo: dict[int, Any] = {}
    named: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
    name: int | str = 0
    for name, value in named:  # noqa: B007
        codec.write((value,), [], tokens, memo)
        if len(tokens) > place:
            break
    if isinstance(name, str):
        return f"argument {name!r}"
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # many functions written in C do not say
        parameters = []
    if name < len(parameters) and parameters[name].kind is not inspect.Parameter.VAR_POSITIONAL:
        return f"argument {parameters[name].name!r}"
    return f"argument number {name + 1}"


def _depth_of_caller() -> int:
    """Return the `stacklevel`, seen from the caller of this, of the first frame outside of here."""
    here = os.path.dirname(__file__)
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        depth, frame = depth + 1, frame.f_back
    return depth
