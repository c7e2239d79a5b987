"""Functions that the standard does not have, mostly made of those it has."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import index
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.operation import Operation, define
from core.lazy.rules.contraction import einsum_shape
from core.lazy.spec import as_shape, axis_index, common, spec
from core.lazy.standard import elementwise, linalg, manipulation, reduction
from core.lazy.standard.inputs import together, traced
from core.lazy.standard.registry import BY_BACKEND, standard

EINSUM = define(Operation("einsum", "contraction"))


def array(x: Any, backend: str | None = None) -> LazyArray:
    """Return a concrete array, a number or nested lists of numbers as a leaf of a graph.

    Parameters
    ----------
    x : array, number, or nested lists of numbers
    backend : str, optional
        The library of the array where `x` does not tell.

    Returns
    -------
    LazyArray

    Examples
    --------
    >>> from core import lazy
    >>> (lazy.array([1.0, 2.0]) * 2).compute()
    array([2., 4.])
    """
    made: LazyArray = BY_BACKEND["asarray"](backend, x)
    return made


@standard(extra=True)
def einsum(equation: str, *operands: Any) -> LazyArray:
    """Return sums of products of operands' elements, over axes named by letters.

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
    backend, device = common(*[one._spec for one in arrays])
    dtype = arrays[0].dtype
    for one in arrays[1:]:
        dtype = dtypes.promote(dtype, one.dtype, backend)
    return make(EINSUM, (equation, *arrays), None, spec(shape, dtype, backend, device))


@standard(extra=True)
def kron(x1: Any, x2: Any) -> LazyArray:
    """Return the Kronecker product: `x2` times each element of `x1`, side by side."""
    x1, x2 = together(x1, x2)
    if x1.size is None or x2.size is None:
        raise ValueError("kron: an operand has a length that is not known")
    ndim = max(x1.ndim, x2.ndim)
    first = (1,) * (ndim - x1.ndim) + x1.shape
    second = (1,) * (ndim - x2.ndim) + x2.shape
    x1 = manipulation.reshape(x1, tuple([n for m in first for n in (m, 1)]))
    x2 = manipulation.reshape(x2, tuple([n for m in second for n in (1, m)]))
    pairs = zip(as_shape(first), as_shape(second), strict=True)
    return manipulation.reshape(x1 * x2, tuple([(m or 0) * (n or 0) for m, n in pairs]))


@standard(extra=True)
def diag(a: Any, k: int = 0) -> LazyArray:
    """Return a diagonal of a matrix, or a matrix with the diagonal `a`."""
    a = traced(a)
    if a.ndim == 2:
        return linalg.diagonal(a, offset=k)
    if a.ndim != 1 or a.shape[0] is None:
        raise ValueError(f"diag: an array of shape {a.shape} is no vector or matrix")
    size = a.shape[0] + _abs(k)
    # Padding with zeros keeps out the NaN that a product with an identity would spread.
    pad = BY_BACKEND["zeros"](a.backend, (_abs(k),), dtype=a.dtype)
    column = manipulation.concat([a, pad] if k >= 0 else [pad, a]) if k else a
    one = BY_BACKEND["eye"](a.backend, size, k=k, dtype=dtypes.bool_)
    zero = BY_BACKEND["zeros"](a.backend, (), dtype=a.dtype)
    return elementwise.where(one, manipulation.expand_dims(column, axis=1), zero)


_abs = abs


@standard(extra=True)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> LazyArray:
    """Return a diagonal over two axes as the last axis."""
    a = traced(a)
    return linalg.diagonal(manipulation.moveaxis(a, (axis1, axis2), (-2, -1)), offset=offset)


@standard(extra=True)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> LazyArray:
    """Return the sum of a diagonal over two axes."""
    return reduction.sum(diagonal(a, offset, axis1, axis2), axis=-1)  # type: ignore[no-any-return]


@standard(extra=True)
def identity(n: int, dtype: object = None, backend: str | None = None) -> LazyArray:
    """Return a square matrix with ones on its diagonal.

    Parameters
    ----------
    n : int
        The number of rows, and of columns.
    dtype : dtype, optional
    backend : str, optional
        The library whose array the result is.

    Returns
    -------
    LazyArray
        Of shape (n, n).
    """
    made: LazyArray = BY_BACKEND["eye"](backend, n, dtype=dtype)
    return made


@standard(extra=True)
def complex_(re: Any, im: Any) -> LazyArray:
    """Return complex numbers with these real and imaginary parts."""
    re, im = together(re, im)
    return re + im * 1j  # type: ignore[no-any-return]


@standard(extra=True)
def angle(x: Any) -> LazyArray:
    """Return the angle of each complex number."""
    x = traced(x)
    found: LazyArray = elementwise.atan2(x.imag, x.real)
    return found


@standard(extra=True)
def split(ary: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[LazyArray]:
    """Cut an array along an axis: into equal parts, or before the given positions."""
    ary = traced(ary)
    where = axis_index(axis, ary.ndim)
    length = ary.shape[where]
    if isinstance(indices_or_sections, int):
        if length is None or indices_or_sections < 1 or length % indices_or_sections:
            raise ValueError(f"split: {indices_or_sections} equal parts of length {length}")
        step = length // indices_or_sections
        cuts = [i * step for i in range(1, indices_or_sections)]
    else:
        cuts = [index(cut) for cut in indices_or_sections]
    ends = [0, *cuts, length]
    before = (slice(None),) * where
    return [ary[(*before, slice(a, b))] for a, b in pairwise(ends)]


@standard(extra=True)
def swapaxes(a: Any, axis1: int, axis2: int) -> LazyArray:
    """Return the array with two axes exchanged."""
    a = traced(a)
    order = list(range(a.ndim))
    i, j = axis_index(axis1, a.ndim), axis_index(axis2, a.ndim)
    order[i], order[j] = order[j], order[i]
    return manipulation.permute_dims(a, order)


@standard(extra=True)
def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08) -> LazyArray:
    """Say whether all pairs of elements are equal within a tolerance, as a traced array."""
    a, b = together(a, b)
    finite = elementwise.isfinite(b)  # to infinity only itself is close
    known = elementwise.where(finite, b, 0)
    near = elementwise.abs(a - known) <= elementwise.abs(known) * rtol + atol
    return reduction.all((near & finite) | (a == b))  # type: ignore[no-any-return]
