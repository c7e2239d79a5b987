"""Linear algebra: products, and functions of (stacks of) matrices."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray
from core.lazy.contraction import check_equal, matmul_spec, tensordot_axes
from core.lazy.namespace import FUNCTIONS, function
from core.lazy.operators import binary_operators
from core.lazy.spec import Axis, Shape, Spec, axis_index, broadcast, joint_spec, replace_axis
from core.lazy.standard.common import call, inferred, traced
from core.lazy.standard.manipulation import moveaxis
from core.lazy.standard.reduction import reduced_shape

_forward, _ = binary_operators("matmul", matmul_spec)


EighResult = namedtuple("EighResult", "eigenvalues eigenvectors")
QRResult = namedtuple("QRResult", "Q R")
SlogdetResult = namedtuple("SlogdetResult", "sign logabsdet")
SVDResult = namedtuple("SVDResult", "U S Vh")

# Products.


@function()
def matmul(x1: Any, x2: Any, /) -> LazyArray:
    """Return the product of (stacks of) matrices; a vector is a row or a column."""
    return _forward(traced(x1), traced(x2))  # type: ignore[no-any-return]


@function("contraction")
def tensordot(x1: Any, x2: Any, /, axes: Any = 2) -> LazyArray:
    """Return the sum of products over some axes of both operands."""
    x1, x2 = traced(x1), traced(x2)
    first, second = tensordot_axes(x1.shape, x2.shape, axes)
    shape = tuple([n for i, n in enumerate(x1.shape) if i not in first])
    shape += tuple([n for i, n in enumerate(x2.shape) if i not in second])
    known = joint_spec(x1._spec, x2._spec, shape=shape)
    return call("tensordot", (x1, x2), known, axes=(first, second))


@inferred("contraction", arrays=2)
def vecdot(x1: Spec, x2: Spec, /, *, axis: int = -1) -> Spec:
    """Return the dot products of vectors along an axis; the first operand is conjugated."""
    if not -min(x1.ndim, x2.ndim) <= axis < 0:
        raise ValueError(f"vecdot: axis {axis} must be negative and in both operands")
    check_equal("vecdot", x1.shape[axis], x2.shape[axis])
    rest = [replace_axis(one.shape, one.ndim + axis) for one in (x1, x2)]
    return joint_spec(x1, x2, shape=broadcast(*rest))


@inferred("elementwise", name="linalg.outer", arrays=2)
def outer(x1: Spec, x2: Spec, /) -> Spec:
    """Return the outer product of two vectors."""
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError("linalg.outer: both operands must have one dimension")
    return joint_spec(x1, x2, shape=x1.shape + x2.shape)


@inferred("elementwise", name="linalg.cross", arrays=2)
def cross(x1: Spec, x2: Spec, /, *, axis: int = -1) -> Spec:
    """Return the cross products of vectors of length 3 along an axis."""
    for one in (x1, x2):
        length = one.shape[axis_index(axis, one.ndim)]
        if length not in (3, None):
            raise ValueError(f"linalg.cross: the vectors have length {length}, not 3")
    return joint_spec(x1, x2)


# Functions of matrices. A layout gives the last two axes of the operand, equal letters if it must
# be square, and the axes that replace them in each result, with the rule for its dtype: "floating"
# by default. The length k is the smaller one of m and n.


def _matrix_function(name: str, layout: str, summary: str, result: Any = None) -> Any:
    """Return a function of matrices without options; `result` is its named tuple, if any."""

    def infer(x: Spec, /) -> Any:
        return of_layout(name, x, layout)

    family = "linalg" if "." in name else "manipulation"
    return inferred(family, name=name, summary=summary, result=result)(infer)


def of_layout(name: str, x: Spec, layout: str) -> Any:
    """Return the spec of the result of a layout; a list of those of several results."""
    square, results = _parse(layout)
    check_matrix(name, x, square)
    m, n = x.shape[-2:]
    if square:
        m = n = n if m is None else m
    lengths = {"m": m, "n": n, "1": 1, "k": None if m is None or n is None else min(m, n)}
    known = []
    for axes, rule in results:
        shape = (*x.shape[:-2], *[lengths[axis] for axis in axes])
        known.append(x.with_(shape=shape, dtype=_result_dtype(x, rule)))
    return known if len(known) > 1 else known[0]


@cache
def _parse(layout: str) -> tuple[bool, tuple[tuple[str, str], ...]]:
    """Return whether the matrix must be square, and the axes and dtype rule of each result."""
    operand, _, results = layout.partition("->")
    parts = [one.strip().partition(":") for one in results.split(",")]
    return operand[0] == operand[1], tuple((axes, rule or "floating") for axes, _, rule in parts)


def _result_dtype(x: Spec, rule: str) -> dtypes.DType:
    if rule == "same":
        return x.dtype
    floating = dtypes.floating(x.dtype, x.backend)  # strict backends refuse integers
    return dtypes.RULES[rule](floating, x.backend)


def check_matrix(name: str, x: Any, square: bool = False) -> None:
    """Raise ValueError if `x` is not a (square) matrix, or a stack of these."""
    if x.ndim < 2:
        raise ValueError(f"{name}: an array of shape {x.shape} is not a matrix")
    m, n = x.shape[-2:]
    if square and None not in (m, n) and m != n:
        raise ValueError(f"{name}: a matrix of shape {(m, n)} is not square")


_2025 = "\n\nNotes\n-----\nVersion 2025.12 of the array API standard defines it."
matrix_transpose = _matrix_function(
    "matrix_transpose", "mn->nm:same", "Return the array with its last two axes exchanged."
)
det = _matrix_function("linalg.det", "mm->", "Return the determinants of matrices.")
eig = _matrix_function(
    "linalg.eig",
    "mm->m:complex, mm:complex",
    "Return the eigenvalues and eigenvectors of matrices, which are complex." + _2025,
    EighResult,
)
eigh = _matrix_function(
    "linalg.eigh",
    "mm->m:real, mm",
    "Return the eigenvalues and eigenvectors of Hermitian matrices.",
    EighResult,
)
eigvals = _matrix_function(
    "linalg.eigvals",
    "mm->m:complex",
    "Return the eigenvalues of matrices, which are complex." + _2025,
)
eigvalsh = _matrix_function(
    "linalg.eigvalsh", "mm->m:real", "Return the eigenvalues of Hermitian matrices."
)
inv = _matrix_function("linalg.inv", "mm->mm", "Return the inverses of matrices.")
slogdet = _matrix_function(
    "linalg.slogdet",
    "mm->, :real",
    "Return the signs of determinants and the logarithms of their absolute values.",
    SlogdetResult,
)
svdvals = _matrix_function(
    "linalg.svdvals", "mn->k:real", "Return the singular values of matrices."
)


@inferred("linalg", name="linalg.cholesky")
def cholesky(x: Spec, /, *, upper: bool = False) -> Any:
    """Return the Cholesky factors of positive definite matrices."""
    return of_layout("linalg.cholesky", x, "mm->mm")


@inferred("linalg", name="linalg.matrix_power")
def matrix_power(x: Spec, n: int, /) -> Any:
    """Return matrices raised to the power `n`."""
    return of_layout("linalg.matrix_power", x, "mm->mm")


@inferred("linalg", name="linalg.matrix_rank")
def matrix_rank(x: Spec, /, *, rtol: Any = None) -> Any:
    """Return the ranks of matrices."""
    return of_layout("linalg.matrix_rank", x, "mn->:index")


@inferred("linalg", name="linalg.pinv")
def pinv(x: Spec, /, *, rtol: Any = None) -> Any:
    """Return the pseudo-inverses of matrices."""
    return of_layout("linalg.pinv", x, "mn->nm")


@inferred("linalg", name="linalg.qr", result=QRResult)
def qr(x: Spec, /, *, mode: str = "reduced") -> Any:
    """Return the QR decomposition of matrices."""
    layouts = {"reduced": "mn->mk, kn", "complete": "mn->mm, mn"}
    if mode not in layouts:
        raise ValueError(f'linalg.qr: mode must be "reduced" or "complete", not {mode!r}')
    return of_layout("linalg.qr", x, layouts[mode])


@inferred("linalg", name="linalg.svd", result=SVDResult)
def svd(x: Spec, /, *, full_matrices: bool = True) -> Any:
    """Return the singular value decomposition of matrices."""
    layout = "mn->mm, k:real, nn" if full_matrices else "mn->mk, k:real, kn"
    return of_layout("linalg.svd", x, layout)


@inferred("reduction", name="linalg.matrix_norm")
def matrix_norm(x: Spec, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Return a norm of matrices."""
    return of_layout("linalg.matrix_norm", x, "mn->11:real" if keepdims else "mn->:real")


