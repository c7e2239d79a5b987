"""Compare what a call returned with what NumPy returned, leaf by leaf."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends import Backend, backends, get_backend, library_of
from core.notes import DtypeChange, Note
from core.typing import Array
from sphinx_xpcaps.cases.model import Leaf, LeafKind, LeafPath, Variant
from sphinx_xpcaps.cases.trees import dense, is_sparse, result_leaves
from sphinx_xpcaps.results.model import Outcome


@dataclass(frozen=True, slots=True)
class ComparedResult:
    """An outcome, with a message and a note on it."""

    outcome: Outcome
    message: str = ""
    dtype_change: DtypeChange | None = None
    note: Note | None = None
    """A note that is more specific than that of the outcome."""
    returned: str | None = None
    """The title of another library whose arrays were returned, if that is not NumPy."""


_PASS = ComparedResult(Outcome.PASS)


def compare(
    result: Any,
    variant: Variant,
    backend: Backend,
    device: str,
    *,
    inputs: frozenset[str],
    default_float: bool = False,
    reference: str = "NumPy",
    expected_from: str = "",
) -> ComparedResult:
    """Compare a result with the expected one.

    Parameters
    ----------
    result : object
        The result of the call.
    variant : Variant
        The expected leaves.
    backend : Backend
        The library whose arrays are expected.
    device : str
        The device on which they are expected.
    inputs : frozenset of str
        Names of the dtypes of the arrays in the arguments.
    default_float : bool
        Whether an argument took the library's default floating-point dtype, such as a list.
    reference : str
        The title of the library that returned the expected result.
    expected_from : str
        What returns the expected result, for messages.

    Returns
    -------
    ComparedResult
        The first difference, or a pass.

    Notes
    -----
    Values agree within ``4 * sqrt(eps)`` of the coarsest dtype that took part, relative to the
    largest magnitude in the leaf, or within the change of NumPy's own values when the inputs change
    in the last digit. The dtypes are those of the arguments and the results, and the library's
    default floating-point dtype if it computes with integers alone or with lists of floats.
    """
    names = {name for name in inputs if name.startswith(("float", "complex"))}
    if (default_float or not names) and not backend.is_reference:
        names.add(_default_float(backend))
    coarsest = max((float(np.finfo(name).eps) for name in names), default=0.0)
    comparison = _Comparison(
        variant,
        backend,
        device,
        inputs,
        coarsest,
        reference,
        expected_from or f"{reference} returns",
    )
    actual = dict(result_leaves(result, lambda x: library_of(type(x)) in backends()))
    dtype_change = None
    for expected in _joined(variant.leaves, actual, backend):
        if expected.path not in actual:
            if expected.kind is LeafKind.OTHER:
                continue
            return comparison.wrong_leaf("nothing", expected)
        compared = comparison.leaf(actual[expected.path], expected)
        if compared.outcome is not Outcome.PASS:
            return compared
        dtype_change = dtype_change or compared.dtype_change
    if not backend.is_reference and any(
        isinstance(x, np.ndarray) and x.dtype.kind == "O" for x in actual.values()
    ):
        return ComparedResult(Outcome.FOREIGN_OUTPUT, str(Note.RETURNS_NUMPY))
    opaque = {leaf.path for leaf in variant.leaves if leaf.kind is LeafKind.OTHER}
    if any(_is_foreign(x, backend) for path, x in actual.items() if path not in opaque):
        return ComparedResult(Outcome.FOREIGN_OUTPUT, str(Note.RETURNS_NUMPY))
    return replace(_PASS, dtype_change=dtype_change)


def require_arrays(result: Any, backend: Backend) -> ComparedResult:
    """Return a pass if a result for arguments that are arrays contains arrays too.

    For a call whose only arrays have no dimensions, `compare` accepts Python numbers.
    """
    if backend.is_reference:
        return _PASS
    if any(backend.owns(leaf) for _, leaf in result_leaves(result, backend.owns)):
        return _PASS
    note = Note.RETURNS_PYTHON_NUMBERS
    return ComparedResult(Outcome.FOREIGN_OUTPUT, str(note), note=note)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What all leaves of a result are compared with; see `compare`."""

    variant: Variant
    backend: Backend
    device: str
    inputs: frozenset[str]
    eps: float
    """The precision of the coarsest floating-point dtype of the arguments."""
    reference: str
    expected_from: str

    def leaf(self, found: Any, expected: Leaf) -> ComparedResult:
        if expected.kind is LeafKind.OTHER:
            return _PASS
        if expected.value is None or isinstance(expected.value, str):
            if (found is None) == (expected.value is None):
                return _PASS
            return self.wrong_leaf(type(found).__name__, expected)
        found = dense(found) if self.backend.is_reference else found
        if _is_foreign(found, self.backend):
            where = _prefix(expected.path)
            return ComparedResult(Outcome.FOREIGN_OUTPUT, f"{where}{Note.RETURNS_NUMPY}")
        other = _other_library(found, self.backend)
        if other is not None:
            message = f"{_prefix(expected.path)}returns arrays of {other.title}"
            return ComparedResult(Outcome.FOREIGN_OUTPUT, message, returned=other.title)
        if self.backend.owns(found):
            return self.array(found, expected)
        if not isinstance(found, (bool, int, float, complex, np.generic)):
            return self.wrong_leaf(type(found).__name__, expected)
        if np.ndim(expected.value) > 0:
            return self.wrong_leaf("a Python scalar", expected)
        return self.values(np.asarray(found), expected)

    def array(self, found: Array, expected: Leaf) -> ComparedResult:
        device = self.backend.device_of(found)
        if device != self.device:
            return ComparedResult(
                Outcome.FOREIGN_OUTPUT,
                f"{_prefix(expected.path)}returns an array on {device}, "
                f"the inputs are on {self.device}",
            )
        values = dense(self.backend.to_numpy(found))
        dtype_change = None
        if isinstance(expected.value, np.ndarray):
            wanted, actual = expected.value.dtype, self.backend.numpy_dtype(found)
            actual = values.dtype if actual.kind == "O" else actual
            if _kind(wanted) != _kind(actual) and not _is_real(values, wanted):
                return self.wrong(expected, f"dtype {actual}", str(wanted))
            dtype_change = self.dtype_change(wanted, actual)
        return replace(self.values(values, expected), dtype_change=dtype_change)

    def values(self, values: NDArray[Any], expected: Leaf) -> ComparedResult:
        wanted = np.asarray(expected.value)
        if values.shape != wanted.shape:
            return self.wrong(expected, f"shape {values.shape}", str(wanted.shape))
        if not self.variant.reproducible:
            return _PASS
        difference = self.any_difference(values, wanted, expected)
        if difference and expected.free_order:
            in_order = np.sort(values, axis=None), np.sort(wanted, axis=None)
            difference = self.any_difference(*in_order, expected)
        if not difference:
            return _PASS
        return ComparedResult(Outcome.WRONG_VALUES, f"{_prefix(expected.path)}{difference}")

    def any_difference(self, values: NDArray[Any], wanted: NDArray[Any], expected: Leaf) -> str:
        if wanted.dtype.kind in "fc" or values.dtype.kind in "fc":
            difference = self.difference(values, wanted, expected)
            if difference and expected.free_signs:
                difference = self.difference(_with_signs_of(wanted, values), wanted, expected)
            return difference
        if np.array_equal(values, wanted) or not math.isfinite(expected.sensitivity):
            return ""
        return f"values differ from {self.reference}'s"

    def difference(self, values: NDArray[Any], wanted: NDArray[Any], expected: Leaf) -> str:
        return _difference(values, wanted, expected.sensitivity, self.eps, self.reference)

    def dtype_change(self, wanted: np.dtype[Any], actual: np.dtype[Any]) -> DtypeChange | None:
        """Return a dtype that the backend changes and NumPy keeps.

        Integers and results of another dtype than all inputs may differ: they have the library's
        default dtype.
        """
        if wanted == actual or wanted.kind not in "fc":
            return None
        if wanted.name not in self.inputs and wanted.kind == actual.kind:
            return None
        return DtypeChange(str(wanted), str(actual))

    def wrong_leaf(self, found: str, expected: Leaf) -> ComparedResult:
        if isinstance(expected.value, np.ndarray):
            wanted = f"an array of {expected.value.dtype}, shape {expected.value.shape}"
        else:
            wanted = type(expected.value).__name__
        return self.wrong(expected, found, wanted)

    def wrong(self, expected: Leaf, found: str, wanted: str) -> ComparedResult:
        message = f"{_prefix(expected.path)}{found} where {self.expected_from} {wanted}"
        return ComparedResult(Outcome.WRONG_VALUES, message)


