"""Walks through the graph, without recursion: graphs may be deeper than Python's stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from core.lazy.node import Node, dependencies
from core.lazy.tree import leaves


def ascend(lz: Any, stop: Iterable[Node] = ()) -> Iterator[Node]:
    """Visit each node of a graph once, operands before what is computed from them.

    Of the operands of one node the deepest is visited first.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
        The results to ascend to.
    stop : iterable of LazyArray, optional
        Nodes whose own operands are not visited.

    Yields
    ------
    Node

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3,))
    >>> [node.fn_name for node in lazy.ascend(lazy.exp(x) + 1)]
    ['None', 'exp', 'add']
    """
    roots = [leaf for leaf in leaves(lz) if isinstance(leaf, Node)]
    stops = frozenset(map(id, stop))
    order, branching = _postorder(roots, stops, None)
    if branching:
        order, _ = _postorder(roots, stops, depths(order))
    return iter(order)


def _postorder(
    roots: list[Node], stops: frozenset[int], depth: dict[int, int] | None
) -> tuple[list[Node], bool]:
    """Return nodes operands first, and whether the order of operands' subgraphs could matter."""
    finished: dict[int, bool] = {}
    order: list[Node] = []
    branching = False
    stack = roots[::-1]
    while stack:
        node = stack[-1]
        key = id(node)
        state = finished.get(key)
        if state is None:
            finished[key] = False
            args, kwargs = node._args, node._kwargs
            if node._data is None and args and key not in stops:
                deps: Any = args if node._op.flat else dependencies(args, kwargs)
                pending = [dep for dep in deps if isinstance(dep, Node) and id(dep) not in finished]
                if pending:
                    if len(pending) > 1:
                        if depth is not None:
                            pending.sort(key=lambda dep: depth[id(dep)])
                        elif sum([bool(dep._args) for dep in pending]) > 1:
                            branching = True
                        else:
                            pending.reverse()
                    stack += pending
                    continue
        stack.pop()
        if state is not True:
            finished[key] = True
            order.append(node)
    return order, branching


def depths(order: Iterable[Node]) -> dict[int, int]:
    """Return by id the depth of nodes that come operands first: their distance to a leaf."""
    depth: dict[int, int] = {}
    for node in order:
        depth[id(node)] = max([depth.get(id(dep), 0) + 1 for dep in node.deps], default=0)
    return depth


def descend(lz: Any) -> Iterator[Node]:
    """Visit each node of a graph once, starting from the results.

    Use `ascend` where operands must come before what is computed from them.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
        The results to descend from.

    Yields
    ------
    Node
    """
    queue = [leaf for leaf in leaves(lz) if isinstance(leaf, Node)]
    seen: set[int] = set()
    while queue:
        node = queue.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            queue.extend(node.deps[::-1])
