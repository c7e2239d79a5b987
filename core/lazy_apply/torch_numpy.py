"""Conversion between tensors and NumPy arrays, also of dtypes that NumPy itself does not have.

Such dtypes, ``bfloat16`` and those of 8 bits, are those of the package ml_dtypes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.typing import Array, Device, DType

_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32}
"""Dtypes through which values are passed unchanged, by their size in bytes."""


def to_numpy(x: Array) -> NDArray[Any]:
    """Return the NumPy array that shares the memory of a tensor.

    Raises
    ------
    RuntimeError
        The tensor requires a gradient or has no memory.
    TypeError
        The tensor is not on the CPU, or NumPy and ml_dtypes have no such dtype.
    """
    try:
        return x.numpy()  # type: ignore[no-any-return]
    except TypeError:
        if x.device.type != "cpu" or _has_numpy_dtype(x.dtype):
            raise
    dtype = numpy_dtype(x.dtype)
    array: NDArray[Any] = x.contiguous().view(_INTEGERS[dtype.itemsize]).numpy()
    return array.view(dtype)


def from_numpy(array: NDArray[Any], device: Device) -> Array:
    """Return a tensor on `device` with the values of `array`; shares its memory if it can."""
    if array.dtype.isbuiltin != 2:  # not a dtype that another package defines
        return torch.asarray(array, device=device)
    dtype = getattr(torch, array.dtype.name, None)
    if dtype is None:
        raise TypeError(f"PyTorch has no dtype {array.dtype}")
    integers = np.ascontiguousarray(array).view(f"i{array.dtype.itemsize}")
    tensor = torch.asarray(integers.reshape(array.shape), device=device)
    return tensor.view(dtype)


@cache
def numpy_dtype(dtype: DType) -> np.dtype[Any]:
    """Return the NumPy dtype for a dtype of PyTorch.

    Raises
    ------
    TypeError
        NumPy and ml_dtypes have no such dtype, or ml_dtypes is needed and is not installed.
    """
    if _has_numpy_dtype(dtype):
        known: np.dtype[Any] = torch.empty(0, dtype=dtype).numpy().dtype
        return known
    name = str(dtype).removeprefix("torch.")
    try:
        import ml_dtypes
    except ImportError:
        raise TypeError(f"NumPy has no dtype {name}: install ml_dtypes for it") from None
    found = getattr(ml_dtypes, name, None)
    if found is None or np.dtype(found).itemsize != dtype.itemsize:
        raise TypeError(f"NumPy has no dtype {name}: convert the tensors to another dtype")
    result: np.dtype[Any] = np.dtype(found)
    return result


@cache
def _has_numpy_dtype(dtype: DType) -> bool:
    try:
        torch.empty(0, dtype=dtype, device="cpu").numpy()
    except TypeError:
        return False
    return True
