"""Pickling and copying of graphs that are deeper than Python's stack."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from typing import Any

_state = threading.local()


def in_graph() -> bool:
    """Return whether this thread is pickling or copying the nodes of a graph."""
    graph = getattr(_state, "graph", None)
    return graph is not None and graph() is not None


class DeepPickle:
    """Base class of graph nodes whose pickling and copying needs no recursion.

    Before a node, all nodes that lead to it are written in topological order, so that each node
    finds its operands in the pickler's memo.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if in_graph():
            return _restore, (self._plain_class(), *self._values())
        return _root, (_Graph(self),)

    def _plain_class(self) -> type[Any]:
        """Return the class of the restored node."""
        return type(self)

    def _ancestors(self) -> Iterable[Any]:
        """Return all nodes that lead to this one and the node itself, in topological order."""
        raise NotImplementedError

    def _values(self) -> tuple[Any, ...]:
        """Return the arguments for `_set_values` that restore this node."""
        raise NotImplementedError

    def _set_values(self, *values: Any) -> None:
        """Set the attributes of a new node."""
        raise NotImplementedError


class _Graph:
    """The nodes that lead to one node, while they pass through `pickle` or `copy`.

    Between the two markers nodes are written with their values. If writing fails in between, the
    pickler drops this object, and the weak reference tells that the thread no longer is between
    markers.
    """

    def __init__(self, node: Any = None) -> None:
        self.node = node

    def __reduce__(self) -> tuple[Any, ...]:
        items = [_Marker(weakref.ref(self)), *self.node._ancestors(), _Marker(None)]
        return _Graph, (), None, iter(items)

    def append(self, item: Any) -> None:
        self.node = self.node if item is None else item

    def extend(self, items: Iterable[Any]) -> None:
        for item in items:
            self.append(item)


class _Marker:
    """The start or the end of a graph's nodes: takes effect when written, is read as None."""

    def __init__(self, graph: weakref.ref[_Graph] | None) -> None:
        self.graph = graph

    def __reduce__(self) -> tuple[Any, ...]:
        _state.graph = self.graph
        return type(None), ()


def _root(graph: _Graph) -> Any:
    return graph.node


def _restore(cls: type[Any], *values: Any) -> Any:
    node = object.__new__(cls)
    node._set_values(*values)
    return node
