"""Warn if a function is recompiled often because the value of one argument changes."""

from __future__ import annotations

import inspect
import os
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from core._private.cpython import get_frame
from core.autojit.flattening import Flattener
from core.autojit.keys import IdentityKey, Key
from core.autojit.numpy_codecs import NUMPY_ARRAY, NUMPY_SCALAR

_MAX_VERSIONS = 10
"""How many versions are compiled for new values of one argument before a warning."""


class RecompilationMonitor:
    """Compares the key of each new version with the one before; warns once per argument.

    Parameters
    ----------
    name : str
        The name of the function.
    traced_value : str
        What users pass instead of a number that changes, such as ``"a JAX array"``.
    dynamic_scalars : bool
        Whether numbers are traced already.
    """

    __slots__ = ("counts", "dynamic_scalars", "last", "name", "traced_value", "warned")

    def __init__(self, name: str, traced_value: str, dynamic_scalars: bool) -> None:
        self.name = name
        self.traced_value = traced_value
        self.dynamic_scalars = dynamic_scalars
        self.last: Key = ()
        self.counts: Counter[int] = Counter()
        self.warned: set[str] = set()

    def record(self, key: Key, name_of: Callable[[int], str]) -> None:
        """Record that a version was compiled.

        Parameters
        ----------
        key : tuple
            The key of the version.
        name_of : callable
            Returns how to refer to the argument that the entry at an index belongs to.
        """
        # Objects are replaced by their ids, so that they are not kept alive.
        key = tuple([id(entry.value) if type(entry) is IdentityKey else entry for entry in key])
        last, self.last = self.last, key
        if len(last) != len(key):
            return
        changed = [i for i, entry in enumerate(key) if entry is not last[i] and entry != last[i]]
        if not all(_is_number(key, i) or _is_array(key, i) for i in changed):
            return
        for i in changed:
            self.counts[i] += 1
            if self.counts[i] >= _MAX_VERSIONS:
                self._warn(name_of(i), _is_array(key, i))

    def _warn(self, argument: str, is_array: bool) -> None:
        if argument in self.warned:
            return
        self.warned.add(argument)
        advice = f"pass {self.traced_value}"
        if is_array:
            advice = f"NumPy arrays are static, {advice}"
        elif not self.dynamic_scalars:
            advice = f"pass dynamic_scalars=True or {self.traced_value}"
        warnings.warn(
            f"autojit compiles {self.name} again for each new value of {argument}, "
            f"{_MAX_VERSIONS} times so far: {advice}",
            RuntimeWarning,
            stacklevel=_stacklevel_of_caller(),
        )


def _is_number(key: Key, index: int) -> bool:
    """Return whether an entry is the value of a number, Python's or NumPy's."""
    previous = key[index - 1]
    return (type(previous) is type and previous in (float, int)) or key[index - 2] is NUMPY_SCALAR


def _is_array(key: Key, index: int) -> bool:
    """Return whether an entry is the contents of a NumPy array, after dtype, shape and order."""
    return index > 4 and key[index - 4] is NUMPY_ARRAY


def argument_name(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    flattener: Flattener,
    index: int,
) -> str:
    """Return how a message refers to the argument that an entry of the key belongs to.

    Parameters
    ----------
    function : callable
        The function that is called.
    args, kwargs
        Its arguments.
    flattener : Flattener
        What made the key.
    index : int
        The index of the entry in the key.
    """
    entries: list[Any] = [len(args), tuple(kwargs)]
    memo: dict[int, Any] = {}
    named: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
    name: int | str = 0
    for name, value in named:  # noqa: B007
        flattener.flatten((value,), [], entries, memo)
        if len(entries) > index:
            break
    if isinstance(name, str):
        return f"argument {name!r}"
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # many functions written in C have no signature
        parameters = []
    if name < len(parameters) and parameters[name].kind is not inspect.Parameter.VAR_POSITIONAL:
        return f"argument {parameters[name].name!r}"
    return f"argument number {name + 1}"


def _stacklevel_of_caller() -> int:
    """Return the `stacklevel`, for the caller of this, of the first frame outside this package."""
    package = os.path.dirname(__file__)
    level, frame = 1, get_frame(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        level, frame = level + 1, frame.f_back
    return level
