"""Kinds of objects of any class, by their attributes or by what pickling them would need."""

from __future__ import annotations

import copyreg
import enum
import types
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from core.autojit.containers import BY_TYPE, DTYPE, SCALAR
from core.autojit.kind import Kind, Leaves, Memo, Tokens, seen
from core.autojit.tokens import ById

if TYPE_CHECKING:
    from core.autojit.codec import Codec

IDENTITY, ITERATOR, REDUCED = map(Kind, ["IDENTITY", "ITERATOR", "REDUCED"])

_NEW = copyreg.__newobj__  # type: ignore[attr-defined]

_BY_IDENTITY = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    np.ufunc,
    enum.Enum,
)
_OWN_MODULES = ("builtins", "itertools")
"""Where iterators come from that hold nothing but their items: not files, for one."""


def kind_of(x: Any, consume: bool) -> Kind:
    """Return the kind of all objects of the class of `x`; see `Codec` for `consume`."""
    cls = type(x)
    if cls in BY_TYPE:
        return BY_TYPE[cls]
    if consume and cls.__module__ in _OWN_MODULES and isinstance(x, Iterator):
        return ITERATOR
    if cls is object or isinstance(x, _BY_IDENTITY):
        return IDENTITY
    if isinstance(x, np.dtype):
        return DTYPE
    if isinstance(x, np.generic):
        return SCALAR
    if isinstance(x, tuple) and hasattr(cls, "_fields") and not hasattr(x, "__dict__"):
        return _named_tuple(cls)
    return _attributes(cls) if _is_plain(x) else REDUCED


def _write_identity(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    tokens.append(ById(x))


def _write_iterator(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    if not seen(x, tokens, memo):
        items = list(x)
        tokens.append(ITERATOR)
        tokens.append(len(items))
        codec.write(items, leaves, tokens, memo)


def _read_iterator(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    place = len(memo)
    memo.append(None)
    memo[place] = iter([codec.read(stream, leaves, memo) for _ in range(next(stream))])
    return memo[place]


def _write_reduced(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    """Write what `x` says it can be built from; an object that does not say is only itself."""
    try:
        reduced = x.__reduce_ex__(4)
    except Exception:
        reduced = ""
    if isinstance(reduced, str):
        tokens.append(ById(x))
        return
    if seen(x, tokens, memo):
        return
    function, args, state, items, pairs, setstate = (*reduced, None, None, None, None)[:6]
    tokens.append(REDUCED)
    parts = (
        function,
        args,
        state,
        list(items) if items is not None else (),
        list(pairs) if pairs is not None else (),
        setstate,
    )
    codec.write(parts, leaves, tokens, memo)


def _read_reduced(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    place = len(memo)
    memo.append(None)
    function, args = (codec.read(stream, leaves, memo) for _ in range(2))
    result = memo[place] = function(*args)
    state, items, pairs, setstate = (codec.read(stream, leaves, memo) for _ in range(4))
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
    """Give `x` the state that it had, the way that pickle does."""
    if hasattr(x, "__setstate__"):
        x.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    x.__dict__.update(attributes or {})
    for name, value in (slots or {}).items():
        object.__setattr__(x, name, value)


IDENTITY.write = _write_identity
ITERATOR.write, ITERATOR.read = _write_iterator, _read_iterator
REDUCED.write, REDUCED.read = _write_reduced, _read_reduced


def _named_tuple(cls: type) -> Kind:
    kind = Kind(cls.__qualname__)
    count = range(len(cls._fields))  # type: ignore[attr-defined]

    def write(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
        tokens.append(kind)
        codec.write(x, leaves, tokens, memo)

    def read(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
        return tuple.__new__(cls, [codec.read(stream, leaves, memo) for _ in count])

    kind.write, kind.read = write, read
    return kind


def _is_plain(x: Any) -> bool:
    """Say whether `x` is its attributes and nothing else."""
    cls = type(x)
    if cls in copyreg.dispatch_table or (hasattr(cls, "__setstate__") and not _generated(cls)):
        return False
    for name in ("__reduce_ex__", "__reduce__", "__getstate__"):
        if getattr(cls, name) is not getattr(object, name) and not (
            name == "__getstate__" and _generated(cls)
        ):
            return False
    try:
        reduced: Any = object.__reduce_ex__(x, 4)
        function, args, _, items, pairs = reduced
        object.__new__(cls)
    except (TypeError, ValueError):
        return False
    return function is _NEW and args == (cls,) and items is None and pairs is None


def _generated(cls: type) -> bool:
    """Say whether :mod:`dataclasses` wrote how `cls` is pickled."""
    return getattr(getattr(cls, "__getstate__", None), "__module__", "") == "dataclasses"


def _attributes(cls: type) -> Kind:
    """Return the kind of a class whose objects are their slots and their ``__dict__``."""
    slots = _slots(cls)
    has_dict = cls.__dictoffset__ != 0
    all_slots = attrgetter(*slots) if len(slots) > 1 else None
    kind = Kind(cls.__qualname__)

    def single(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
        if not (has_dict and x.__dict__) and _is_the_only_one(x):
            tokens.append(ById(x))
        else:
            write(codec, x, leaves, tokens, memo)

    def write(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
        if seen(x, tokens, memo):
            return
        tokens.append(kind)
        if has_dict:
            attributes = x.__dict__
            tokens.append(tuple(attributes))
            codec.write(attributes.values(), leaves, tokens, memo)
        if slots:
            try:
                values = all_slots(x) if all_slots is not None else (getattr(x, slots[0]),)
                tokens.append(slots)
            except AttributeError:  # not all of them are set
                names = tuple(name for name in slots if hasattr(x, name))
                values = tuple(getattr(x, name) for name in names)
                tokens.append(names)
            codec.write(values, leaves, tokens, memo)

    def read(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
        result: Any = object.__new__(cls)
        memo.append(result)
        if has_dict:
            attributes = result.__dict__  # past any `__setattr__`: the class may be frozen
            for name in next(stream):
                attributes[name] = codec.read(stream, leaves, memo)
        if slots:
            for name in next(stream):
                object.__setattr__(result, name, codec.read(stream, leaves, memo))
        return result

    own_new = getattr(cls, "__new__", None) is not object.__new__
    kind.write, kind.read = single if own_new and not slots else write, read
    return kind


def _is_the_only_one(x: Any) -> bool:
    """Say whether making an object of the class of `x`, as pickle does, gives `x` itself."""
    cls: Any = type(x)
    try:
        return cls.__new__(cls) is x
    except Exception:  # it asks for arguments, or for something else
        return False


def _slots(cls: type) -> tuple[str, ...]:
    found = []
    for base in cls.__mro__:
        names = base.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name not in ("__dict__", "__weakref__"):
                private = name.startswith("__") and not name.endswith("__")
                found.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(found)
