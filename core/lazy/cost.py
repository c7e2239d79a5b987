"""About how many floating-point operations a node takes, by the family of its operation."""

from __future__ import annotations

import math
from typing import Any

from core.lazy.contraction import einsum_shape
from core.lazy.graph.node import Node

# Multiples of n cubed, or of m n k, of the usual algorithms.
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
    """Return about how many floating-point operations computing a node takes.

    An operation on one element counts as one, whichever it is; a product of matrices as a
    multiplication and an addition for each triple of indices; moving elements about as none. A
    length that is not known counts as one.

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
    op, deps = node._op, node.deps
    taken = [_sized(dep._spec) for dep in deps]
    given = sum(_sized(one) for one in node.specs)
    if op.family == "elementwise":
        return given
    if op.family in ("reduction", "cumulative"):
        return sum(taken)
    if op.family == "contraction":
        return _contraction(node)
    if op.family == "fft":
        largest = max(given, *taken)
        return int(5 * largest * math.log2(max(_transformed(node), 2)))
    if op.family == "sorting":
        return int(sum(n * math.log2(max(n, 2)) for n in taken))
    if op.family == "linalg":
        return _decomposition(node)
    return 0


def _sized(spec: Any) -> int:
    if isinstance(spec, tuple):
        return sum(map(_sized, spec))
    return int(spec.nbytes // spec.dtype.itemsize)


def _contraction(node: Node) -> int:
    args, kwargs, name = node.args, node.kwargs, node._op.name
    result = sum(_sized(one) for one in node.specs)
    if name == "einsum":
        _, work = einsum_shape(args[0], [one.shape for one in args[1:]])
        return int(work) * max(len(args) - 1, 1)
    shape = args[0].shape
    if name == "tensordot":
        summed = [_length(shape[axis]) for axis in kwargs["axes"][0]]
    else:
        summed = [_length(shape[kwargs.get("axis", -1)])]
    return 2 * result * math.prod(summed)


def _decomposition(node: Node) -> int:
    shape = node.deps[0]._spec.shape
    *batch, m, n = map(_length, shape)
    count = math.prod(batch)
    name = node._op.name
    if name == "linalg.matrix_power":
        power = int(node.args[1])
        inverse = _CUBIC["linalg.inv"] * n**3 if power < 0 else 0
        products = max(abs(power).bit_length() - 1, 0) + max(abs(power).bit_count() - 1, 0)
        return count * (2 * n**3 * products + int(inverse))
    if name == "linalg.solve":  # each right-hand side takes two substitutions of n^2
        return int(count * _CUBIC[name] * n**3) + 2 * n * sum(map(_sized, node.specs))
    return int(count * _CUBIC.get(name, 1) * m * n * min(m, n))


def _transformed(node: Node) -> int:
    """Return the number of points of one transform."""
    shape, kwargs = node.deps[0]._spec.shape, node.kwargs
    if node._op.name.endswith("n"):
        axes = kwargs.get("axes")
        axes = range(len(shape)) if axes is None else axes
        return math.prod(kwargs.get("s") or [_length(shape[axis]) for axis in axes])
    return int(kwargs.get("n") or _length(shape[kwargs.get("axis", -1)]))


def _length(length: int | None) -> int:
    return 1 if length is None else length
