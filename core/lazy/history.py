"""What a graph will do once it is run: how often which operation, how large its arrays are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from core.lazy.cost import flops
from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import leaves
from core.lazy.operation import ITEM
from core.lazy.spec import Spec

Measure = Callable[[Node], Any]
Stat = Literal["count", "sizein", "sizeout", "flops"]


def size_of(node: Node) -> int:
    """Return the number of elements of a node's array; an unknown length counts as one.

    A node with several results has none itself: its items have theirs.
    """
    spec = node._spec
    return 0 if isinstance(spec, tuple) else elements(spec)


def elements(spec: Spec) -> int:
    """Return the number of elements of an array; an unknown length counts as one."""
    return spec.nbytes // spec.dtype.itemsize


def bytes_of(spec: Spec) -> int:
    """Return the size of an array in bytes; an unknown length counts as one."""
    return int(spec.nbytes)


def footprint(
    lz: Any, include_inputs: bool = True, size: Callable[[Spec], int] = elements
) -> list[int]:
    """Return the combined size of all arrays after each array that is made or freed.

    Each operation makes its result, and then frees each operand that nothing later needs. The
    inputs are there from the start. Several results of one operation are made at once, and each is
    there until nothing needs it.
    """
    order = list(ascend(lz))
    last: dict[int, int] = {}
    for i, node in enumerate(order):
        for dep in node.deps:
            last[id(dep)] = i
    for root in leaves(lz):
        last.pop(id(root), None)  # results stay
    counted = [node for node in order if include_inputs or not node.is_leaf]
    held = {id(node): sum(map(size, node.specs)) for node in order}
    total = sum(held[id(node)] for node in counted if node.is_leaf)
    sizes = [total]
    for i, node in enumerate(order):
        if node.is_leaf:
            continue
        if node._op is ITEM:  # one of several results, which were made together
            held[id(node.deps[0])] -= held[id(node)]
        else:
            total += held[id(node)]
        sizes.append(total)
        for dep in node.deps:
            if last.get(id(dep)) == i and (include_inputs or not dep.is_leaf):
                total -= held[id(dep)]
                sizes.append(total)
    return sizes


def measure_of(fn: Stat | Measure) -> Measure:
    """Return what measures a node, by its name or as it is given.

    Raises
    ------
    ValueError
        The name is not known.
    """
    if callable(fn):
        return fn
    known: dict[str, Measure] = {
        "count": lambda node: 1,
        "sizein": lambda node: sum(map(size_of, node.deps)),
        "sizeout": size_of,
        "flops": flops,
    }
    if fn not in known:
        raise ValueError(f"{fn!r} is not one of {', '.join(known)}, and no function of a node")
    return known[fn]


def stats(nodes: Iterable[Node], fn: Stat | Measure) -> dict[str, Any]:
    """Return the sum of a measure over the nodes of each operation."""
    measure = measure_of(fn)
    found: dict[str, Any] = {}
    for node in nodes:
        found[node.fn_name] = found.get(node.fn_name, 0) + measure(node)
    return found


class History:
    """The statistics of the graph that leads to an array."""

    __slots__ = ()

    def history_num_nodes(self) -> int:
        """Return how many different nodes the graph has."""
        return sum(1 for _ in ascend(self))

    def history_max_size(self) -> int:
        """Return the number of elements of the largest array."""
        return max(map(size_of, ascend(self)))

    def history_size_footprint(self, include_inputs: bool = True) -> list[int]:
        """Return how many elements exist after each step.

        Parameters
        ----------
        include_inputs : bool, optional
            Count the leaves too, from the start until they are last used.

        Returns
        -------
        list of int
            One number at the start, one after each array that is made, and one after each that
            is freed.

        Examples
        --------
        >>> from core import lazy
        >>> x = lazy.Variable((3,))
        >>> (x + lazy.Variable((3,))).history_size_footprint()
        [6, 9, 6, 3]
        """
        return footprint(self, include_inputs)

    def history_peak_size(self, include_inputs: bool = True) -> int:
        """Return the greatest number of elements that exist at one time.

        Parameters
        ----------
        include_inputs : bool, optional
            Count the leaves too, from the start until they are last used.
        """
        return max(footprint(self, include_inputs))

    def history_total_size(self) -> int:
        """Return the number of elements of all arrays together, as if none were freed."""
        return sum(map(size_of, ascend(self)))

    def history_stats(self, fn: Stat | Measure) -> dict[str, Any]:
        """Return the sum of a measure over all nodes, by operation.

        Parameters
        ----------
        fn : {"count", "sizein", "sizeout", "flops"} or callable
            How many nodes there are, how many elements they take, how many they give, how many
            floating-point operations they do; or a function of a node.

        Returns
        -------
        dict
            Leaves are under the name "None".

        Examples
        --------
        >>> from core import lazy
        >>> x = lazy.Variable((3,))
        >>> (x * x + 1).history_stats("sizein")
        {'None': 0, 'multiply': 3, 'add': 3}
        """
        return stats(ascend(self), fn)

    def history_fn_frequencies(self) -> dict[str, int]:
        """Return how many nodes of each operation there are."""
        return stats(ascend(self), "count")

    def history_flops(self) -> int:
        """Return about how many floating-point operations the graph takes; see `flops`."""
        return sum(map(flops, ascend(self)))

    def history_peak_memory(self, include_inputs: bool = True) -> int:
        """Return the greatest number of bytes of arrays that exist at one time."""
        return max(footprint(self, include_inputs, bytes_of))
