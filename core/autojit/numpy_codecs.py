"""Codecs of NumPy's arrays, scalars and dtypes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from core.autojit.type_codec import (
    Entries,
    Flattening,
    LeafIterator,
    Leaves,
    Memo,
    Rebuilt,
    TypeCodec,
    is_repeated,
)


class _ArrayCodec(TypeCodec):
    """The codec of ``numpy.ndarray``, by dtype, shape, order and contents."""

    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        if is_repeated(x, entries, memo):
            return
        entries += (self, x.dtype, x.shape, x.flags.fnc)
        if _is_not_in_bytes(x.dtype):
            flattener.flatten(x.ravel().tolist(), leaves, entries, memo)
        else:
            entries.append(x.tobytes())

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        dtype, shape, is_fortran = next(entries), next(entries), next(entries)
        result: Any = np.empty(shape, dtype=dtype, order="F" if is_fortran else "C")
        rebuilt.append(result)
        if _is_not_in_bytes(dtype):
            for i in range(result.size):
                result.flat[i] = flattener.unflatten(entries, leaves, rebuilt)
        else:
            result[...] = np.frombuffer(next(entries), dtype=dtype).reshape(shape)
        return result


class _ScalarCodec(TypeCodec):
    """The codec of ``numpy.generic``, by dtype and contents."""

    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        entries += (self, x.dtype)
        if _is_not_in_bytes(x.dtype):
            flattener.flatten((x.item(),), leaves, entries, memo)
        else:
            entries.append(x.tobytes())

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        dtype = next(entries)
        if _is_not_in_bytes(dtype):
            return np.array(flattener.unflatten(entries, leaves, rebuilt), dtype=dtype)[()]
        return np.frombuffer(next(entries), dtype=dtype)[0]


class _DTypeCodec(TypeCodec):
    __slots__ = ()

    def flatten(
        self, flattener: Flattening, x: Any, leaves: Leaves, entries: Entries, memo: Memo
    ) -> None:
        entries += (self, x)

    def unflatten(
        self, flattener: Flattening, entries: Iterator[Any], leaves: LeafIterator, rebuilt: Rebuilt
    ) -> Any:
        return next(entries)


def _is_not_in_bytes(dtype: np.dtype[Any]) -> bool:
    """Return whether the bytes of a value do not determine it: they are pointers, or none."""
    return dtype.hasobject or dtype.itemsize == 0


NUMPY_ARRAY = _ArrayCodec("NUMPY_ARRAY")
NUMPY_SCALAR = _ScalarCodec("NUMPY_SCALAR")
NUMPY_DTYPE = _DTypeCodec("NUMPY_DTYPE")
