"""What both libraries' sides have in common: one version for each description of arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from core.autojit.cache import Cache, Key
from core.autojit.changes import Changes, argument
from core.autojit.codec import Codec


@dataclass(frozen=True, slots=True)
class Options:
    """How a function is compiled; see `autojit`."""

    name: str
    maxsize: int = 128
    dynamic_scalars: bool = False
    compile_options: dict[str, Any] | None = None


class Quick(NamedTuple):
    """What the quickest way through a call needs to know."""

    leaf: type
    """The type of nearly every array."""
    box: Any
    """What holds a result that has to be built."""
    arrays_only: Any
    """The version for arguments that are all arrays."""
    write: Any
    """Takes arguments apart."""
    versions: dict[Key, Any]
    dynamic: Any
    """Calls a version whose numbers are traced; None where they are not."""


class Compiled(ABC):
    """A function that is compiled once for each description of its arguments."""

    def __init__(
        self, function: Callable[..., Any], options: Options, codec: Codec, traced: str
    ) -> None:
        self.function = function
        self.options = options
        self.codec = codec
        self.cache = Cache(options.maxsize)
        self.changes = Changes(options.name, traced, options.dynamic_scalars)

    @abstractmethod
    def make(self, key: Key) -> Any:
        """Return a compiled version for arguments that `key` describes."""

    @abstractmethod
    def run(
        self, key: Key, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call the version for arguments that were taken apart already."""

    def version(
        self,
        key: Key,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        origin: Callable[[int], int] = int,
    ) -> Any:
        """Return the compiled version for these arguments, made if it is not there.

        `origin` tells where a token of `key` stands in the description that `codec` gives.
        """
        version = self.cache.entries.get(key)
        if version is None:
            version = self.cache.add(key, self.make)
            described = partial(argument, self.function, args, kwargs, self.codec)
            self.changes.compiled_for(key, lambda place: described(origin(place)))
        return version

    def clear_cache(self) -> None:
        """Forget every compiled version."""
        self.cache.clear()


def described(codec: Codec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Key, list[Any]]:
    """Return the description of arguments, and the leaves."""
    leaves: list[Any] = []
    memo: dict[int, Any] = {}
    tokens: list[Any] = [len(args), tuple(kwargs)]
    codec.write(args, leaves, tokens, memo)
    if kwargs:
        codec.write(kwargs.values(), leaves, tokens, memo)
    return tuple(tokens), leaves
