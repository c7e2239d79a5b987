"""Linear algebra: products, and functions of (stacks of) matrices."""

from __future__ import annotations

from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make, make_many
from core.lazy.operation import Operation, define
from core.lazy.operators import binary_operators
from core.lazy.rules.contraction import (
    check_equal,
    matmul_spec,
    product_spec,
    tensordot_axes,
)
from core.lazy.spec import Shape, Spec, axis_index, broadcast
from core.lazy.standard.inputs import traced
from core.lazy.standard.manipulation import moveaxis
from core.lazy.standard.reduction import reduced_shape
from core.lazy.standard.registry import FUNCTIONS, standard
from core.lazy.standard.results import EighResult, QRResult, SlogdetResult, SVDResult


def _define(name: str, family: str = "linalg") -> Operation:
    return define(Operation(f"linalg.{name}", family))


MATRIX_TRANSPOSE = define(Operation("matrix_transpose", "manipulation"))
TENSORDOT, VECDOT = (define(Operation(name, "contraction")) for name in ("tensordot", "vecdot"))
OUTER, CROSS = _define("outer", "elementwise"), _define("cross", "elementwise")
CHOLESKY, DET, INV, PINV = map(_define, ("cholesky", "det", "inv", "pinv"))
EIGH, EIGVALSH, QR, SLOGDET = map(_define, ("eigh", "eigvalsh", "qr", "slogdet"))
SOLVE, SVD, SVDVALS = map(_define, ("solve", "svd", "svdvals"))
EIG, EIGVALS = map(_define, ("eig", "eigvals"))
MATRIX_POWER, MATRIX_RANK = map(_define, ("matrix_power", "matrix_rank"))
DIAGONAL = _define("diagonal", "manipulation")
TRACE = _define("trace", "reduction")
MATRIX_NORM, VECTOR_NORM = _define("matrix_norm", "reduction"), _define("vector_norm", "reduction")

_forward, _ = binary_operators("matmul", matmul_spec)


@standard()
def matmul(x1: Any, x2: Any, /) -> LazyArray:
    """Return the product of (stacks of) matrices; a vector is a row or a column."""
    return _forward(traced(x1), traced(x2))  # type: ignore[no-any-return]


@standard()
def matrix_transpose(x: Any, /) -> LazyArray:
    """Return the array with its last two axes exchanged."""
    x = traced(x)
    _check_matrix("matrix_transpose", x)
    shape = (*x.shape[:-2], x.shape[-1], x.shape[-2])
    return make(MATRIX_TRANSPOSE, (x,), None, x._spec.with_(shape=shape))


@standard()
def tensordot(x1: Any, x2: Any, /, axes: Any = 2) -> LazyArray:
    """Return the sum of products over some axes of both operands."""
    x1, x2 = traced(x1), traced(x2)
    first, second = tensordot_axes(x1.shape, x2.shape, axes)
    shape = tuple([n for i, n in enumerate(x1.shape) if i not in first])
    shape += tuple([n for i, n in enumerate(x2.shape) if i not in second])
    return make(
        TENSORDOT, (x1, x2), {"axes": (first, second)}, product_spec(x1._spec, x2._spec, shape)
    )


@standard()
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> LazyArray:
    """Return the scalar products of vectors along an axis; the first operand is conjugated."""
    x1, x2 = traced(x1), traced(x2)
    if not -min(x1.ndim, x2.ndim) <= axis < 0:
        raise ValueError(f"vecdot: axis {axis} must be negative and in both operands")
    check_equal("vecdot", x1.shape[axis], x2.shape[axis])
    rest = [one.shape[: one.ndim + axis] + one.shape[one.ndim + axis + 1 :] for one in (x1, x2)]
    kwargs = {} if axis == -1 else {"axis": axis}
    return make(VECDOT, (x1, x2), kwargs, product_spec(x1._spec, x2._spec, broadcast(*rest)))


