"""Codecs of objects of any class: by attributes, by what pickling needs, or by identity."""

from __future__ import annotations

import copyreg
import enum
import functools
import types
from collections.abc import Iterator
from keyword import iskeyword
from operator import attrgetter
from typing import Any

import numpy as np

from core.autojit.containers import CONTAINER_CODECS
from core.autojit.keys import IdentityKey
from core.autojit.numpy_codecs import NUMPY_ARRAY, NUMPY_DTYPE, NUMPY_SCALAR
from core.autojit.type_codec import (
    Entries,
    Flattening,
    LeafIterator,
    Leaves,
    Matching,
    Memo,
    Rebuilt,
    TypeCodec,
    Unmatchable,
    is_repeated,
)

_NEW = copyreg.__newobj__  # type: ignore[attr-defined]

_CODECS = {**CONTAINER_CODECS, np.ndarray: NUMPY_ARRAY}

IDENTITY_TYPES = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    np.ufunc,
    enum.Enum,
)
"""Types whose objects are always compared by identity."""

_ITERATOR_MODULES = ("builtins", "itertools")
"""Modules whose iterators consist of their items, unlike files for example."""


def codec_of(x: Any, *, consume: bool) -> TypeCodec:
    """Return the codec of all objects of the class of `x`; see `Flattener` for `consume`."""
    cls: Any = type(x)
    if cls in _CODECS:
        return _CODECS[cls]
    if consume and cls.__module__ in _ITERATOR_MODULES and isinstance(x, Iterator):
        return _ITERATOR
    if cls is object or isinstance(x, IDENTITY_TYPES):
        return _IDENTITY
    if isinstance(x, np.dtype):
        return NUMPY_DTYPE
    if isinstance(x, np.generic):
        return NUMPY_SCALAR
    if isinstance(x, tuple) and hasattr(cls, "_fields") and not hasattr(x, "__dict__"):
        return _named_tuple_codec(cls)
    return _attributes_codec(cls) if _is_only_attributes(x) else _REDUCED


class _IdentityCodec(TypeCodec):
    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        entries.append(IdentityKey(x))


class _IteratorCodec(TypeCodec):
    """The codec of iterators, which are replaced by iterators over the same items."""

    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        if not is_repeated(x, entries, memo):
            items = list(x)
            entries.append(self)
            entries.append(len(items))
            flattener.flatten(items, leaves, entries, memo)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        number = len(rebuilt)
        rebuilt.append(None)
        count = next(entries)
        rebuilt[number] = iter(
            [flattener.unflatten(entries, leaves, rebuilt) for _ in range(count)]
        )
        return rebuilt[number]


class _ReducedCodec(TypeCodec):
    """The codec of objects that ``__reduce_ex__`` describes; others are compared by identity."""

    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        try:
            reduced = x.__reduce_ex__(4)
        except Exception:
            reduced = ""
        if isinstance(reduced, str):
            entries.append(IdentityKey(x))
            return
        if is_repeated(x, entries, memo):
            return
        function, args, state, items, pairs, setstate = (*reduced, None, None, None, None)[:6]
        entries.append(self)
        parts = (
            function,
            args,
            state,
            list(items) if items is not None else (),
            list(pairs) if pairs is not None else (),
            setstate,
        )
        flattener.flatten(parts, leaves, entries, memo)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        number = len(rebuilt)
        rebuilt.append(None)
        function, args = (flattener.unflatten(entries, leaves, rebuilt) for _ in range(2))
        result = rebuilt[number] = function(*args)
        state, items, pairs, setstate = (
            flattener.unflatten(entries, leaves, rebuilt) for _ in range(4)
        )
        if setstate is not None:
            setstate(result, state)
        elif state is not None:
            _set_state(result, state)
        if items:
            result.extend(items)
        for key, value in pairs:
            result[key] = value
        return result


def _set_state(x: Any, state: Any) -> None:
    """Restore the state of `x` as pickle does."""
    if hasattr(x, "__setstate__"):
        x.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    x.__dict__.update(attributes or {})
    for name, value in (slots or {}).items():
        object.__setattr__(x, name, value)


class _NamedTupleCodec(TypeCodec):
    __slots__ = ("cls", "length")

    def __init__(self, cls: Any) -> None:
        super().__init__(cls.__qualname__)
        self.cls = cls
        self.length = len(cls._fields)

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        entries.append(self)
        flattener.flatten(x, leaves, entries, memo)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        items = [flattener.unflatten(entries, leaves, rebuilt) for _ in range(self.length)]
        return tuple.__new__(self.cls, items)

    def match(self, matcher: Matching, value: str) -> None:
        matcher.require(f"type({value}) is {matcher.constant(self.cls)}")
        for item in matcher.unpack(value, self.length):
            matcher.match(item)


