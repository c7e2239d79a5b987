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
from core.autojit.tokens import ById

_PATIENCE = 10
"""How many versions are made for new values of one argument before a warning."""


class Changes:
    """Compares each description of arguments with the one before; warns once per argument."""

    __slots__ = ("counts", "function", "hint", "last", "name", "warned")

    def __init__(self, function: Callable[..., Any], name: str, hint: str) -> None:
        self.function = function
        self.name = name
        self.hint = hint
        self.last: Key = ()
        self.counts: Counter[int] = Counter()
        self.warned: set[str] = set()

    def compiled_for(
        self, key: Key, args: tuple[Any, ...], kwargs: dict[str, Any], codec: Codec
    ) -> None:
        """Take note that a version is made for `key`, the description of these arguments."""
        # Objects by their ids: this must not keep them alive.
        key = tuple([id(token.value) if type(token) is ById else token for token in key])
        last, self.last = self.last, key
        if len(last) != len(key):
            return
        changed = [i for i, token in enumerate(key) if token is not last[i] and token != last[i]]
        if not all(type(key[i - 1]) is type and key[i - 1] in (float, int) for i in changed):
            return
        for i in changed:
            self.counts[i] += 1
            if self.counts[i] >= _PATIENCE:
                self._warn(_argument(self.function, i, args, kwargs, codec))

    def _warn(self, argument: str) -> None:
        if argument in self.warned:
            return
        self.warned.add(argument)
        warnings.warn(
            f"autojit compiles {self.name} again for each new value of {argument}, "
            f"{_PATIENCE} times so far: {self.hint}",
            RuntimeWarning,
            stacklevel=_depth_of_caller(),
        )


def _argument(
    function: Callable[..., Any],
    place: int,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    codec: Codec,
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
