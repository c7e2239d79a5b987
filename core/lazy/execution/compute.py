"""The values of traced arrays."""

from __future__ import annotations

from typing import Any

from core.backends.registry import backends
from core.lazy.execution.interpreter import evaluate
from core.lazy.execution.program import linearize
from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import leaves, rebuild
from core.lazy.in_place import all_current
from core.lazy.library import namespace_of
from core.typing import Array


def compute(lz: Any) -> Any:
    """Return the values of traced arrays.

    The given arrays become leaves that hold their values: their graph is released, and computing
    them again costs nothing. What they have in common is computed once.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
        Anything else in the containers is returned unchanged.

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
    lz = all_current(lz)
    by_library: dict[str | None, dict[int, Node]] = {}
    for leaf in leaves(lz):
        if isinstance(leaf, Node):
            by_library.setdefault(leaf.backend, {})[id(leaf)] = leaf
    if None in by_library and len(by_library) > 1:
        free = by_library.pop(None)  # any library can compute these
        next(iter(by_library.values())).update(free)
    values: dict[int, Array] = {}
    for backend, nodes in by_library.items():
        values.update(_compute(backend, nodes))
    return rebuild(lz, lambda leaf: values[id(leaf)] if isinstance(leaf, Node) else leaf)


def _compute(backend: str | None, nodes: dict[int, Node]) -> dict[int, Array]:
    """Compute nodes of one library, given by their ids, and return their values by id."""
    name, array = backend, None
    if backend not in backends():  # one of the graph's concrete arrays has the namespace
        name = None
        for node in ascend(list(nodes.values())):
            if node.backend and node._data is not None:
                name, array = node.backend, node._data
                break
    xp = namespace_of(name, array)
    program = linearize((), list(nodes.values()))
    values = dict(zip(nodes, evaluate(program, name, xp), strict=True))
    for key, node in nodes.items():
        if node._data is not values[key]:
            node._data = values[key]
            node._args, node._kwargs = (), None
    return values


def compute_constants(lz: Any, variables: Any) -> None:
    """Compute every part of a graph that does not depend on `variables`.

    The largest such parts become leaves that hold their values.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    variables : LazyArray, or nested tuples, lists and dicts of these
        Leaves or other nodes whose values may change.
    """
    varying = {id(leaf) for leaf in leaves(variables) if isinstance(leaf, Node)}
    constants: dict[int, Node] = {}
    for node in ascend(lz):
        deps = node.deps
        if node._data is None and (node.is_leaf or any(id(dep) in varying for dep in deps)):
            varying.add(id(node))
            constants |= {id(dep): dep for dep in deps if id(dep) not in varying}
    constants |= {id(leaf): leaf for leaf in leaves(lz) if isinstance(leaf, Node)}
    compute([one for one in constants.values() if id(one) not in varying and not one.is_leaf])
