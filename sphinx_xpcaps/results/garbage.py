"""Pause garbage collection where millions of objects are created."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Pause garbage collection while many objects without cycles are created.

    It would visit millions of cells several times, which takes longer than creating them.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # Move all objects to the oldest generation, or the next three collections visit them.
            gc.freeze()
            gc.unfreeze()
        gc.enable()
