"""Hides a type's buffers for a while, so that NumPy has to ask for an array by name.

NumPy reads an object that has the buffer protocol without calling any of its methods, so nobody
sees that. Without it, NumPy calls ``__array__``, which can be watched.
"""

from __future__ import annotations

import ctypes
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

_BUFFER_SLOT = 20 * ctypes.sizeof(ctypes.c_void_p)
"""Where `tp_as_buffer` stands in CPython's `PyTypeObject`, after twenty words."""


def _slot(kind: type) -> ctypes.c_void_p:
    return ctypes.c_void_p.from_address(id(kind) + _BUFFER_SLOT)


def _is_known() -> bool:
    """Say whether types are laid out here as expected, told by types whose answer is known."""
    if sys.implementation.name != "cpython" or (hasattr(sys, "abiflags") and "t" in sys.abiflags):
        return False
    with_buffers = all(_slot(kind).value for kind in (bytes, bytearray, memoryview, array))
    return with_buffers and not any(_slot(kind).value for kind in (int, float, list, dict, str))


@contextmanager
def hidden_buffers(kind: type) -> Iterator[bool]:
    """Take the buffer protocol from a type inside the context.

    Parameters
    ----------
    kind : type
        A type of an extension module, whose objects offer buffers.

    Yields
    ------
    bool
        Whether they are hidden; where the interpreter lays types out differently, nothing is done.
    """
    if not _is_known():
        yield False
        return
    slot = _slot(kind)
    own = slot.value
    slot.value = None
    try:
        yield True
    finally:
        slot.value = own
