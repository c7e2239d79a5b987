"""Holds what a backend returned against what NumPy returned, leaf by leaf."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends import Backend
from sphinx_xpcaps.cases.model import Leaf, Path, Variant
from sphinx_xpcaps.cases.trees import result_leaves
from sphinx_xpcaps.results.model import Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with its words."""

    outcome: Outcome
    message: str = ""
    dtype_drift: str | None = None


NUMBERS_RETURNED = "returns Python numbers"

_PASS = Verdict(Outcome.PASS)


def compare(
    result: Any,
    variant: Variant,
    backend: Backend,
    device: str,
    *,
    inputs: frozenset[str],
) -> Verdict:
    """Judge one result.

    Parameters
    ----------
    result : object
        What the call returned.
    variant : Variant
        What NumPy returned for the same arguments.
    backend : Backend
        Whose arrays are expected.
    device : str
        Where they are expected.
    inputs : frozenset of str
        Names of the dtypes of the arrays that went in.

    Returns
    -------
    Verdict
        The first thing that differs, or a pass.

    Notes
    -----
    Values agree within ``4 * sqrt(eps)`` of the coarser dtype, relative to the largest magnitude
    of the leaf; or as closely as NumPy's own values do when the inputs change in the last digit.
    """
    actual = dict(result_leaves(result, backend.owns))
    drift = None
    for expected in variant.leaves:
        if expected.path not in actual:
            if expected.kind == "other":
                continue
            return _wrong(f"{_at(expected.path)}nothing where NumPy returns {_kind(expected)}")
        found = actual[expected.path]
        verdict = _compare_leaf(found, expected, variant, backend, device, inputs)
        if verdict.outcome is not Outcome.PASS:
            return verdict
        drift = drift or verdict.dtype_drift
    opaque = {leaf.path for leaf in variant.leaves if leaf.kind == "other"}
    if any(_is_foreign(x, backend) for path, x in actual.items() if path not in opaque):
        return Verdict(Outcome.FOREIGN_OUTPUT, "returns NumPy")
    return Verdict(Outcome.PASS, dtype_drift=drift)


def must_hold_arrays(result: Any, backend: Backend) -> Verdict:
    """Judge what comes back for arrays without dimensions: arrays in means arrays out here too."""
    if any(backend.owns(leaf) for _, leaf in result_leaves(result, backend.owns)):
        return _PASS
    if backend.name == "numpy":
        return _PASS
    return Verdict(Outcome.FOREIGN_OUTPUT, NUMBERS_RETURNED)


def _compare_leaf(
    found: Any,
    expected: Leaf,
    variant: Variant,
    backend: Backend,
    device: str,
    inputs: frozenset[str],
) -> Verdict:
    where = _at(expected.path)
    if expected.kind == "other":
        return _PASS
    if expected.value is None or isinstance(expected.value, str):
        if (found is None) == (expected.value is None):
            return _PASS
        return _wrong(f"{where}{type(found).__name__} where NumPy returns {_kind(expected)}")
    if _is_foreign(found, backend):
        return Verdict(Outcome.FOREIGN_OUTPUT, f"{where}returns NumPy")
    if not backend.owns(found):
        if not isinstance(found, (bool, int, float, complex, np.generic)):
            return _wrong(f"{where}{type(found).__name__} where NumPy returns {_kind(expected)}")
        if np.ndim(expected.value) > 0:
            return _wrong(f"{where}a Python scalar where NumPy returns {_kind(expected)}")
        return _compare_values(np.asarray(found), expected, variant, where)
    if (there := backend.device_of(found)) != device:
        return Verdict(
            Outcome.FOREIGN_OUTPUT,
            f"{where}returns an array on {there}, the inputs are on {device}",
        )
    values = backend.to_numpy(found)
    drift = None
    if expected.kind == "array":
        assert isinstance(expected.value, np.ndarray)
        ours, theirs = expected.value.dtype, backend.numpy_dtype(found)
        if _family(ours) != _family(theirs) and not _is_real(values, ours):
            return _wrong(f"{where}dtype {theirs} where NumPy returns {ours}")
        drift = _drift(ours, theirs, inputs)
    verdict = _compare_values(values, expected, variant, where)
    return Verdict(verdict.outcome, verdict.message, drift)


def _compare_values(values: NDArray[Any], expected: Leaf, variant: Variant, where: str) -> Verdict:
    wanted = np.asarray(expected.value)
    if values.shape != wanted.shape:
        return _wrong(f"{where}shape {values.shape} where NumPy returns {wanted.shape}")
    if not variant.reproducible:
        return _PASS
    if wanted.dtype.kind not in "fc" and values.dtype.kind not in "fc":
        same = bool(np.array_equal(values, wanted)) or not math.isfinite(expected.sensitivity)
        return _PASS if same else _wrong(f"{where}other values than NumPy's")
    return _close(values, wanted, expected.sensitivity, where)


def _close(values: NDArray[Any], wanted: NDArray[Any], sensitivity: float, where: str) -> Verdict:
    eps = max(float(np.finfo(x.dtype).eps) for x in (values, wanted) if x.dtype.kind in "fc")
    tolerance = 4 * math.sqrt(eps)
    wide = np.complex128 if "c" in values.dtype.kind + wanted.dtype.kind else np.float64
    a, b = values.astype(wide), wanted.astype(wide)
    finite = np.isfinite(b)
    if not math.isfinite(sensitivity):
        return _PASS
    if not np.array_equal(np.isfinite(a), finite):
        return _wrong(f"{where}not finite in other places than NumPy's")
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return _wrong(f"{where}other infinities or NaNs than NumPy's")
    if not finite.any():
        return _PASS
    difference = float(np.max(np.abs(a[finite] - b[finite])))
    scale = float(np.max(np.abs(b[finite])))
    # Then rounding of terms of order one that cancel, and what an ill-conditioned function makes
    # of rounding: it cannot be nearer to NumPy's than NumPy's is to itself.
    allowed = tolerance * scale + 64 * eps + 64 * sensitivity
    if difference <= allowed:
        return _PASS
    return _wrong(f"{where}values differ from NumPy's by {difference:.1e} where up to {scale:.1e}")


def _drift(ours: np.dtype[Any], theirs: np.dtype[Any], inputs: frozenset[str]) -> str | None:
    """Name a dtype that the backend changes and NumPy keeps; integers and defaults may differ."""
    if ours == theirs or ours.kind not in "fc":
        return None
    if ours.name not in inputs and ours.kind == theirs.kind:
        return None
    return f"{ours} → {theirs}"


def _is_real(values: NDArray[Any], ours: np.dtype[Any]) -> bool:
    """Say whether complex values stand where NumPy, by looking at them, chose real ones."""
    return values.dtype.kind == "c" and ours.kind == "f" and not np.any(values.imag)


def _family(dtype: np.dtype[Any]) -> str:
    return "integer" if dtype.kind in "iu" else dtype.kind


def _is_foreign(x: object, backend: Backend) -> bool:
    return backend.name != "numpy" and isinstance(x, (np.ndarray, np.generic))


def _wrong(message: str) -> Verdict:
    return Verdict(Outcome.WRONG_VALUES, message)


def _at(path: Path) -> str:
    return f"in {'.'.join(str(part) for part in path)}: " if path else ""


def _kind(leaf: Leaf) -> str:
    if leaf.kind == "array":
        assert isinstance(leaf.value, np.ndarray)
        return f"an array of {leaf.value.dtype}, shape {leaf.value.shape}"
    return type(leaf.value).__name__
