"""What functions with several results return."""

from __future__ import annotations

from typing import NamedTuple

from core.lazy.array import LazyArray


class EighResult(NamedTuple):
    """What `linalg.eigh` and `linalg.eig` return."""

    eigenvalues: LazyArray
    eigenvectors: LazyArray


class QRResult(NamedTuple):
    """What `linalg.qr` returns."""

    Q: LazyArray
    R: LazyArray


class SlogdetResult(NamedTuple):
    """What `linalg.slogdet` returns."""

    sign: LazyArray
    logabsdet: LazyArray


class SVDResult(NamedTuple):
    """What `linalg.svd` returns."""

    U: LazyArray
    S: LazyArray
    Vh: LazyArray


class UniqueAll(NamedTuple):
    """What `unique_all` returns; the length of all but `inverse_indices` is not known."""

    values: LazyArray
    indices: LazyArray
    inverse_indices: LazyArray
    counts: LazyArray


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns; the length is not known."""

    values: LazyArray
    counts: LazyArray


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns; the length of `values` is not known."""

    values: LazyArray
    inverse_indices: LazyArray
