"""Walks through nested arguments and results, and rebuilds arguments with other leaves."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import numbers
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import Method, Path, Result
from sphinx_xpcaps.cases.plot_stub import is_plot

_DEEPEST = 6
_LONGEST = 1000
_OPAQUE = (
    str,
    bytes,
    type,
    types.ModuleType,
    types.FunctionType,
    types.MethodType,
    np.random.Generator,
    Result,
    Method,
)

Replace = Callable[[Path, Any], Any]


def is_number(x: object) -> bool:
    """Say whether `x` is a Python or NumPy number or bool."""
    return isinstance(x, (numbers.Number, np.number, np.bool_)) and not isinstance(x, np.ndarray)


def is_numeric_array(x: object) -> bool:
    """Say whether `x` is a NumPy array that other libraries can hold."""
    return isinstance(x, np.ndarray) and x.dtype.kind in "biufc" and type(x) is np.ndarray


def is_numeric_sequence(x: object) -> bool:
    """Say whether `x` is a list or tuple of numbers, maybe nested, that makes an array."""
    if type(x) not in (list, tuple) or not _only_numbers(x):
        return False
    try:
        return bool(np.asarray(x).dtype.kind in "biufc")
    except (ValueError, OverflowError):
        return False


def _only_numbers(x: Any) -> bool:
    return bool(x) and all(
        _only_numbers(item) if type(item) in (list, tuple) else is_number(item) for item in x
    )


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each leaf of nested arguments; a list of numbers is one leaf."""
    found: list[tuple[Path, Any]] = []

    def see(where: Path, leaf: Any) -> Any:
        found.append((where, leaf))
        return leaf

    rebuild(tree, see, path)
    yield from found


def rebuild(
    tree: Any, replace: Replace, path: Path = (), *, is_leaf: Callable[[Any], bool] | None = None
) -> Any:
    """Return `tree` with each leaf replaced; what does not change is kept as it is.

    Parameters
    ----------
    tree : object
        Nested tuples, lists, dicts and objects.
    replace : callable
        Called with each leaf and where it stands.
    path : tuple
        Where the tree itself stands.
    is_leaf : callable, optional
        Says of a part that it is not entered.
    """
    return _rebuild(tree, replace, path, frozenset(), is_leaf)


def _rebuild(
    tree: Any,
    replace: Replace,
    path: Path,
    above: frozenset[int],
    is_leaf: Callable[[Any], bool] | None,
) -> Any:
    if len(above) > _DEEPEST or id(tree) in above or is_numeric_sequence(tree):
        return replace(path, tree)
    if is_leaf is not None and is_leaf(tree):
        return replace(path, tree)
    if hasattr(type(tree), "__array_namespace__"):  # an array of whichever library is a leaf
        return replace(path, tree)
    above = above | {id(tree)}
    if isinstance(tree, (list, tuple)):
        if not tree:
            return replace(path, tree)
        items = [_rebuild(item, replace, (*path, i), above, is_leaf) for i, item in enumerate(tree)]
        if all(new is old for new, old in zip(items, tree, strict=True)):
            return tree
        return _same_tuple(tree, items) if isinstance(tree, tuple) else type(tree)(items)
    if isinstance(tree, dict):
        changed = {
            key: new
            for key, old in tree.items()
            if (new := _rebuild(old, replace, (*path, key), above, is_leaf)) is not old
        }
        if not changed:
            return tree
        other = copy.copy(tree)
        other.update(changed)
        return other
    attributes = _attributes(tree)
    if attributes is None:
        return replace(path, tree)
    changed = {
        name: new
        for name, old in attributes.items()
        if (new := _rebuild(old, replace, (*path, f".{name}"), above, is_leaf)) is not old
    }
    if not changed:
        return tree
    twin = copy.copy(tree)
    for name, new in changed.items():
        object.__setattr__(twin, name, new)
    return twin


def _same_tuple(like: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    """Return a tuple of the type of `like`, which may ask for more than its items when called."""
    made = tuple.__new__(type(like), items)
    getattr(made, "__dict__", {}).update(getattr(like, "__dict__", {}))
    return made


def _attributes(x: object) -> Mapping[str, Any] | None:
    """Return the attributes in which an object may hold arrays, or None for a leaf."""
    if isinstance(x, (*_OPAQUE, np.ndarray, np.generic, numbers.Number, np.dtype)) or x is None:
        return None
    if callable(x) and (hasattr(x, "__qualname__") or not hasattr(x, "__dict__")):
        return None  # a function of whichever kind
    found: dict[str, Any] = {}
    for cls in type(x).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(x, name):
                found[name] = getattr(x, name)
    found.update(getattr(x, "__dict__", {}))
    return found if found or dataclasses.is_dataclass(x) else None


def result_leaves(
    result: Any, is_array: Callable[[object], bool], path: Path = (), depth: int = 0
) -> Iterator[tuple[Path, Any]]:
    """Yield each leaf of what a function returned.

    Tuples, lists, dicts, iterators, arrays of objects and objects are entered; arrays, numbers and
    everything else are leaves. Of an object its public attributes and those properties that are
    arrays count. Plots are left out.
    """
    if isinstance(result, np.ndarray) and result.dtype.kind == "O" and depth <= _DEEPEST:
        for i, item in enumerate(result.flat):
            yield from result_leaves(item, is_array, (*path, i), depth + 1)
    elif is_array(result) or isinstance(result, np.ndarray) or depth > _DEEPEST:
        yield path, result
    elif is_plot(result):
        return
    elif isinstance(result, (list, tuple)):
        for i, item in enumerate(result):
            yield from result_leaves(item, is_array, (*path, i), depth + 1)
    elif isinstance(result, Mapping):
        for key in result:
            yield from result_leaves(result[key], is_array, (*path, str(key)), depth + 1)
    elif isinstance(result, Iterator):
        items = list(itertools.islice(result, _LONGEST))
        yield from result_leaves(items, is_array, path, depth + 1)
    else:
        attributes = _attributes(result)
        if attributes is None:
            yield path, result
            return
        public = {name: x for name, x in attributes.items() if not name.startswith("_")}
        for name, item in sorted({**_array_properties(result, is_array), **public}.items()):
            if not callable(item):
                yield from result_leaves(item, is_array, (*path, name), depth + 1)


def _array_properties(x: object, is_array: Callable[[object], bool]) -> dict[str, Any]:
    """Return the public properties of an object that are arrays; how it keeps them is private."""
    found = {}
    for name in dir(type(x)):
        if name.startswith("_") or not isinstance(getattr(type(x), name, None), property):
            continue
        try:
            value = getattr(x, name)
        except Exception:  # a property may not make sense for this object
            continue
        if is_array(value) or isinstance(value, np.ndarray):
            found[name] = value
    return found
