"""Frames of the call stack, and the slot of the buffer protocol in CPython's type objects."""

from __future__ import annotations

import ctypes
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

get_frame = sys._getframe
"""Returns a frame of the call stack: 0 is the running function, 1 its caller, and so on.

The public functions of `inspect` also read the source of each frame.
"""

_BUFFER_SLOT = 20 * ctypes.sizeof(ctypes.c_void_p)
"""The offset of `tp_as_buffer` in CPython's `PyTypeObject`: the field after twenty words."""


def _slot(cls: type) -> ctypes.c_void_p:
    return ctypes.c_void_p.from_address(id(cls) + _BUFFER_SLOT)


def layout_is_known() -> bool:
    """Return whether this interpreter's type objects have the slot at the expected offset.

    Types with and without buffers are inspected to find out.
    """
    if sys.implementation.name != "cpython" or "t" in getattr(sys, "abiflags", ""):
        return False
    with_buffers = all(_slot(cls).value for cls in (bytes, bytearray, memoryview, array))
    return with_buffers and not any(_slot(cls).value for cls in (int, float, list, dict, str))


@contextmanager
def hidden_buffers(cls: type) -> Iterator[bool]:
    """Disable the buffer protocol of a type inside the context.

    NumPy reads an object with buffers without calling any of its methods. Without buffers it calls
    ``__array__``, which can be replaced by a method that counts calls.

    Parameters
    ----------
    cls : type
        A type of an extension module whose objects support the buffer protocol.

    Yields
    ------
    bool
        Whether the protocol is disabled; an unknown layout of type objects is left as it is.
    """
    if not layout_is_known():
        yield False
        return
    slot = _slot(cls)
    original = slot.value
    slot.value = None
    try:
        yield True
    finally:
        slot.value = original