def _joined(
    expected: Sequence[Leaf], actual: Mapping[LeafPath, Any], backend: Backend
) -> Iterator[Leaf]:
    """Yield the expected leaves; those of a list of numbers as one where an array is found.

    A function that returns a list as it came in returns an array if it was called with one.
    """
    arrays = {path for path, x in actual.items() if backend.owns(x)}
    known = {leaf.path for leaf in expected}
    lists: dict[LeafPath, dict[LeafPath, Leaf]] = {}
    for leaf in expected:
        prefixes = (leaf.path[:n] for n in range(len(leaf.path)))
        of = next((path for path in prefixes if path in arrays and path not in known), None)
        if of is None:
            yield leaf
        else:
            lists.setdefault(of, {})[leaf.path[len(of) :]] = leaf
    for path, items in lists.items():
        try:
            shape = tuple(max(places) + 1 for places in zip(*items, strict=True))
            joined = np.asarray([np.asarray(leaf.value) for leaf in items.values()]).reshape(shape)
        except (TypeError, ValueError):
            yield from items.values()
        else:
            yield Leaf(path, LeafKind.ARRAY, joined)


def _default_float(backend: Backend) -> str:
    """Return the name of the dtype of floats that the library creates from Python numbers."""
    return backend.numpy_dtype(backend.namespace().asarray(0.5)).name


