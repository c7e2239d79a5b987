"""Statistics of graphs: sizes and memory of arrays, and floating-point operations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias

from core.lazy.contraction import einsum_shape
from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import leaves
from core.lazy.operation import ITEM
from core.lazy.spec import Spec

Measure: TypeAlias = "Callable[[Node], Any]"
Stat: TypeAlias = Literal["count", "sizein", "sizeout", "flops"]


def elements(spec: Spec) -> int:
    """Return the number of elements of an array; an unknown length counts as one."""
    return int(spec.nbytes // spec.dtype.itemsize)


def nbytes(spec: Spec) -> int:
    """Return the size of an array in bytes; an unknown length counts as one."""
    return int(spec.nbytes)


def size_of(node: Node) -> int:
    """Return the number of elements of a node's array; an unknown length counts as one.

    A node with several results counts as 0, as its items are nodes too.
    """
    return 0 if isinstance(node._spec, tuple) else elements(node._spec)


def footprint(
    lz: Any, include_inputs: bool = True, size: Callable[[Spec], int] = elements
) -> list[int]:
    """Return the total size of the existing arrays after each allocation and deallocation.

    Each operation allocates its result and then frees each operand that is not used later. The
    inputs exist from the start. Several results of one operation are allocated at once, and each
    is freed on its own.
    """
    order = list(ascend(lz))
    last = {id(dep): i for i, node in enumerate(order) for dep in node.deps}
    for root in leaves(lz):
        last.pop(id(root), None)  # results are never freed
    held = {
        id(node): sum(map(size, node.specs)) if include_inputs or not node.is_leaf else 0
        for node in order
    }
    total = sum(held[id(node)] for node in order if node.is_leaf)
    sizes = [total]
    for i, node in enumerate(order):
        if node.is_leaf:
            continue
        if node._op is ITEM:  # one of several results that were allocated together
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
    """Return the measure of that name, or `fn` itself if it is a function of a node.

    Raises
    ------
    ValueError
        There is no measure of that name.
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
        raise ValueError(f"fn must be one of {', '.join(known)} or a function, got {fn!r}")
    return known[fn]


def stats(nodes: Iterable[Node], fn: Stat | Measure) -> dict[str, Any]:
    """Return the sum of a measure over the nodes of each operation."""
    measure = measure_of(fn)
    found: dict[str, Any] = {}
    for node in nodes:
        found[node.fn_name] = found.get(node.fn_name, 0) + measure(node)
    return found


# The leading terms of the usual algorithms, as multiples of n cubed or of m * n * min(m, n).
_CUBIC = {
    "linalg.cholesky": 1 / 3,
    "linalg.det": 2 / 3,
    "linalg.eig": 25,
    "linalg.eigh": 9,
    "linalg.eigvals": 10,
    "linalg.eigvalsh": 4 / 3,
    "linalg.inv": 2,
    "linalg.matrix_rank": 4,
    "linalg.pinv": 22,
    "linalg.qr": 4,
    "linalg.slogdet": 2 / 3,
    "linalg.solve": 2 / 3,
    "linalg.svd": 22,
    "linalg.svdvals": 4,
}


def flops(node: Node) -> int:
    """Return an estimate of the floating-point operations that computing a node takes.

    Any elementwise operation counts as one per element, and a matrix product as one
    multiplication and one addition per triple of indices; moving elements counts as nothing. An
    unknown length counts as one.

    Parameters
    ----------
    node : Node
        One node; its operands are not counted.

    Returns
    -------
    int

    Examples
    --------
    >>> from core import lazy
    >>> lazy.flops(lazy.matmul(lazy.Variable((2, 3)), lazy.Variable((3, 4))))
    48
    """
    if node.is_leaf:
        return 0
    family = node._op.family
    taken = [sum(map(elements, dep.specs)) for dep in node.deps]
    given = sum(map(elements, node.specs))
    if family == "elementwise":
        return given
    if family in ("reduction", "cumulative"):
        return sum(taken)
    if family == "contraction":
        return _contraction(node, given)
    if family == "fft":
        return int(5 * max(given, *taken) * math.log2(max(_points(node), 2)))
    if family == "sorting":
        return int(sum(n * math.log2(max(n, 2)) for n in taken))
    return _decomposition(node, given) if family == "linalg" else 0


def _contraction(node: Node, given: int) -> int:
    args, kwargs, name = node.args, node.kwargs, node._op.name
    if name in ("einsum", "einsum_optimized"):
        _, work = einsum_shape(args[0], [operand.shape for operand in args[1:]])
        return int(work) * max(len(args) - 1, 1)
    axes = kwargs["axes"][0] if name == "tensordot" else [kwargs.get("axis", -1)]
    return 2 * given * _product(args[0].shape[axis] for axis in axes)


def _decomposition(node: Node, given: int) -> int:
    *batch, m, n = (1 if length is None else length for length in node.deps[0].specs[0].shape)
    count, name = math.prod(batch), node._op.name
    if name == "linalg.matrix_power":
        power = int(node.args[1])
        inverse = _CUBIC["linalg.inv"] * n**3 if power < 0 else 0
        products = max(abs(power).bit_length() - 1, 0) + max(abs(power).bit_count() - 1, 0)
        return count * (2 * n**3 * products + int(inverse))
    if name == "linalg.solve":  # each right-hand side takes two substitutions of n^2
        return int(count * _CUBIC[name] * n**3) + 2 * n * given
    return int(count * _CUBIC.get(name, 1) * m * n * min(m, n))


def _points(node: Node) -> int:
    """Return the number of points of one Fourier transform."""
    shape, kwargs = node.deps[0].specs[0].shape, node.kwargs
    if node._op.name.endswith("n"):
        axes = kwargs.get("axes")
        axes = range(len(shape)) if axes is None else axes
        return _product(kwargs.get("s") or [shape[axis] for axis in axes])
    return _product([kwargs.get("n") or shape[kwargs.get("axis", -1)]])


def _product(lengths: Iterable[int | None]) -> int:
    return math.prod([1 if length is None else length for length in lengths])
