"""Reuse of equal nodes while a graph is traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from core.lazy.node import Node

Cache: TypeAlias = "dict[tuple[Any, ...], Any]"

# Non-empty while any thread shares: recording an operation costs one truth test otherwise.
open_contexts: list[Cache] = []
_current: ContextVar[Cache | None] = ContextVar("shared_intermediates", default=None)


@contextmanager
def shared_intermediates(cache: Cache | None = None) -> Iterator[Cache]:
    """Record an operation that was recorded before, on the same traced arrays, only once.

    Contexts may be nested, each with a cache of its own, and apply to the thread (or the
    asynchronous task) that opened them.

    Parameters
    ----------
    cache : dict, optional
        A cache that an earlier context yielded, to go on with it.

    Yields
    ------
    cache : dict
        What is shared. It keeps its arrays alive; drop it to free them.

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
        # By identity: two caches may be equal, for instance empty.
        del open_contexts[next(i for i, one in enumerate(open_contexts) if one is cache)]
        _current.reset(token)


def share(node: Node) -> Any:
    """Return the node to use in place of `node`: the first that was recorded equal to it."""
    cache = _current.get()
    if cache is None:
        return node
    key = (node._op.key, freeze(node._args), freeze(node._kwargs), node._spec)
    return cache.setdefault(key, node)


def freeze(value: Any) -> Any:
    """Return a hashable key that tells apart whatever gives another result.

    ``1``, ``1.0`` and ``True`` are equal in Python, and so are ``0.0`` and ``-0.0``; arrays and
    objects of other kinds are told apart by identity.
    """
    kind = type(value)
    if kind is int or kind is str or kind is bool or value is None:
        return kind, value
    if kind is float or kind is complex:
        return kind, repr(value)
    if kind is tuple or kind is list:
        return kind, tuple([freeze(one) for one in value])
    if kind is dict:
        return kind, tuple([(freeze(name), freeze(one)) for name, one in value.items()])
    if kind is slice:
        return kind, freeze(value.start), freeze(value.stop), freeze(value.step)
    if hasattr(value, "_spec") or not _plain(value):
        return "object", id(value)
    return kind, value


def _plain(value: Any) -> bool:
    # Dtypes and devices compare by value; arrays do not, even where they can be hashed.
    return getattr(type(value), "__hash__", None) not in (None, object.__hash__) and not hasattr(
        value, "shape"
    )