@standard("linalg")
def outer(x1: Any, x2: Any, /) -> LazyArray:
    """Return the products of all pairs of elements of two vectors."""
    x1, x2 = traced(x1), traced(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError("linalg.outer: both operands must have one dimension")
    return make(OUTER, (x1, x2), None, product_spec(x1._spec, x2._spec, x1.shape + x2.shape))


@standard("linalg")
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> LazyArray:
    """Return the cross products of vectors of length 3 along an axis."""
    x1, x2 = traced(x1), traced(x2)
    shape = broadcast(x1.shape, x2.shape)
    for one in (x1, x2):
        length = one.shape[axis_index(axis, one.ndim)]
        if length not in (3, None):
            raise ValueError(f"linalg.cross: the vectors have length {length}, not 3")
    kwargs = {} if axis == -1 else {"axis": axis}
    return make(CROSS, (x1, x2), kwargs, product_spec(x1._spec, x2._spec, shape))


def _check_matrix(name: str, x: LazyArray, square: bool = False) -> None:
    if x.ndim < 2:
        raise ValueError(f"{name}: an array of shape {x.shape} is no matrix")
    m, n = x.shape[-2:]
    if square and None not in (m, n) and m != n:
        raise ValueError(f"{name}: a matrix of shape {(m, n)} is not square")


def _matrix(name: str, x: Any, square: bool = False) -> tuple[LazyArray, Spec]:
    """Return a matrix as a traced array, and its spec in the dtype that is computed in."""
    x = traced(x)
    _check_matrix(name, x, square)
    return x, x._spec.with_(dtype=dtypes.floating(x.dtype, x.backend))


def _real(known: Spec) -> dtypes.DType:
    return dtypes.real_of(known.dtype)


def _smaller(shape: Shape) -> int | None:
    m, n = shape[-2:]
    return None if m is None or n is None else min(m, n)


@standard("linalg")
def cholesky(x: Any, /, *, upper: bool = False) -> LazyArray:
    """Return the triangular factor of positive definite matrices."""
    x, known = _matrix("linalg.cholesky", x, square=True)
    return make(CHOLESKY, (x,), {"upper": True} if upper else None, known)


@standard("linalg")
def det(x: Any, /) -> LazyArray:
    """Return the determinants of matrices."""
    x, known = _matrix("linalg.det", x, square=True)
    return make(DET, (x,), None, known.with_(shape=x.shape[:-2]))


@standard("linalg")
def diagonal(x: Any, /, *, offset: int = 0) -> LazyArray:
    """Return a diagonal of matrices as the last axis."""
    x = traced(x)
    _check_matrix("linalg.diagonal", x)
    length = _diagonal_length(x.shape, offset)
    kwargs = {"offset": offset} if offset else None
    return make(DIAGONAL, (x,), kwargs, x._spec.with_(shape=(*x.shape[:-2], length)))


def _diagonal_length(shape: Shape, offset: int) -> int | None:
    m, n = shape[-2:]
    if m is None or n is None:
        return None
    return max(min(m + min(offset, 0), n - max(offset, 0)), 0)


@standard("linalg")
def eigh(x: Any, /) -> EighResult:
    """Return the eigenvalues and eigenvectors of Hermitian matrices."""
    x, known = _matrix("linalg.eigh", x, square=True)
    values = known.with_(shape=x.shape[:-1], dtype=_real(known))
    return EighResult(*make_many(EIGH, (x,), None, (values, known)))


@standard("linalg")
def eigvalsh(x: Any, /) -> LazyArray:
    """Return the eigenvalues of Hermitian matrices."""
    x, known = _matrix("linalg.eigvalsh", x, square=True)
    return make(EIGVALSH, (x,), None, known.with_(shape=x.shape[:-1], dtype=_real(known)))


@standard("linalg")
def eig(x: Any, /) -> EighResult:
    """Return the eigenvalues and eigenvectors of matrices.

    Parameters
    ----------
    x : array
        Square matrices, of shape (..., M, M).

    Returns
    -------
    EighResult
        A named tuple of `eigenvalues`, of shape (..., M), and `eigenvectors`, both complex.

    Notes
    -----
    Version 2025.12 of the array API standard defines it.
    """
    x, known = _matrix("linalg.eig", x, square=True)
    known = known.with_(dtype=dtypes.complex_of(known.dtype))
    values = known.with_(shape=x.shape[:-1])
    return EighResult(*make_many(EIG, (x,), None, (values, known)))


@standard("linalg")
def eigvals(x: Any, /) -> LazyArray:
    """Return the eigenvalues of matrices.

    Parameters
    ----------
    x : array
        Square matrices, of shape (..., M, M).

    Returns
    -------
    LazyArray
        Complex, of shape (..., M).

    Notes
    -----
    Version 2025.12 of the array API standard defines it.
    """
    x, known = _matrix("linalg.eigvals", x, square=True)
    dtype = dtypes.complex_of(known.dtype)
    return make(EIGVALS, (x,), None, known.with_(shape=x.shape[:-1], dtype=dtype))


@standard("linalg")
def inv(x: Any, /) -> LazyArray:
    """Return the inverses of matrices."""
    x, known = _matrix("linalg.inv", x, square=True)
    return make(INV, (x,), None, known)


@standard("linalg")
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> LazyArray:
    """Return a norm of matrices."""
    x, known = _matrix("linalg.matrix_norm", x)
    kwargs: dict[str, Any] = {"keepdims": True} if keepdims else {}
    if ord != "fro":
        kwargs["ord"] = ord
    shape = reduced_shape(x.shape, (-2, -1), keepdims)
    return make(MATRIX_NORM, (x,), kwargs, known.with_(shape=shape, dtype=_real(known)))


@standard("linalg")
def matrix_power(x: Any, n: int, /) -> LazyArray:
    """Return matrices multiplied by themselves `n` times."""
    x, known = _matrix("linalg.matrix_power", x, square=True)
    return make(MATRIX_POWER, (x, n), None, known)


@standard("linalg")
def matrix_rank(x: Any, /, *, rtol: Any = None) -> LazyArray:
    """Return how many singular values of matrices are not negligible."""
    x, known = _matrix("linalg.matrix_rank", x)
    kwargs = None if rtol is None else {"rtol": rtol}
    dtype = dtypes.default(x.backend, "integral")
    return make(MATRIX_RANK, (x,), kwargs, known.with_(shape=x.shape[:-2], dtype=dtype))


@standard("linalg")
def pinv(x: Any, /, *, rtol: Any = None) -> LazyArray:
    """Return the pseudo-inverses of matrices."""
    x, known = _matrix("linalg.pinv", x)
    kwargs = None if rtol is None else {"rtol": rtol}
    shape = (*x.shape[:-2], x.shape[-1], x.shape[-2])
    return make(PINV, (x,), kwargs, known.with_(shape=shape))


@standard("linalg")
def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """Return an orthonormal and a triangular factor of matrices."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f'linalg.qr: mode is "reduced" or "complete", not {mode!r}')
    x, known = _matrix("linalg.qr", x)
    *batch, m, n = x.shape
    k = _smaller(x.shape) if mode == "reduced" else m
    kwargs = None if mode == "reduced" else {"mode": mode}
    described = (known.with_(shape=(*batch, m, k)), known.with_(shape=(*batch, k, n)))
    return QRResult(*make_many(QR, (x,), kwargs, described))


@standard("linalg")
def slogdet(x: Any, /) -> SlogdetResult:
    """Return the signs and the logarithms of the magnitudes of determinants."""
    x, known = _matrix("linalg.slogdet", x, square=True)
    sign = known.with_(shape=x.shape[:-2])
    described = (sign, sign.with_(dtype=_real(known)))
    return SlogdetResult(*make_many(SLOGDET, (x,), None, described))


@standard("linalg")
def solve(x1: Any, x2: Any, /) -> LazyArray:
    """Return what `x1` must be multiplied by to give `x2`."""
    x1, known = _matrix("linalg.solve", x1, square=True)
    x2 = traced(x2)
    result = product_spec(known, x2._spec, ())
    if x2.ndim == 1:
        check_equal("linalg.solve", x1.shape[-1], x2.shape[0])
        return make(SOLVE, (x1, x2), None, result.with_(shape=x1.shape[:-1]))
    check_equal("linalg.solve", x1.shape[-1], x2.shape[-2])
    shape = broadcast(x1.shape[:-2], x2.shape[:-2]) + x2.shape[-2:]
    return make(SOLVE, (x1, x2), None, result.with_(shape=shape))


@standard("linalg")
def svd(x: Any, /, *, full_matrices: bool = True) -> SVDResult:
    """Return the singular vectors and values of matrices."""
    x, known = _matrix("linalg.svd", x)
    *batch, m, n = x.shape
    k = _smaller(x.shape)
    described = (
        known.with_(shape=(*batch, m, m if full_matrices else k)),
        known.with_(shape=(*batch, k), dtype=_real(known)),
        known.with_(shape=(*batch, n if full_matrices else k, n)),
    )
    kwargs = None if full_matrices else {"full_matrices": False}
    return SVDResult(*make_many(SVD, (x,), kwargs, described))


@standard("linalg")
def svdvals(x: Any, /) -> LazyArray:
    """Return the singular values of matrices."""
    x, known = _matrix("linalg.svdvals", x)
    shape = (*x.shape[:-2], _smaller(x.shape))
    return make(SVDVALS, (x,), None, known.with_(shape=shape, dtype=_real(known)))


@standard("linalg")
def trace(x: Any, /, *, offset: int = 0, dtype: object = None) -> LazyArray:
    """Return the sums of a diagonal of matrices."""
    x = traced(x)
    _check_matrix("linalg.trace", x)
    kwargs: dict[str, Any] = {"offset": offset} if offset else {}
    result = dtypes.accumulator(x.dtype, x.backend)
    if dtype is not None:
        result = kwargs["dtype"] = dtypes.as_dtype(dtype)
    return make(TRACE, (x,), kwargs, x._spec.with_(shape=x.shape[:-2], dtype=result))


@standard("linalg")
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> LazyArray:
    """Return a norm of vectors along axes."""
    x = traced(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    kwargs: dict[str, Any] = {} if axis is None else {"axis": axis}
    if keepdims:
        kwargs["keepdims"] = True
    if ord != 2:
        kwargs["ord"] = ord
    dtype = dtypes.real_of(dtypes.floating(x.dtype, x.backend))
    shape = reduced_shape(x.shape, axis, keepdims)
    return make(VECTOR_NORM, (x,), kwargs, x._spec.with_(shape=shape, dtype=dtype))


@standard("linalg", extra=True)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> LazyArray:
    """Return a norm of vectors or matrices, as `numpy.linalg.norm` chooses between them.

    Raises
    ------
    ValueError
        There are more than two axes, and `ord` is given.
    """
    x = traced(x)
    if axis is None:
        if ord is None:
            return vector_norm(x, keepdims=keepdims)
        axis = tuple(range(x.ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 1:
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(f"linalg.norm: a norm along {len(axes)} axes is not defined")
    found = matrix_norm(moveaxis(x, axes, (-2, -1)), keepdims=keepdims, ord=ord or "fro")
    return moveaxis(found, (-2, -1), axes) if keepdims else found


for _name in ("matmul", "matrix_transpose", "tensordot", "vecdot"):
    FUNCTIONS[f"linalg.{_name}"] = FUNCTIONS[_name]
