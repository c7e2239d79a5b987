"""An aspect of the state of a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Aspect:
    """Part of the state of a process.

    Parameters
    ----------
    name : str
        What to call it in messages.
    capture : callable
        Returns the current value; two values are compared by ``==``.
    restore : callable
        Sets the value. It may raise, if the change cannot be undone.
    """

    name: str
    capture: Callable[[], Any]
    restore: Callable[[Any], None]


class CannotRestoreError(Exception):
    """A change of the state of a process cannot be undone."""


def ignore(_: object) -> None:
    """Discard a return value."""


def cannot_restore(_: object) -> None:
    raise CannotRestoreError
