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


class Graph:
    """A node and those that lead to it, which `ascend` returns, while they are pickled or copied.

    Between the two markers nodes are written with their values, so that each finds its operands in
    the pickler's memo. If writing fails in between, the pickler drops this object, and the weak
    reference tells that the thread no longer is between markers.
    """

    def __init__(self, node: Any = None, ascend: Any = None) -> None:
        self.node = node
        self.ascend = ascend

    def __reduce__(self) -> tuple[Any, ...]:
        items = [_Marker(weakref.ref(self)), *self.ascend(self.node), _Marker(None)]
        return Graph, (), None, iter(items)

    def append(self, item: Any) -> None:
        self.node = self.node if item is None else item

    def extend(self, items: Iterable[Any]) -> None:
        for item in items:
            self.append(item)


class _Marker:
    """The start or the end of a graph's nodes: takes effect when written, is read as None."""

    def __init__(self, graph: weakref.ref[Graph] | None) -> None:
        self.graph = graph

    def __reduce__(self) -> tuple[Any, ...]:
        _state.graph = self.graph
        return type(None), ()


def node_of(graph: Graph) -> Any:
    """Return the node of a graph."""
    return graph.node
