"""Nodes of the graph: an operation, what it is applied to, and what is known of its result."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import Any, TypeAlias

from core.lazy.operation import DATA, VARIABLE, Operation
from core.lazy.sharing import open_contexts, share
from core.lazy.spec import Spec

Specs: TypeAlias = "Spec | tuple[Spec, ...]"
_new = object.__new__


class Node:
    """One operation of the graph.

    A node is a leaf (a variable, or an array that is there) or an operation on other nodes. Only
    a traced array has a shape; an operation with several results is a node whose items are.

    A node never changes, except that it may be computed: then `_data` is set first and `_args`
    and `_kwargs` are let go, so a reader in another thread takes `_args` first and then looks
    whether there is `_data`.
    """

    __slots__ = ("__weakref__", "_args", "_data", "_kwargs", "_op", "_spec")

    _op: Operation
    _args: tuple[Any, ...]
    _kwargs: dict[str, Any] | None
    _data: Any
    _spec: Any

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments of the operation; empty for a leaf."""
        args = self._args
        return () if self._data is not None else args

    @property
    def kwargs(self) -> dict[str, Any]:
        """The keyword arguments of the operation; empty for a leaf."""
        kwargs = self._kwargs
        return {} if self._data is not None or kwargs is None else dict(kwargs)

    @property
    def deps(self) -> tuple[Node, ...]:
        """The nodes that this one is computed from, each once, in the order of the arguments."""
        args, kwargs = self._args, self._kwargs
        if self._data is not None:
            return ()
        return dependencies(args, kwargs)

    @property
    def is_leaf(self) -> bool:
        """Whether this is a variable or an array that is there."""
        return self._data is not None or self._op is VARIABLE

    @property
    def fn_name(self) -> str:
        """The standard's name of the operation, such as ``"linalg.svd"``; "None" for a leaf."""
        return "None" if self.is_leaf else self._op.name

    @property
    def specs(self) -> tuple[Spec, ...]:
        """What is known of each of the operation's results."""
        return self._spec if isinstance(self._spec, tuple) else (self._spec,)

    @property
    def backend(self) -> str | None:
        """The name of the array library, or None if it is not known yet."""
        return self.specs[0].backend if self.specs else None

    def settle(self, data: Any) -> None:
        """Make this a leaf that holds its computed value."""
        self._data = data
        self._args, self._kwargs = (), None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.fn_name}>"

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if _inside():
            return _restore, (type(self), *self._state())
        return _last, (_History(self),)

    def _state(self) -> tuple[Any, ...]:
        args, kwargs = self._args, self._kwargs
        if self._data is not None:
            return DATA, (), None, self._data, self._spec
        return self._op, args, kwargs, None, self._spec


def record(
    cls: type[Any], op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any] | None, spec: Specs
) -> Any:
    """Make the node of an operation, or return the one that is shared."""
    node = _new(cls)
    node._op = op
    node._args = args
    node._kwargs = kwargs or None
    node._data = None
    node._spec = spec
    return share(node) if open_contexts else node


def dependencies(args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> tuple[Node, ...]:
    """Return the nodes in the arguments of an operation, each once."""
    found: tuple[Node, ...] = ()
    for one in args:
        if isinstance(one, Node):
            if not found or (one is not found[0] and not any(one is node for node in found)):
                found += (one,)
        elif one.__class__ in _CONTAINERS:
            found = _more(found, one)
    return _more(found, kwargs) if kwargs else found


_CONTAINERS = frozenset((tuple, list, dict, slice))


def _more(found: tuple[Node, ...], container: Any) -> tuple[Node, ...]:
    """Add the nodes in nested containers to those that were found."""
    known = {id(node): node for node in found}
    for node in _nodes(container):
        known[id(node)] = node
    return tuple(known.values())


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _nodes(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _nodes(one)
    elif isinstance(value, slice):
        yield from _nodes((value.start, value.stop, value.step))


# Pickling and copying. A graph may be deeper than Python's stack: all nodes that a node needs are
# written before it, in order, so that each finds its operands already written.

_pickling = threading.local()


class _History:
    """A node's graph on its way through `pickle` or `copy`: its nodes, leaves first.

    Between its first and its last item nodes are written as they are. If writing fails in between,
    the history dies with the pickler, and the thread is out of it.
    """

    def __init__(self, node: Node | None = None) -> None:
        self.node = node

    def __reduce__(self) -> tuple[Any, ...]:
        from core.lazy.walk import ascend

        items = [_Mark(weakref.ref(self)), *ascend(self.node), _Mark(None)]
        return _History, (), None, iter(items)

    def append(self, item: Node | None) -> None:
        self.node = self.node if item is None else item

    def extend(self, items: list[Node | None]) -> None:
        for item in items:
            self.append(item)


class _Mark:
    """The beginning or the end of a history; takes effect when it is written, and is None then."""

    def __init__(self, history: weakref.ref[_History] | None) -> None:
        self.history = history

    def __reduce__(self) -> tuple[Any, ...]:
        _pickling.history = self.history
        return _nothing, ()


def _nothing() -> None:
    return None


def _inside() -> bool:
    history = getattr(_pickling, "history", None)
    return history is not None and history() is not None


def _last(history: _History) -> Node:
    assert history.node is not None
    return history.node


def _restore(
    cls: type[Node],
    op: Operation,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None,
    data: Any,
    spec: Specs,
) -> Node:
    node: Node = _new(cls)
    node._op, node._args, node._kwargs, node._data, node._spec = op, args, kwargs, data, spec
    return node
