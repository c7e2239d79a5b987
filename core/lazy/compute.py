"""Values of traced arrays, without compiling."""

from __future__ import annotations

from typing import Any

from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import leaves, rebuild
from core.lazy.library import has_adapter, namespace_of
from core.lazy.program import linearize


def compute(lz: Any) -> Any:
    """Return the values of traced arrays.

    The arrays that are asked for become leaves that hold their values: their graph is let go, and
    asking again costs nothing. Whatever they share is computed once.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
        Anything else in the containers stays as it is.

    Returns
    -------
    array, or the same containers of arrays

    Raises
    ------
    ValueError
        They depend on a variable, which has no value.

    Examples
    --------
    >>> import numpy as np
    >>> from core import lazy
    >>> x = lazy.array(np.asarray([1.0, 4.0]))
    >>> lazy.compute({"root": lazy.sqrt(x), "sum": [lazy.sum(x)]})
    {'root': array([1., 2.]), 'sum': [np.float64(5.0)]}
    """
    by_library: dict[str | None, list[Node]] = {}
    for one in leaves(lz):
        if isinstance(one, Node):
            by_library.setdefault(one.backend, []).append(one)
    if None in by_library and len(by_library) > 1:  # those of any library: as the others are
        free = by_library.pop(None)
        next(iter(by_library.values())).extend(free)
    computed: dict[int, Any] = {}
    for backend, nodes in by_library.items():
        computed.update(zip(map(id, nodes), _values(backend, nodes), strict=True))
    return rebuild(lz, lambda one: computed[id(one)] if isinstance(one, Node) else one)


def _values(backend: str | None, nodes: list[Node]) -> list[Any]:
    """Return the values of nodes of one library, which become leaves that hold them."""
    data = [node._data for node in nodes]
    xp = namespace_of(backend) if has_adapter(backend) else namespace_of(*_example(nodes))
    values: list[Any] = linearize((), nodes).run(xp, (), backend or "numpy")
    for node, known, value in zip(nodes, data, values, strict=True):
        if known is not value:
            node.set_data(value)
    return values


def _example(nodes: list[Node]) -> tuple[str | None, Any]:
    """Return the backend and one of its arrays, which tells the namespace of unknown libraries."""
    held = (node for node in ascend(nodes) if node.backend and node._data is not None)
    return next(((node.backend, node._data) for node in held), (None, None))


def compute_constants(lz: Any, variables: Any) -> None:
    """Compute whatever in a graph does not depend on `variables`.

    The largest such parts become leaves that hold their values.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    variables : LazyArray, or nested tuples, lists and dicts of these
        Leaves or other nodes whose values may change.
    """
    varying = {id(one) for one in leaves(variables) if isinstance(one, Node)}
    frontier: dict[int, Node] = {}
    for node in ascend(lz):
        dependent = [dep for dep in node.deps if id(dep) in varying]
        if dependent or (node.is_leaf and node._data is None):
            varying.add(id(node))
            for dep in node.deps:
                if id(dep) not in varying and not dep.is_leaf:
                    frontier[id(dep)] = dep
    for node in leaves(lz):
        if isinstance(node, Node) and id(node) not in varying and not node.is_leaf:
            frontier[id(node)] = node
    compute(list(frontier.values()))
