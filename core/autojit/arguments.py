"""Find the arrays of any library inside the arguments of a call."""

from __future__ import annotations

from typing import Any

from core.autojit.flattening import Flattener
from core.backends.registry import library_of


class NoType:
    """A type without objects."""


def array_flattener(*, scalars: bool = False) -> Flattener:
    """Return a flattener whose leaves are the arrays of any library; see `Flattener`."""
    return Flattener(NoType, lambda cls: library_of(cls) != "", scalars=scalars)


_ARRAYS = array_flattener()


def array_libraries(args: tuple[Any, ...], kwargs: dict[str, Any]) -> set[str]:
    """Return the names of the libraries whose arrays are among the arguments of a call.

    Arrays are found where `core.autojit` finds them: in containers and objects too.

    Examples
    --------
    >>> import numpy as np
    >>> array_libraries((1, {"x": [np.ones(2)]}), {"how": "max"})
    {'numpy'}
    """
    _, arrays = _ARRAYS.flatten_arguments(args, kwargs)
    return {library_of(type(x)) for x in arrays}