@inferred("manipulation", name="linalg.diagonal")
def diagonal(x: Spec, /, *, offset: int = 0) -> Spec:
    """Return a diagonal of matrices as the last axis."""
    check_matrix("linalg.diagonal", x)
    m, n = x.shape[-2:]
    length = None
    if m is not None and n is not None:
        length = max(min(m + min(offset, 0), n - max(offset, 0)), 0)
    return x.with_(shape=(*x.shape[:-2], length))


@inferred("reduction", name="linalg.trace")
def trace(x: Spec, /, *, offset: int = 0, dtype: Any = None) -> Spec:
    """Return the sums along a diagonal of matrices."""
    check_matrix("linalg.trace", x)
    return x.with_(shape=x.shape[:-2], dtype=dtype or dtypes.accumulator(x.dtype, x.backend))


@inferred("reduction", name="linalg.vector_norm")
def vector_norm(x: Spec, /, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Spec:
    """Return a norm of vectors along axes."""
    return x.with_(shape=reduced_shape(x.shape, axis, keepdims), dtype=_result_dtype(x, "real"))


@inferred("linalg", name="linalg.solve", arrays=2)
def solve(x1: Spec, x2: Spec, /) -> Spec:
    """Return the solutions ``x`` of ``x1 @ x = x2``."""
    check_matrix("linalg.solve", x1, square=True)
    is_vector = x2.ndim == 1
    check_equal("linalg.solve", x1.shape[-1], x2.shape[0 if is_vector else -2])
    shape: Shape = x1.shape[:-1]
    if not is_vector:
        shape = broadcast(x1.shape[:-2], x2.shape[:-2]) + x2.shape[-2:]
    return joint_spec(x1.with_(dtype=_result_dtype(x1, "floating")), x2, shape=shape)


@function(name="linalg.norm", extra=True)
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> LazyArray:
    """Return a norm of vectors or matrices, depending on the number of axes, as in NumPy.

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