class _AttributesCodec(TypeCodec):
    """The codec of a class whose objects consist of their slots and their ``__dict__``."""

    __slots__ = ("all_slots", "cls", "has_dict", "may_be_singleton", "slots")

    def __init__(self, cls: type) -> None:
        super().__init__(cls.__qualname__)
        self.cls = cls
        self.slots = _slot_names(cls)
        self.all_slots = attrgetter(*self.slots) if len(self.slots) > 1 else None
        self.has_dict = cls.__dictoffset__ != 0
        has_new = getattr(cls, "__new__", None) is not object.__new__
        self.may_be_singleton = has_new and not self.slots

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        if self.may_be_singleton and not (self.has_dict and x.__dict__) and _is_returned_by_new(x):
            entries.append(IdentityKey(x))
            return
        if is_repeated(x, entries, memo):
            return
        entries.append(self)
        if self.has_dict:
            attributes = x.__dict__
            entries.append(tuple(attributes))
            flattener.flatten(attributes.values(), leaves, entries, memo)
        slots = self.slots
        if slots:
            try:
                values = (
                    self.all_slots(x) if self.all_slots is not None else (getattr(x, slots[0]),)
                )
                entries.append(slots)
            except AttributeError:  # some are unset
                names = tuple(name for name in slots if hasattr(x, name))
                values = tuple(getattr(x, name) for name in names)
                entries.append(names)
            flattener.flatten(values, leaves, entries, memo)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        result: Any = object.__new__(self.cls)
        rebuilt.append(result)
        if self.has_dict:
            attributes = result.__dict__  # not through `__setattr__`: the class may be frozen
            for name in next(entries):
                attributes[name] = flattener.unflatten(entries, leaves, rebuilt)
        if self.slots:
            for name in next(entries):
                object.__setattr__(result, name, flattener.unflatten(entries, leaves, rebuilt))
        return result

    def match(self, matcher: Matching, value: str) -> None:
        matcher.require(f"type({value}) is {matcher.constant(self.cls)}")
        matcher.require_distinct(value, self.cls)
        names = matcher.next_entry() if self.has_dict else ()
        if self.may_be_singleton and not names:
            raise Unmatchable  # it may be compared by identity
        if self.has_dict:
            attributes = matcher.variable(f"{value}.__dict__")
            for found, name in zip(matcher.unpack(attributes, len(names)), names, strict=True):
                matcher.require(f"{found} == {matcher.constant(name)}")
            for name in names:
                matcher.match(matcher.variable(f"{attributes}[{matcher.constant(name)}]"))
        if self.slots:
            if matcher.next_entry() != self.slots or any(map(iskeyword, self.slots)):
                raise Unmatchable
            for name in self.slots:
                matcher.match(matcher.variable(f"{value}.{name}"))


# Shared by all flatteners, so that these make equal keys of equal arguments.
@functools.lru_cache(maxsize=4096)
def _named_tuple_codec(cls: Any) -> TypeCodec:
    return _NamedTupleCodec(cls)


@functools.lru_cache(maxsize=4096)
def _attributes_codec(cls: Any) -> TypeCodec:
    return _AttributesCodec(cls)


def _is_only_attributes(x: Any) -> bool:
    """Return whether copying the attributes of `x` to a new object of its class copies `x`."""
    cls = type(x)
    if cls in copyreg.dispatch_table or (
        hasattr(cls, "__setstate__") and not _is_pickled_by_dataclasses(cls)
    ):
        return False
    for name in ("__reduce_ex__", "__reduce__", "__getstate__"):
        if getattr(cls, name) is not getattr(object, name) and not (
            name == "__getstate__" and _is_pickled_by_dataclasses(cls)
        ):
            return False
    try:
        reduced: Any = object.__reduce_ex__(x, 4)
        function, args, _, items, pairs = reduced
        object.__new__(cls)
    except (TypeError, ValueError):
        return False
    return function is _NEW and args == (cls,) and items is None and pairs is None


def _is_pickled_by_dataclasses(cls: type) -> bool:
    """Return whether :mod:`dataclasses` generated the pickling methods of `cls`."""
    return getattr(getattr(cls, "__getstate__", None), "__module__", "") == "dataclasses"


def _is_returned_by_new(x: Any) -> bool:
    """Return whether creating an object of the class of `x`, as pickle does, returns `x`."""
    cls: Any = type(x)
    try:
        return cls.__new__(cls) is x
    except Exception:  # it may require arguments, for example
        return False


def _slot_names(cls: type) -> tuple[str, ...]:
    found = []
    for base in cls.__mro__:
        names = base.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name not in ("__dict__", "__weakref__"):
                private = name.startswith("__") and not name.endswith("__")
                found.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(found)


_IDENTITY = _IdentityCodec("IDENTITY")
_ITERATOR = _IteratorCodec("ITERATOR")
_REDUCED = _ReducedCodec("REDUCED")
