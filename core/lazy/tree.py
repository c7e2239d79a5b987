"""Nested containers of arrays: tuples, named tuples, lists and dicts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any) -> Iterator[Any]:
    """Yield what the containers hold, in order."""
    if isinstance(tree, tuple | list):
        for one in tree:
            yield from leaves(one)
    elif isinstance(tree, dict):
        for one in tree.values():
            yield from leaves(one)
    else:
        yield tree


def rebuild(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Return the same containers with each leaf changed; dicts keep their keys and order."""
    if isinstance(tree, tuple | list):
        return filled(tree, [rebuild(one, change) for one in tree])
    if isinstance(tree, dict):
        return filled(tree, {key: rebuild(one, change) for key, one in tree.items()})
    return change(tree)


def filled(container: Any, items: Any) -> Any:
    """Return a container like `container`, of its very class, with other items."""
    cls = type(container)
    if cls in (tuple, list, dict):
        return cls(items)
    if isinstance(container, tuple):
        return cls(*items) if hasattr(container, "_fields") else cls(items)
    made = copy.copy(container)  # a subclass may need more than its items to be made
    if isinstance(made, dict):
        made.update(items)
    else:
        made[:] = items
    return made


def pairs(tree: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the leaves of two nested containers in the same places; dicts go by their keys.

    Raises
    ------
    ValueError
        The containers are not the same.
    """
    if isinstance(tree, tuple | list):
        if not isinstance(other, tuple | list) or len(tree) != len(other):
            raise ValueError("the containers differ")
        for one, two in zip(tree, other, strict=True):
            yield from pairs(one, two)
    elif isinstance(tree, dict):
        if not isinstance(other, dict) or tree.keys() != other.keys():
            raise ValueError("the containers differ")
        for key, one in tree.items():
            yield from pairs(one, other[key])
    elif isinstance(other, tuple | list | dict):
        raise ValueError("the containers differ")
    else:
        yield tree, other


def same_structure(tree: Any, other: Any) -> bool:
    """Say whether two nested containers hold the same number of leaves in the same places."""
    try:
        for _ in pairs(tree, other):
            pass
    except ValueError:
        return False
    return True
