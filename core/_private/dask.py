"""Functions of Dask's arrays that are not documented."""

from __future__ import annotations

from typing import Any

import numpy as np
from dask.array.core import concatenate3
from dask.array.utils import meta_from_array

from core.typing import Array


def empty_like(x: Array, ndim: int, dtype: np.dtype[Any]) -> Array:
    """Return an empty array of the library of the blocks of `x`, as the `meta` of an array."""
    return meta_from_array(x._meta, ndim, dtype=dtype)


def concatenate_blocks(blocks: Any) -> Array:
    """Return the array that nested lists of blocks make up."""
    return concatenate3(blocks)
