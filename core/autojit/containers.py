"""Codecs of Python's containers, complex numbers, slices and bound methods."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

from core.autojit.type_codec import (
    Entries,
    Flattening,
    LeafIterator,
    Leaves,
    Matching,
    Memo,
    Rebuilt,
    TypeCodec,
    is_repeated,
)


class _TupleCodec(TypeCodec):
    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        entries.append(self)
        entries.append(len(x))
        flattener.flatten(x, leaves, entries, memo)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        count = next(entries)
        return tuple([flattener.unflatten(entries, leaves, rebuilt) for _ in range(count)])

    def match(self, matcher: Matching, value: str) -> None:
        matcher.require(f"type({value}) is tuple")
        for item in matcher.unpack(value, matcher.next_entry()):
            matcher.match(item)


class _ListCodec(TypeCodec):
    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        if not is_repeated(x, entries, memo):
            entries.append(self)
            entries.append(len(x))
            flattener.flatten(x, leaves, entries, memo)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        result: list[Any] = []
        rebuilt.append(result)
        # Lazily, as an item may be the list itself.
        result.extend(flattener.unflatten(entries, leaves, rebuilt) for _ in range(next(entries)))
        return result

    def match(self, matcher: Matching, value: str) -> None:
        matcher.require(f"type({value}) is list")
        matcher.require_distinct(value, list)
        for item in matcher.unpack(value, matcher.next_entry()):
            matcher.match(item)


class _DictCodec(TypeCodec):
    """The codec of dicts whose keys are all of type ``str``; others are flattened as mappings."""

    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        if is_repeated(x, entries, memo):
            return
        names = tuple(x)
        for name in names:
            if type(name) is not str:  # a dict takes 1, 1.0 and True for the same key
                entries.append(_MAPPING)
                entries.append(len(names))
                flattener.hashable.flatten(names, leaves, entries, memo)
                break
        else:
            entries.append(self)
            entries.append(names)
        flattener.flatten(x.values(), leaves, entries, memo)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        result: dict[Any, Any] = {}
        rebuilt.append(result)
        for name in next(entries):
            result[name] = flattener.unflatten(entries, leaves, rebuilt)
        return result

    def match(self, matcher: Matching, value: str) -> None:
        names = matcher.next_entry()
        matcher.require(f"type({value}) is dict")
        matcher.require_distinct(value, dict)
        for found, name in zip(matcher.unpack(value, len(names)), names, strict=True):
            expected = matcher.constant(name)
            same = f"{found} is {expected}"
            matcher.require(f"{same} or (type({found}) is str and {found} == {expected})")
        for name in names:
            matcher.match(matcher.variable(f"{value}[{matcher.constant(name)}]"))


class _MappingCodec(TypeCodec):
    """The codec of dicts with any keys."""

    __slots__ = ()

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        result: dict[Any, Any] = {}
        rebuilt.append(result)
        count = next(entries)
        keys = [flattener.unflatten(entries, leaves, rebuilt) for _ in range(count)]
        for key in keys:
            result[key] = flattener.unflatten(entries, leaves, rebuilt)
        return result


class _SetCodec(TypeCodec):
    """The codec of ``set`` and ``frozenset``.

    A set has no reliable order, so it is described by the set of its elements' entries. The
    elements are described in order only where that matters: there are arrays among them, or
    objects that other arguments may refer to.
    """

    __slots__ = ("mutable",)

    def __init__(self, name: str, *, mutable: bool) -> None:
        super().__init__(name)
        self.mutable = mutable

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        if self.mutable and is_repeated(x, entries, memo):
            return
        entries.append(self)
        elements: set[tuple[Any, ...]] = set()
        element_leaves: Leaves = []
        objects: Memo = {}
        for element in x:
            found: Entries = []
            flattener.hashable.flatten((element,), element_leaves, found, objects)
            elements.add(tuple(found))
        if element_leaves or objects:
            entries.append(len(x))
            flattener.hashable.flatten(x, leaves, entries, memo)
        else:
            entries.append(frozenset(elements))

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        if not self.mutable:
            return frozenset(_elements(flattener, entries, leaves, rebuilt))
        result: set[Any] = set()
        rebuilt.append(result)
        result.update(_elements(flattener, entries, leaves, rebuilt))
        return result


def _elements(
    flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
) -> Iterator[Any]:
    elements = next(entries)
    if type(elements) is frozenset:
        return (flattener.unflatten(iter(element), leaves, rebuilt) for element in elements)
    return (flattener.unflatten(entries, leaves, rebuilt) for _ in range(elements))


class _FieldsCodec(TypeCodec):
    """The codec of an immutable type whose values are built from some of their attributes."""

    __slots__ = ("build", "cls", "fields")

    def __init__(self, cls: type, fields: tuple[str, ...], build: Callable[..., Any]) -> None:
        super().__init__(cls.__name__.upper())
        self.cls = cls
        self.fields = fields
        self.build = build

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        entries.append(self)
        flattener.flatten([getattr(x, name) for name in self.fields], leaves, entries, memo)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        return self.build(*[flattener.unflatten(entries, leaves, rebuilt) for _ in self.fields])

    def match(self, matcher: Matching, value: str) -> None:
        matcher.require(f"type({value}) is {matcher.constant(self.cls)}")
        for name in self.fields:
            matcher.match(matcher.variable(f"{value}.{name}"))


_MAPPING = _MappingCodec("MAPPING")

CONTAINER_CODECS: dict[type, TypeCodec] = {
    tuple: _TupleCodec("TUPLE"),
    list: _ListCodec("LIST"),
    dict: _DictCodec("DICT"),
    set: _SetCodec("SET", mutable=True),
    frozenset: _SetCodec("FROZENSET", mutable=False),
    slice: _FieldsCodec(slice, ("start", "stop", "step"), slice),
    complex: _FieldsCodec(complex, ("real", "imag"), complex),
    types.MethodType: _FieldsCodec(types.MethodType, ("__func__", "__self__"), types.MethodType),
}
"""The codec of each type of this module."""