def _with_signs_of(wanted: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Return orthonormal vectors with the signs, or complex phases, of those in another array."""
    if values.shape != wanted.shape or not np.isfinite(values).all():
        return values
    for axis in (-2, -1):
        products = np.sum(np.conj(values) * wanted, axis=axis, keepdims=True)
        aligned: NDArray[Any] = values * products
        if np.allclose(np.abs(products), 1.0, atol=1e-3):
            return aligned
    return values


def _difference(
    values: NDArray[Any], wanted: NDArray[Any], sensitivity: float, eps: float, reference: str
) -> str:
    """Return how floating-point values differ by more than the tolerance; "" if they do not."""
    if not math.isfinite(sensitivity):
        return ""
    own = (float(np.finfo(x.dtype).eps) for x in (values, wanted) if x.dtype.kind in "fc")
    eps = max(eps, *own)
    wide = np.complex128 if "c" in values.dtype.kind + wanted.dtype.kind else np.float64
    a, b = values.astype(wide), wanted.astype(wide)
    finite = np.isfinite(b)
    if not np.array_equal(np.isfinite(a), finite):
        return f"infinities or NaNs are at other positions than in {reference}'s result"
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return f"infinities or NaNs differ from {reference}'s"
    if not finite.any():
        return ""
    difference = float(np.max(np.abs(a[finite] - b[finite])))
    scale = float(np.max(np.abs(b[finite])))
    # Besides the tolerance: rounding of terms of order one that cancel, and rounding that an
    # ill-conditioned function amplifies, for which NumPy itself returns other values.
    allowed = 4 * math.sqrt(eps) * scale + 64 * eps + 64 * sensitivity
    if difference <= allowed:
        return ""
    return f"values differ from {reference}'s by {difference:.1e} where up to {scale:.1e}"


def _is_real(values: NDArray[Any], wanted: np.dtype[Any]) -> bool:
    """Return whether values are complex without an imaginary part where NumPy's are real.

    NumPy chooses real values for some functions by looking at them, such as for eigenvalues.
    """
    return values.dtype.kind == "c" and wanted.kind == "f" and not np.any(values.imag)


def _kind(dtype: np.dtype[Any]) -> str:
    return "integer" if dtype.kind in "iu" else dtype.kind


def _other_library(x: object, backend: Backend) -> Backend | None:
    """Return the backend of an array, if it is neither `backend` nor NumPy."""
    name = library_of(type(x))
    if name in ("", backend.name) or name not in backends():
        return None
    other = get_backend(name)
    return None if other.is_reference else other


def _is_foreign(x: object, backend: Backend) -> bool:
    if backend.is_reference or backend.owns(x):
        return False
    return isinstance(x, (np.ndarray, np.generic)) or is_sparse(x)


def _prefix(path: LeafPath) -> str:
    return f"in {'.'.join(str(part) for part in path)}: " if path else ""
