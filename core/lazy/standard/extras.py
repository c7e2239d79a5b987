"""Functions that the standard does not have, under the names of NumPy and autoray."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import index
from string import ascii_letters
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.contraction import einsum_shape
from core.lazy.namespace import function, namespace
from core.lazy.operation import Operation, define
from core.lazy.spec import as_shape, axis_index, joint_spec
from core.lazy.standard import linalg
from core.lazy.standard.common import call, together, traced
from core.lazy.standard.elementwise import where
from core.lazy.standard.manipulation import concat, expand_dims, moveaxis, permute_dims, reshape
from core.typing import Namespace


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


def _einsum_of(xp: Namespace) -> Callable[..., Any]:
    try:
        can_optimize = "optimize" in inspect.signature(xp.einsum).parameters
    except (TypeError, ValueError):
        can_optimize = False

    def run(equation: str, *operands: Any, optimize: Any) -> Any:
        options = {"optimize": optimize} if can_optimize else {}
        return xp.einsum(equation, *operands, **options)

    return run


OPTIMIZED = define(Operation("einsum_optimized", "contraction", _einsum_of))


def _equation(arguments: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the equation and the operands of interleaved arguments, ``a, [0, 1], b, [1, 2]``."""

    def term(axes: Sequence[Any]) -> str:
        return "".join(["..." if axis is Ellipsis else ascii_letters[axis] for axis in axes])

    pairs = len(arguments) // 2 * 2
    equation = ",".join(map(term, arguments[1:pairs:2]))
    if len(arguments) > pairs:
        equation += f"->{term(arguments[-1])}"
    return equation, list(arguments[:pairs:2])


@function("contraction", extra=True)
def einsum(equation: Any, *operands: Any, optimize: Any = False) -> LazyArray:
    """Return sums of products of elements over axes with equal letters.

    Instead of an equation, lists of axes may follow the operands, as in
    ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.

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
    if not isinstance(equation, str):
        equation, operands = _equation((equation, *operands))  # type: ignore[assignment]
    arrays = [traced(one) for one in operands]
    shape, _ = einsum_shape(equation, [one.shape for one in arrays])
    known = joint_spec(*[one._spec for one in arrays], shape=shape)
    if optimize is not False:
        return make(OPTIMIZED, (equation, *arrays), {"optimize": optimize}, known)
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
    return a if i == j else permute_dims(a, order)


def _cumulative(name: str, summary: str) -> None:
    def accumulate(a: Any, axis: int | None = None, dtype: object = None) -> LazyArray:
        a = traced(a)
        if axis is None and a.ndim != 1:
            a, axis = reshape(a, (-1,)), 0
        found = getattr(a.__array_namespace__(), f"cumulative_{name[3:]}")
        return found(a, axis=axis, dtype=dtype)  # type: ignore[no-any-return]

    function(name=name, summary=summary, extra=True)(accumulate)


_cumulative("cumsum", "Return the cumulative sum along an axis, by default of the flattened array.")
_cumulative("cumprod", "Return the cumulative product, by default of the flattened array.")


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
