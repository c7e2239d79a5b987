"""Functions that the standard does not have, under the names of NumPy and autoray."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import index
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray
from core.lazy.contraction import einsum_shape
from core.lazy.namespace import function, namespace
from core.lazy.spec import as_shape, axis_index, joint_spec
from core.lazy.standard import linalg
from core.lazy.standard.common import call, together, traced
from core.lazy.standard.elementwise import where
from core.lazy.standard.manipulation import concat, expand_dims, moveaxis, permute_dims, reshape


def array(x: Any, backend: str | None = None) -> LazyArray:
    """Return a concrete array, a number or nested lists of numbers as a leaf of a graph.

    Parameters
    ----------
    x : array, number, or nested lists of numbers
    backend : str, optional
        The library of the array if `x` is not an array.

    Returns
    -------
    LazyArray

    Examples
    --------
    >>> from core import lazy
    >>> (lazy.array([1.0, 2.0]) * 2).compute()
    array([2., 4.])
    """
    return namespace(backend).asarray(x)  # type: ignore[no-any-return]


@function(extra=True)
def transpose(a: Any, axes: Sequence[int] | None = None) -> LazyArray:
    """Return the array with its axes in another order, by default reversed."""
    a = traced(a)
    return permute_dims(a, tuple(range(a.ndim))[::-1] if axes is None else axes)


@function("contraction", extra=True)
def einsum(equation: str, *operands: Any) -> LazyArray:
    """Return sums of products of elements over axes with equal letters.

    Raises
    ------
    ValueError
        The equation does not fit the operands' shapes.

    Examples
    --------
    >>> from core import lazy
    >>> lazy.einsum("ij,jk->ik", lazy.Variable((2, 3)), lazy.Variable((3, 4))).shape
    (2, 4)
    """
    arrays = [traced(one) for one in operands]
    shape, _ = einsum_shape(equation, [one.shape for one in arrays])
    known = joint_spec(*[one._spec for one in arrays], shape=shape)
    return call("einsum", (equation, *arrays), known)


@function(extra=True)
def kron(x1: Any, x2: Any) -> LazyArray:
    """Return the Kronecker product: blocks of `x2` times each element of `x1`."""
    x1, x2 = together(x1, x2)
    if x1.size is None or x2.size is None:
        raise ValueError("kron: an operand has an unknown length")
    ndim = max(x1.ndim, x2.ndim)
    first, second = (as_shape((1,) * (ndim - one.ndim) + one.shape) for one in (x1, x2))
    x1 = reshape(x1, tuple([n for m in first for n in (m, 1)]))
    x2 = reshape(x2, tuple([n for m in second for n in (1, m)]))
    pairs = zip(first, second, strict=True)
    return reshape(x1 * x2, tuple([(m or 0) * (n or 0) for m, n in pairs]))


@function(extra=True)
def diag(a: Any, k: int = 0) -> LazyArray:
    """Return a diagonal of a matrix, or a matrix with the diagonal `a`."""
    a = traced(a)
    if a.ndim == 2:
        return linalg.diagonal(a, offset=k)
    if a.ndim != 1 or a.shape[0] is None:
        raise ValueError(f"diag: an array of shape {a.shape} is neither a vector nor a matrix")
    xp = a.__array_namespace__()
    # `where` keeps NaN and infinity out of the zeros; a product with an identity would not.
    pad = xp.zeros((abs(k),), dtype=a.dtype)
    column = concat([a, pad] if k >= 0 else [pad, a]) if k else a
    one = xp.eye(a.shape[0] + abs(k), k=k, dtype=dtypes.bool_)
    return where(one, expand_dims(column, axis=1), xp.zeros((), dtype=a.dtype))


@function(extra=True)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> LazyArray:
    """Return a diagonal of two axes as the last axis."""
    a = traced(a)
    return linalg.diagonal(moveaxis(a, (axis1, axis2), (-2, -1)), offset=offset)


@function(extra=True)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> LazyArray:
    """Return the sum along a diagonal of two axes."""
    found = diagonal(a, offset, axis1, axis2)
    return found.__array_namespace__().sum(found, axis=-1)  # type: ignore[no-any-return]


@function(extra=True)
def identity(n: int, dtype: object = None, backend: str | None = None) -> LazyArray:
    """Return a square matrix with ones on its diagonal."""
    return namespace(backend).eye(n, dtype=dtype)  # type: ignore[no-any-return]


@function(name="complex", extra=True)
def complex_(re: Any, im: Any) -> LazyArray:
    """Return complex numbers with the given real and imaginary parts."""
    re, im = together(re, im)
    return re + im * 1j  # type: ignore[no-any-return]


@function(extra=True)
def angle(x: Any) -> LazyArray:
    """Return the angle of each complex number."""
    x = traced(x)
    return x.__array_namespace__().atan2(x.imag, x.real)  # type: ignore[no-any-return]


@function(extra=True)
def split(ary: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[LazyArray]:
    """Split an array along an axis into equal parts, or at the given positions."""
    ary = traced(ary)
    where = axis_index(axis, ary.ndim)
    length = ary.shape[where]
    if isinstance(indices_or_sections, int):
        if length is None or indices_or_sections < 1 or length % indices_or_sections:
            raise ValueError(
                f"split: an axis of length {length} has no {indices_or_sections} equal parts"
            )
        step = length // indices_or_sections
        cuts = [i * step for i in range(1, indices_or_sections)]
    else:
        cuts = [index(cut) for cut in indices_or_sections]
    before = (slice(None),) * where
    return [ary[(*before, slice(a, b))] for a, b in pairwise([0, *cuts, length])]


@function(extra=True)
def swapaxes(a: Any, axis1: int, axis2: int) -> LazyArray:
    """Return the array with two axes exchanged."""
    a = traced(a)
    order = list(range(a.ndim))
    i, j = axis_index(axis1, a.ndim), axis_index(axis2, a.ndim)
    order[i], order[j] = order[j], order[i]
    return permute_dims(a, order)


@function(extra=True)
def allclose(
    a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> LazyArray:
    """Return whether all pairs of elements are equal within a tolerance, as a traced array."""
    a, b = together(a, b)
    xp = a.__array_namespace__()
    finite = xp.isfinite(b)  # only infinity itself is close to infinity
    known = where(finite, b, 0)
    near = abs(a - known) <= abs(known) * rtol + atol
    equal = (near & finite) | (a == b)
    if equal_nan:
        equal = equal | (xp.isnan(a) & xp.isnan(b))
    return xp.all(equal)  # type: ignore[no-any-return]
