"""Finds who holds callables that cannot be replaced in place, and hands them others."""

from __future__ import annotations

import functools
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CellType, FunctionType, ModuleType
from typing import Any


class StandIn:
    """Is called in place of a callable, and is like it in all other ways."""

    def __init__(self, original: Any, call: Callable[..., Any]) -> None:
        self.__wrapped__ = original
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call what stands in."""
        __tracebackhide__ = True
        return self._call(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Return the attribute of the original."""
        return getattr(self.__wrapped__, name)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Become a method where the original does."""
        if instance is None or not hasattr(type(self.__wrapped__), "__get__"):
            return self
        return functools.partial(self, instance)

    def __eq__(self, other: object) -> bool:
        """Equal the original."""
        return other is self.__wrapped__ or other is self

    def __hash__(self) -> int:
        """Have the hash of the original."""
        return hash(self.__wrapped__)

    def __repr__(self) -> str:
        """Look like the original."""
        return repr(self.__wrapped__)


@dataclass(frozen=True, slots=True)
class Edit:
    """One place where a callable is held, and how to change what it holds."""

    put: Callable[[Any], None]
    old: Any
    new: Any


StandIns = Mapping[int, StandIn]
"""From the ids of callables to what stands in for them."""


@contextmanager
def edited(edits: Iterable[Edit]) -> Iterator[None]:
    """Make the edits inside the context."""
    made: list[Edit] = []
    try:
        for edit in edits:
            edit.put(edit.new)
            made.append(edit)
        yield
    finally:
        for edit in reversed(made):
            edit.put(edit.old)


def in_modules(stand_ins: StandIns) -> list[Edit]:
    """Return the edits of all imported modules' attributes."""
    edits = []
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            names = vars(module)
            for name, value in list(names.items()):
                if id(value) in stand_ins and not name.startswith("__"):
                    new = stand_ins[id(value)]
                    edits.append(Edit(functools.partial(names.__setitem__, name), value, new))
    return edits


def held_by(root: Any, stand_ins: StandIns, home: str) -> list[Edit]:
    """Return the edits of all that `root`, a container, holds.

    Parameters
    ----------
    root : dict, list or other container
        Where to begin.
    stand_ins : mapping of int to StandIn
        What to look for.
    home : str
        The name of the test's module. Functions, classes and objects of other modules are not
        looked into.
    """
    search = _Search(stand_ins, home)
    search.visit(root)
    return search.edits


class _Search:
    """A walk through containers; tuples are built anew, all else is edited."""

    def __init__(self, stand_ins: StandIns, home: str) -> None:
        self.stand_ins = stand_ins
        self.home = home
        self.edits: list[Edit] = []
        self.seen: dict[int, Any] = {}  # values too: no id is used twice

    def visit(self, value: Any) -> Any:
        """Return what is to be held in place of `value`: most often itself."""
        if id(value) in self.stand_ins:
            return self.stand_ins[id(value)]
        if id(value) in self.seen:
            return value
        look = self._way_into(value)
        if look is None:
            return value
        self.seen[id(value)] = value
        return look(value)

    def _way_into(self, value: Any) -> Callable[[Any], Any] | None:
        if isinstance(value, tuple | frozenset):
            return self._rebuilt
        if isinstance(value, dict):
            return self._dict
        if isinstance(value, list | deque):
            return self._list
        if isinstance(value, set):
            return self._set
        if isinstance(value, functools.partial):
            return self._partial
        if isinstance(value, staticmethod | classmethod):
            return self._wrapped
        if isinstance(value, FunctionType):
            return self._function if value.__module__ == self.home else None
        if isinstance(value, type):
            return self._class if value.__module__ == self.home else None
        return self._object if type(value).__module__ == self.home else None

    def _edit(self, put: Callable[[Any], None], old: Any) -> None:
        new = self.visit(old)
        if new is not old:
            self.edits.append(Edit(put, old, new))

    def _rebuilt(self, value: Any) -> Any:
        old = list(value)
        new = [self.visit(item) for item in old]
        if all(a is b for a, b in zip(old, new, strict=True)):
            return value
        make = getattr(type(value), "_make", type(value))  # named tuples take items one by one
        return make(new)

    def _dict(self, value: dict[Any, Any]) -> Any:
        for key, item in list(value.items()):
            self._edit(functools.partial(value.__setitem__, key), item)
        keys = [self.visit(key) for key in value]
        if any(a is not b for a, b in zip(keys, value, strict=True)):
            old = list(value.items())
            new = [(key, self.visit(item)) for key, (_, item) in zip(keys, old, strict=True)]
            self.edits.append(Edit(functools.partial(_refill_dict, value), old, new))
        return value

    def _list(self, value: Any) -> Any:
        for i, item in enumerate(value):
            self._edit(functools.partial(value.__setitem__, i), item)
        return value

    def _set(self, value: set[Any]) -> Any:
        old, new = list(value), [self.visit(item) for item in value]
        if any(a is not b for a, b in zip(old, new, strict=True)):
            self.edits.append(Edit(functools.partial(_refill_set, value), old, new))
        return value

    def _partial(self, value: functools.partial[Any]) -> Any:
        parts = (value.func, value.args, value.keywords)
        new = (self.visit(value.func), self.visit(value.args), self.visit(value.keywords))
        if all(a is b for a, b in zip(parts, new, strict=True)):
            return value
        return functools.partial(new[0], *new[1], **new[2])

    def _wrapped(self, value: Any) -> Any:
        inner = self.visit(value.__func__)
        return value if inner is value.__func__ else type(value)(inner)

    def _function(self, value: FunctionType) -> Any:
        for cell in value.__closure__ or ():
            self._cell(cell)
        for name in ("__defaults__", "__kwdefaults__", "__wrapped__"):
            self._edit(functools.partial(setattr, value, name), getattr(value, name, None))
        return value

    def _cell(self, cell: CellType) -> None:
        try:
            held = cell.cell_contents
        except ValueError:  # empty still
            return
        self._edit(functools.partial(setattr, cell, "cell_contents"), held)

    def _class(self, value: type) -> Any:
        for name, item in list(vars(value).items()):
            if not name.startswith("__"):
                self._edit(functools.partial(setattr, value, name), item)
        return value

    def _object(self, value: Any) -> Any:
        self.visit(getattr(value, "__dict__", None))
        for cls in type(value).__mro__:
            slots = vars(cls).get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if hasattr(value, name):
                    put = functools.partial(object.__setattr__, value, name)
                    self._edit(put, getattr(value, name))
        return value


def _refill_dict(value: dict[Any, Any], items: list[tuple[Any, Any]]) -> None:
    value.clear()
    value.update(items)


def _refill_set(value: set[Any], items: list[Any]) -> None:
    value.clear()
    value.update(items)
