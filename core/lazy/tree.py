"""Nested containers of arrays: tuples, named tuples, lists and dicts."""

from __future__ import annotations

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
        changed = [rebuild(one, change) for one in tree]
        if hasattr(tree, "_fields"):
            return type(tree)(*changed)
        return type(tree)(changed)
    if isinstance(tree, dict):
        changed_dict = {key: rebuild(one, change) for key, one in tree.items()}
        return changed_dict if type(tree) is dict else type(tree)(changed_dict)
    return change(tree)


def same_structure(tree: Any, other: Any) -> bool:
    """Say whether two nested containers hold the same number of leaves in the same places."""
    if isinstance(tree, tuple | list):
        return (
            isinstance(other, tuple | list)
            and len(tree) == len(other)
            and all(map(same_structure, tree, other))
        )
    if isinstance(tree, dict):
        return (
            isinstance(other, dict)
            and tree.keys() == other.keys()
            and all(same_structure(tree[key], other[key]) for key in tree)
        )
    return not isinstance(other, tuple | list | dict)
