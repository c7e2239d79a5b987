"""To which array library a namespace belongs."""

from __future__ import annotations

from typing import Any

from core.backends import get_backend


def library_of_namespace(xp: Any) -> str:
    """Return the name of the adapter of `xp`, wrapped by array-api-compat or not.

    A library without an adapter goes by the first part of its namespace's name.

    Examples
    --------
    >>> import array_api_compat.numpy
    >>> library_of_namespace(array_api_compat.numpy)
    'numpy'
    """
    name = str(xp.__name__).rpartition("array_api_compat.")[2]
    try:
        return get_backend(name).name
    except ValueError:
        return name.partition(".")[0]
