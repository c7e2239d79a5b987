"""Search for references to callables whose code cannot be replaced, and their replacement."""

from __future__ import annotations

import functools
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CellType, FunctionType, ModuleType
from typing import Any


class Wrapper:
    """A callable that wraps another one: it calls a replacement and is like it in all else.

    Parameters
    ----------
    wrapped : callable
        The callable that is wrapped.
    replacement : callable
        What is called.
    """

    def __init__(self, wrapped: Any, replacement: Callable[..., Any]) -> None:
        self.__wrapped__ = wrapped
        self._replacement = replacement

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the replacement."""
        __tracebackhide__ = True
        return self._replacement(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the wrapped callable."""
        return getattr(self.__wrapped__, name)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind to `instance` if the wrapped callable does."""
        if instance is None or not hasattr(type(self.__wrapped__), "__get__"):
            return self
        return functools.partial(self, instance)

    def __eq__(self, other: object) -> bool:
        """Return whether `other` is this wrapper or the wrapped callable."""
        return other is self.__wrapped__ or other is self

    def __hash__(self) -> int:
        """Return the hash of the wrapped callable."""
        return hash(self.__wrapped__)

    def __repr__(self) -> str:
        """Return the representation of the wrapped callable."""
        return repr(self.__wrapped__)


Wrappers = Mapping[int, Wrapper]
"""Wrappers by the ids of the callables that they wrap."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a callable, or to a container of it, that can be changed.

    Parameters
    ----------
    assign : callable
        Changes the reference to its argument.
    original, replacement : object
        The present object and the one to refer to instead.
    """

    assign: Callable[[Any], None]
    original: Any
    replacement: Any


@contextmanager
def references_replaced(references: Iterable[Reference]) -> Iterator[None]:
    """Change the references inside the context and restore them at its end."""
    replaced: list[Reference] = []
    try:
        for reference in references:
            reference.assign(reference.replacement)
            replaced.append(reference)
        yield
    finally:
        for reference in reversed(replaced):
            reference.assign(reference.original)


def references_in_modules(wrappers: Wrappers) -> list[Reference]:
    """Return the attributes of all imported modules that refer to wrapped callables."""
    references = []
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            names = vars(module)
            for name, value in list(names.items()):
                if id(value) in wrappers and not name.startswith("__"):
                    assign = functools.partial(names.__setitem__, name)
                    references.append(Reference(assign, value, wrappers[id(value)]))
    return references


def references_in(root: Any, wrappers: Wrappers, module: str) -> list[Reference]:
    """Return the references to wrapped callables in `root`, a container, and inside its items.

    Parameters
    ----------
    root : dict, list or other container
        Where the search starts.
    wrappers : mapping of int to Wrapper
        The callables to search for.
    module : str
        The name of the test's module. Functions and objects of other modules are not searched.
    """
    search = _Search(wrappers, module)
    search.visit(root)
    return search.references


class _Search:
    """A recursive search of containers; tuples are rebuilt, all others are changed in place."""

    def __init__(self, wrappers: Wrappers, module: str) -> None:
        self.wrappers = wrappers
        self.module = module
        self.references: list[Reference] = []
        self.visited: dict[int, Any] = {}  # keeps the values, so that no id is used twice

    def visit(self, value: Any) -> Any:
        """Return the object to refer to instead of `value`: usually `value` itself."""
        if id(value) in self.wrappers:
            return self.wrappers[id(value)]
        if id(value) in self.visited:
            return value
        visitor = self._visitor(value)
        if visitor is None:
            return value
        self.visited[id(value)] = value
        return visitor(value)

    def _visitor(self, value: Any) -> Callable[[Any], Any] | None:
        if isinstance(value, tuple | frozenset):
            return self._immutable
        if isinstance(value, dict):
            return self._dict
        if isinstance(value, list | deque):
            return self._list
        if isinstance(value, set):
            return self._set
        if isinstance(value, functools.partial):
            return self._partial
        if isinstance(value, staticmethod | classmethod):
            return self._method
        if isinstance(value, FunctionType):
            return self._function if value.__module__ == self.module else None
        if isinstance(value, type):  # attributes of classes refer to functions without their tag
            return None
        return self._object if type(value).__module__ == self.module else None

    def _visit_reference(self, assign: Callable[[Any], None], original: Any) -> None:
        replacement = self.visit(original)
        if replacement is not original:
            self.references.append(Reference(assign, original, replacement))

    def _immutable(self, value: Any) -> Any:
        old = list(value)
        new = [self.visit(item) for item in old]
        if all(a is b for a, b in zip(old, new, strict=True)):
            return value
        create = getattr(type(value), "_make", type(value))  # classes of named tuples take no list
        return create(new)

    def _dict(self, value: dict[Any, Any]) -> Any:
        for key, item in list(value.items()):
            self._visit_reference(functools.partial(value.__setitem__, key), item)
        keys = [self.visit(key) for key in value]
        if any(a is not b for a, b in zip(keys, value, strict=True)):
            old = list(value.items())
            new = [(key, self.visit(item)) for key, (_, item) in zip(keys, old, strict=True)]
            assign = functools.partial(_assign_items, value)
            self.references.append(Reference(assign, old, new))
        return value

    def _list(self, value: Any) -> Any:
        for i, item in enumerate(value):
            self._visit_reference(functools.partial(value.__setitem__, i), item)
        return value

    def _set(self, value: set[Any]) -> Any:
        old, new = list(value), [self.visit(item) for item in value]
        if any(a is not b for a, b in zip(old, new, strict=True)):
            assign = functools.partial(_assign_elements, value)
            self.references.append(Reference(assign, old, new))
        return value

    def _partial(self, value: functools.partial[Any]) -> Any:
        parts = (value.func, value.args, value.keywords)
        new = (self.visit(value.func), self.visit(value.args), self.visit(value.keywords))
        if all(a is b for a, b in zip(parts, new, strict=True)):
            return value
        return functools.partial(new[0], *new[1], **new[2])

    def _method(self, value: Any) -> Any:
        function = self.visit(value.__func__)
        return value if function is value.__func__ else type(value)(function)

    def _function(self, value: FunctionType) -> Any:
        for cell in value.__closure__ or ():
            self._cell(cell)
        for name in ("__defaults__", "__kwdefaults__", "__wrapped__"):
            assign = functools.partial(setattr, value, name)
            self._visit_reference(assign, getattr(value, name, None))
        return value

    def _cell(self, cell: CellType) -> None:
        try:
            contents = cell.cell_contents
        except ValueError:  # the variable has no value yet
            return
        self._visit_reference(functools.partial(setattr, cell, "cell_contents"), contents)

    def _object(self, value: Any) -> Any:
        self.visit(getattr(value, "__dict__", None))
        for cls in type(value).__mro__:
            slots = vars(cls).get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if hasattr(value, name):
                    # Attributes of frozen dataclasses can only be set like this.
                    assign = functools.partial(object.__setattr__, value, name)
                    self._visit_reference(assign, getattr(value, name))
        return value


def _assign_items(value: dict[Any, Any], items: list[tuple[Any, Any]]) -> None:
    value.clear()
    value.update(items)


def _assign_elements(value: set[Any], elements: list[Any]) -> None:
    value.clear()
    value.update(elements)
