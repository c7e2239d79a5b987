"""Takes arguments apart into arrays and a flat, hashable description of all the rest.

The description (its parts are called tokens) holds the contents of lists, dicts and objects, so
that two calls have equal descriptions where nothing but their arrays differs, and it is enough
to build the arguments again around other arrays. It knows objects without known contents, such
as functions and locks, by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import isnan
from typing import Any

import numpy as np

from core.autojit.kind import Kind, Memo, Tokens, Write
from core.autojit.objects import kind_of
from core.autojit.tokens import ATOMS, FOREIGN, LEAF, SAME, SCALAR, ById, WeakById

_LIMIT = 4096
_NUMBERS = frozenset({complex, np.float32, np.float64, np.complex64, np.complex128})


class Codec:
    """Knows what an array is; takes arguments apart and puts them together.

    Parameters
    ----------
    leaf : type
        The type of nearly every array.
    is_leaf : callable
        Says of a type whether it is one of an array.
    consume : bool
        Whether iterators are exhausted and stand for their items; otherwise they are known by
        identity.
    scalars : bool
        Whether floats and complex numbers are leaves as well, Python's and NumPy's.
    is_foreign : callable, optional
        Says of a type whether it is one of another library's array, at whose contents nobody is to
        look: the description only says that there is one.
    """

    __slots__ = ("consume", "hashed", "is_foreign", "is_leaf", "leaf", "scalars", "writers")

    def __init__(
        self,
        leaf: type,
        is_leaf: Callable[[type], bool],
        *,
        consume: bool = False,
        scalars: bool = False,
        is_foreign: Callable[[type], bool] | None = None,
    ) -> None:
        self.leaf = leaf
        self.is_leaf = is_leaf
        self.consume = consume
        self.scalars = scalars
        self.is_foreign = is_foreign
        self.writers: dict[type, Write] = {}
        self.hashed: Codec = self
        """The same for what is hashed, keys and elements of sets, where numbers are no leaves."""
        if scalars:
            self.hashed = Codec(leaf, is_leaf, consume=consume, is_foreign=is_foreign)

    def write(self, items: Iterable[Any], leaves: list[Any], tokens: Tokens, memo: Memo) -> None:
        """Append the arrays within `items` to `leaves` and the rest to `tokens`."""
        leaf, atoms, writers = self.leaf, ATOMS, self.writers
        for x in items:
            cls = type(x)
            if cls is leaf:
                leaves.append(x)
                tokens.append(LEAF)
            elif cls in atoms:
                tokens.append(cls)
                tokens.append(x)
            elif cls is float:
                if self.scalars:
                    leaves.append(x)
                    tokens.append(SCALAR)
                    continue
                # Equal floats are not always the same: 0.0 and -0.0; and NaN is never equal.
                tokens.append(float)
                tokens.append(x if x and not isnan(x) else repr(x))
            else:
                write = writers.get(cls)
                if write is None:
                    write = self._writer(x)
                write(self, x, leaves, tokens, memo)

    def _writer(self, x: Any) -> Write:
        cls = type(x)
        write: Write
        if self.is_leaf(cls):
            write = _write_leaf
        elif self.is_foreign is not None and self.is_foreign(cls):
            write = _write_foreign
        elif self.scalars and cls in _NUMBERS:
            write = _write_scalar
        else:
            write = kind_of(x, self.consume).write
        if len(self.writers) >= _LIMIT:  # a program that makes classes without end
            self.writers.clear()
        self.writers[cls] = write
        return write

    def read(self, stream: Iterator[Any], leaves: Iterator[Any], memo: list[Any]) -> Any:
        """Return the next object that `stream` describes, with its arrays from `leaves`."""
        token = next(stream)
        if token is LEAF or token is SCALAR:
            return next(leaves)
        cls = type(token)
        if cls is ById or cls is WeakById:
            return token.value
        if cls is Kind:
            return token.read(self, stream, leaves, memo)
        if token is SAME:
            return memo[next(stream)]
        value = next(stream)
        return float(value) if token is float else value


def settled(result: Any) -> Any:
    """Return what a function returned; an iterator as one that has its items already."""
    return iter(list(result)) if isinstance(result, Iterator) else result


def _write_leaf(_: Codec, x: Any, leaves: list[Any], tokens: Tokens, __: Memo) -> None:
    leaves.append(x)
    tokens.append(LEAF)


def _write_scalar(_: Codec, x: Any, leaves: list[Any], tokens: Tokens, __: Memo) -> None:
    leaves.append(x)
    tokens.append(SCALAR)


def _write_foreign(_: Codec, __: Any, ___: list[Any], tokens: Tokens, ____: Memo) -> None:
    tokens.append(FOREIGN)
