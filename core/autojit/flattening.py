"""Flatten the arguments of a call into arrays and a key, and rebuild them around other arrays.

The key contains the contents of lists, dicts and objects. Calls whose arguments differ in their
arrays alone have equal keys, and a key is enough to rebuild the arguments. Objects without known
contents, such as functions and locks, are compared by identity.
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
)
from math import isnan
from typing import Any

import numpy as np

from core.autojit.keys import (
    FOREIGN_ARRAY,
    LEAF,
    REPEATED,
    SCALAR_LEAF,
    VALUE_TYPES,
    IdentityKey,
    Key,
    WeakIdentityKey,
)
from core.autojit.objects import codec_of
from core.autojit.type_codec import Entries, LeafIterator, Leaves, Memo, Rebuilt, TypeCodec
from core.typing import Array

Flatten = Callable[[Any, Any, Leaves, Entries, Memo], None]

_MAX_TYPES = 4096

SCALAR_TYPES = frozenset({float, complex, np.float32, np.float64, np.complex64, np.complex128})
"""Types of the numbers that are traced with ``dynamic_scalars=True``."""


class Flattener:
    """Flattens and rebuilds values of any type.

    Parameters
    ----------
    leaf_type : type
        The type of nearly all arrays.
    is_leaf_type : callable
        Returns whether objects of a type are arrays.
    consume : bool
        Whether iterators are exhausted and described by their items. By default they are compared
        by identity.
    scalars : bool
        Whether floating-point and complex numbers are leaves too, Python's and NumPy's.
    is_foreign_type : callable, optional
        Returns whether objects of a type are arrays whose contents are ignored. The key
        contains a marker for each.
    """

    __slots__ = (
        "consume",
        "flatten_functions",
        "hashable",
        "is_foreign_type",
        "is_leaf_type",
        "leaf_type",
        "scalars",
    )

    def __init__(
        self,
        leaf_type: type,
        is_leaf_type: Callable[[type], bool],
        *,
        consume: bool = False,
        scalars: bool = False,
        is_foreign_type: Callable[[type], bool] | None = None,
    ) -> None:
        self.leaf_type = leaf_type
        self.is_leaf_type = is_leaf_type
        self.consume = consume
        self.scalars = scalars
        self.is_foreign_type = is_foreign_type
        self.flatten_functions: dict[type, Flatten] = {}
        self.hashable: Flattener = self
        """The flattener of keys of dicts and elements of sets, whose numbers are not leaves."""
        if scalars:
            self.hashable = Flattener(
                leaf_type, is_leaf_type, consume=consume, is_foreign_type=is_foreign_type
            )

    def flatten(self, values: Iterable[Any], leaves: Leaves, entries: Entries, memo: Memo) -> None:
        """Append the arrays in `values` to `leaves`, and the rest to `entries`.

        Each call of a compiled function does this. Appending to the same lists is faster than
        returning lists of nested values and concatenating them.
        """
        leaf_type, value_types = self.leaf_type, VALUE_TYPES
        for x in values:
            cls = type(x)
            if cls is leaf_type:
                leaves.append(x)
                entries.append(LEAF)
            elif cls in value_types:
                entries.append(cls)
                entries.append(x)
            elif cls is float:
                if self.scalars:
                    leaves.append(x)
                    entries.append(SCALAR_LEAF)
                    continue
                # 0.0 equals -0.0 without being the same, and NaN does not equal itself.
                entries.append(float)
                entries.append(x if x and not isnan(x) else repr(x))
            else:
                flatten = self.flatten_functions.get(cls)
                if flatten is None:
                    flatten = self._flatten_function(x)
                flatten(self, x, leaves, entries, memo)

    def _flatten_function(self, x: Any) -> Flatten:
        cls = type(x)
        flatten: Flatten
        if self.is_leaf_type(cls):
            flatten = _flatten_leaf
        elif self.is_foreign_type is not None and self.is_foreign_type(cls):
            flatten = _flatten_foreign
        elif self.scalars and cls in SCALAR_TYPES:
            flatten = _flatten_scalar
        else:
            flatten = codec_of(x, consume=self.consume).flatten
        if len(self.flatten_functions) >= _MAX_TYPES:  # a program may create classes endlessly
            self.flatten_functions.clear()
        self.flatten_functions[cls] = flatten
        return flatten

    def unflatten(self, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt) -> Any:
        """Return the next value that `entries` describe, with its arrays from `leaves`."""
        entry = next(entries)
        if entry is LEAF or entry is SCALAR_LEAF:
            return next(leaves)
        cls = type(entry)
        if cls is IdentityKey or cls is WeakIdentityKey:
            return entry.value
        if isinstance(entry, TypeCodec):
            return entry.unflatten(self, entries, leaves, rebuilt)
        if entry is REPEATED:
            return rebuilt[next(entries)]
        value = next(entries)
        return float(value) if entry is float else value

    def flatten_arguments(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Key, Leaves]:
        """Return the key of a call's arguments, and their leaves."""
        leaves: Leaves = []
        memo: Memo = {}
        entries: Entries = [len(args), tuple(kwargs)]
        self.flatten(args, leaves, entries, memo)
        if kwargs:
            self.flatten(kwargs.values(), leaves, entries, memo)
        return tuple(entries), leaves

    def flatten_result(self, result: Any) -> tuple[Key, Leaves]:
        """Return the entries of a function's result, and its leaves."""
        leaves: Leaves = []
        entries: Entries = []
        self.flatten((result,), leaves, entries, {})
        return tuple(entries), leaves

    def unflatten_arguments(
        self, key: Key, leaves: Iterable[Array]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return the positional and the keyword arguments that a key describes."""
        entries, remaining, rebuilt = iter(key), iter(leaves), list[Any]()
        count, names = next(entries), next(entries)
        args = [self.unflatten(entries, remaining, rebuilt) for _ in range(count)]
        kwargs = {name: self.unflatten(entries, remaining, rebuilt) for name in names}
        return args, kwargs


def with_listed_items(result: Any) -> Any:
    """Return the result of a function; an iterator is replaced by one over a list of its items.

    Raises
    ------
    TypeError
        The function is asynchronous, so that its code would run after it was traced.
    """
    if isinstance(result, Coroutine | AsyncGenerator):
        if isinstance(result, Coroutine):
            result.close()
        raise TypeError(
            f"autojit cannot compile a function that returns a {type(result).__name__}: move the "
            "computation into a function without await, and compile that"
        )
    return iter(list(result)) if isinstance(result, Iterator) else result


def _flatten_leaf(_: Any, x: Any, leaves: Leaves, entries: Entries, __: Memo) -> None:
    leaves.append(x)
    entries.append(LEAF)


def _flatten_scalar(_: Any, x: Any, leaves: Leaves, entries: Entries, __: Memo) -> None:
    leaves.append(x)
    entries.append(SCALAR_LEAF)


def _flatten_foreign(_: Any, __: Any, ___: Leaves, entries: Entries, ____: Memo) -> None:
    entries.append(FOREIGN_ARRAY)
