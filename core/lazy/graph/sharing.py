"""Reuse of equal nodes while a graph is traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

from core.lazy.graph.tree import freeze

Cache: TypeAlias = "dict[tuple[Any, ...], Any]"

# Not empty while any thread shares nodes; otherwise recording an operation costs one truth test.
open_contexts: list[Cache] = []
_current: ContextVar[Cache | None] = ContextVar("shared_intermediates", default=None)


@contextmanager
def shared_intermediates(cache: Cache | None = None) -> Iterator[Cache]:
    """Reuse the node of an earlier equal operation on the same traced arrays.

    Contexts may be nested; each has its own cache. A context applies to the thread or asynchronous
    task that opened it.

    Parameters
    ----------
    cache : dict, optional
        The cache of an earlier context, to continue with it.

    Yields
    ------
    cache : dict
        The shared nodes. It keeps their arrays alive until it is deleted.

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3,))
    >>> with lazy.shared_intermediates():
    ...     print((x * x) is (x * x), (x * 1) is (x * 1.0))
    True False
    """
    cache = {} if cache is None else cache
    token = _current.set(cache)
    open_contexts.append(cache)
    try:
        yield cache
    finally:
        open_contexts.pop()  # only their number matters
        _current.reset(token)


def share(node: Any) -> Any:
    """Return the first recorded node that is equal to `node`, which may be `node` itself."""
    cache = _current.get()
    if cache is None:
        return node
    key = (node._op.key, freeze(node._args), freeze(node._kwargs), node._spec)
    return cache.setdefault(key, node)
