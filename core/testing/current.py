"""On which array library, device and dtype the running test is.

It is the same for all threads of the process: a test that is run in several threads at once is
one test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from core.backends import Backend


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test runs.

    Parameters
    ----------
    backend : Backend
        The adapter of the array library.
    device : str
        ``"cpu"``, ``"gpu"`` or ``"other"``.
    dtype : str
        The floating dtype that creation functions use where the library lets it be chosen.
    """

    backend: Backend
    device: str
    dtype: str


_running: Place | None = None
_wanted: ContextVar[Any] = ContextVar("_wanted", default=None)


def running() -> Place | None:
    """Return where the running test is; None outside of tests that use ``xp``."""
    return _running


@contextmanager
def at(place: Place) -> Iterator[Any]:
    """Be at `place` inside the context, which is the namespace with its defaults set."""
    global _running  # noqa: PLW0603
    before, _running = _running, place
    try:
        with place.backend.defaults(place.device, place.dtype) as xp:
            yield xp
    finally:
        _running = before


def wanted() -> Any:
    """Return the namespace that `default_xp` names, or None."""
    return _wanted.get()


@contextmanager
def default_xp(xp: Any) -> Iterator[None]:
    """Let assertions inside the context expect arrays of the namespace `xp`.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_equal, default_xp
    >>> with default_xp(np):
    ...     assert_equal(np.arange(2), np.asarray([0, 1]))
    """
    token = _wanted.set(xp)
    try:
        yield
    finally:
        _wanted.reset(token)
