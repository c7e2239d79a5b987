"""The values of traced arrays."""

from __future__ import annotations

from typing import Any

from core.lazy.execution.interpreter import evaluate
from core.lazy.execution.program import linearize
from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import leaves, rebuild
from core.lazy.in_place import all_current
from core.lazy.library import convert, has_adapter, namespace_of
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
    if not has_adapter(backend):
        name, array = _concrete_array(list(nodes.values()))
    xp = namespace_of(name, array)
    values: dict[int, Array] = {}
    pending: dict[int, Node] = {}
    for key, node in nodes.items():
        data = node._data
        if data is None:
            pending[key] = node
        else:
            values[key] = convert(data, name, xp)
    if pending:
        program = linearize((), list(pending.values()))
        values.update(zip(pending, evaluate(program, name, xp), strict=True))
    for key, node in nodes.items():
        if node._data is not values[key]:
            node.set_data(values[key])
    return values


def _concrete_array(nodes: list[Node]) -> tuple[str | None, Array]:
    """Return one of the graph's concrete arrays, which has the namespace, and its library."""
    held = (node for node in ascend(nodes) if node.backend and node._data is not None)
    return next(((node.backend, node._data) for node in held), (None, None))


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
