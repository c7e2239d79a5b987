"""Nested containers of arrays: tuples, named tuples, lists and dicts.

In the arguments of an operation slices are containers too, as an end may be an array.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any, slices: bool = False) -> Iterator[Any]:
    """Yield the leaves of nested containers in order; also those in slices if `slices`."""
    if isinstance(tree, tuple | list):
        for item in tree:
            yield from leaves(item, slices)
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from leaves(item, slices)
    elif slices and type(tree) is slice:
        yield from leaves((tree.start, tree.stop, tree.step), True)
    else:
        yield tree


def rebuild(tree: Any, change: Callable[[Any], Any], slices: bool = False) -> Any:
    """Return the same containers with `change` applied to each leaf; dicts keep their keys."""
    if isinstance(tree, tuple | list):
        return replace_items(tree, [rebuild(item, change, slices) for item in tree])
    if isinstance(tree, dict):
        items = {key: rebuild(item, change, slices) for key, item in tree.items()}
        return replace_items(tree, items)
    if slices and type(tree) is slice:
        return slice(*[rebuild(end, change, True) for end in (tree.start, tree.stop, tree.step)])
    return change(tree)


def replace_items(container: Any, items: Any) -> Any:
    """Return a container of the same class as `container` with other items."""
    cls = type(container)
    if cls in (tuple, list, dict):
        return cls(items)
    if isinstance(container, tuple):
        return cls(*items) if hasattr(container, "_fields") else cls(items)
    result = copy.copy(container)  # the constructor of a subclass may need more than the items
    if isinstance(result, dict):
        result.update(items)
    else:
        result[:] = items
    return result


def pairs(tree: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the leaves at the same positions of two nested containers; dicts match by key.

    Raises
    ------
    ValueError
        The structures differ.
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


def freeze(value: Any) -> Any:
    """Return a hashable key that is equal for two arguments only if they give equal results.

    ``1``, ``1.0`` and ``True`` are equal in Python, and so are ``0.0`` and ``-0.0``; their keys
    differ. Arrays, nodes and objects that do not define equality are compared by identity.
    """
    kind = type(value)
    if kind is int or kind is str or kind is bool or value is None:
        return kind, value
    if kind is float:
        return kind, value if value else repr(value)
    if kind is complex:
        return kind, repr(value)
    if kind is tuple or kind is list:
        return kind, tuple([freeze(item) for item in value])
    if kind is dict:
        return kind, tuple([(freeze(name), freeze(item)) for name, item in value.items()])
    if kind is slice:
        return kind, freeze(value.start), freeze(value.stop), freeze(value.step)
    # Dtypes and devices define equality and a hash; arrays must not be compared even if they do.
    hashed = getattr(kind, "__hash__", None) not in (None, object.__hash__)
    if hashed and not hasattr(value, "shape") and not hasattr(value, "_spec"):
        return kind, value
    return "object", id(value)
