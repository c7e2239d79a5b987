"""Traverse nested arguments and results, and rebuild arguments with other leaves."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import numbers
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import LeafPath, StepMethod, StepResult
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
    StepResult,
    StepMethod,
)

Replace = Callable[[LeafPath, Any], Any]


def is_number(x: object) -> bool:
    """Return whether `x` is a Python or NumPy number or bool."""
    return isinstance(x, (numbers.Number, np.number, np.bool_)) and not isinstance(x, np.ndarray)


def is_numeric_array(x: object) -> bool:
    """Return whether `x` is a NumPy array of a dtype that other libraries may have."""
    return isinstance(x, np.ndarray) and x.dtype.kind in "biufc" and type(x) is np.ndarray


def is_numeric_sequence(x: object) -> bool:
    """Return whether `x` is a (nested) list or tuple of numbers that can become an array."""
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


def leaves(tree: Any, path: LeafPath = ()) -> Iterator[tuple[LeafPath, Any]]:
    """Yield each leaf of nested arguments; a list of numbers is one leaf."""
    found: list[tuple[LeafPath, Any]] = []

    def collect(where: LeafPath, leaf: Any) -> Any:
        found.append((where, leaf))
        return leaf

    rebuild(tree, collect, path)
    yield from found


def rebuild(
    tree: Any,
    replace: Replace,
    path: LeafPath = (),
    *,
    is_leaf: Callable[[Any], bool] | None = None,
) -> Any:
    """Return `tree` with each leaf replaced; unchanged parts are reused.

    Parameters
    ----------
    tree : object
        Nested tuples, lists, dicts and objects.
    replace : callable
        Called with the path and the value of each leaf.
    path : tuple
        The path of the tree itself.
    is_leaf : callable, optional
        Returns whether a container or object is a leaf.
    """
    return _rebuild(tree, replace, path, frozenset(), is_leaf)


def _rebuild(
    tree: Any,
    replace: Replace,
    path: LeafPath,
    ancestors: frozenset[int],
    is_leaf: Callable[[Any], bool] | None,
) -> Any:
    if len(ancestors) > _DEEPEST or id(tree) in ancestors or is_numeric_sequence(tree):
        return replace(path, tree)
    if is_leaf is not None and is_leaf(tree):
        return replace(path, tree)
    if hasattr(type(tree), "__array_namespace__"):  # an array of any library is a leaf
        return replace(path, tree)
    ancestors = ancestors | {id(tree)}
    if isinstance(tree, (list, tuple)):
        if not tree:
            return replace(path, tree)
        items = [
            _rebuild(item, replace, (*path, i), ancestors, is_leaf) for i, item in enumerate(tree)
        ]
        if all(new is old for new, old in zip(items, tree, strict=True)):
            return tree
        return _same_tuple(tree, items) if isinstance(tree, tuple) else type(tree)(items)
    if isinstance(tree, dict):
        changed = {
            key: new
            for key, old in tree.items()
            if (new := _rebuild(old, replace, (*path, key), ancestors, is_leaf)) is not old
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
        if (new := _rebuild(old, replace, (*path, f".{name}"), ancestors, is_leaf)) is not old
    }
    if not changed:
        return tree
    clone = copy.copy(tree)
    for name, new in changed.items():
        object.__setattr__(clone, name, new)
    return clone


def _same_tuple(like: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    """Return a tuple of the type of `like`, whose constructor may take other arguments."""
    made = tuple.__new__(type(like), items)
    getattr(made, "__dict__", {}).update(getattr(like, "__dict__", {}))
    return made


def _attributes(x: object) -> Mapping[str, Any] | None:
    """Return the attributes of an object that may contain arrays, or None for a leaf."""
    if isinstance(x, (*_OPAQUE, np.ndarray, np.generic, numbers.Number, np.dtype)) or x is None:
        return None
    if callable(x) and (hasattr(x, "__qualname__") or not hasattr(x, "__dict__")):
        return None  # any kind of function
    found: dict[str, Any] = {}
    for cls in type(x).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(x, name):
                found[name] = getattr(x, name)
    found.update(getattr(x, "__dict__", {}))
    return found if found or dataclasses.is_dataclass(x) else None


def result_leaves(
    result: Any, is_array: Callable[[object], bool], path: LeafPath = (), depth: int = 0
) -> Iterator[tuple[LeafPath, Any]]:
    """Yield each leaf of the result of a function.

    Tuples, lists, dicts, iterators, object arrays and objects are traversed; arrays, numbers and
    everything else are leaves. For objects, the public attributes and the properties that are
    arrays are traversed; if these contain no arrays, also the arrays in private attributes. A
    property that converts an array of the object to NumPy gives the array itself. Plots are left
    out.
    """
    if _holds_objects(result) and depth <= _DEEPEST:
        for i, item in enumerate(result.flat):
            yield from result_leaves(item, is_array, (*path, i), depth + 1)
    elif is_array(result) or isinstance(result, np.ndarray) or depth > _DEEPEST:
        yield path, result
    elif is_plot(result):
        return
    elif is_sparse(result):
        yield path, result
    elif isinstance(result, (list, tuple)):
        for i, item in enumerate(result):
            yield from result_leaves(item, is_array, (*path, i), depth + 1)
    elif isinstance(result, Mapping) and (items := _items(result)) is not None:
        for key, item in items:
            yield from result_leaves(item, is_array, (*path, str(key)), depth + 1)
    elif isinstance(result, Iterator):
        first = list(itertools.islice(result, _LONGEST))
        yield from result_leaves(first, is_array, path, depth + 1)
    else:
        attributes = _attributes(result)
        if attributes is None:
            yield path, result
            return

        def leaves_of(items: Mapping[str, Any]) -> Iterator[tuple[LeafPath, Any]]:
            for name, item in sorted(items.items()):
                if not callable(item):
                    yield from result_leaves(item, is_array, (*path, name), depth + 1)

        public = {name: x for name, x in attributes.items() if not name.startswith("_")}
        hidden = {name: x for name, x in attributes.items() if name.startswith("_")}
        properties = _array_properties(result, is_array)
        if any(isinstance(x, np.ndarray) for x in properties.values()):
            held = [*properties.values(), *(x for _, x in leaves_of({**public, **hidden}))]
            held = [x for x in held if is_array(x) and not isinstance(x, np.ndarray)]
            properties = {name: _original(x, held) for name, x in properties.items()}
        found = list(leaves_of({**properties, **public}))
        yield from found
        if not any(_is_any_array(leaf, is_array) for _, leaf in found):
            for where, leaf in leaves_of(hidden):
                if _is_any_array(leaf, is_array):
                    yield where, leaf


def is_sparse(x: object) -> bool:
    """Return whether `x` is a sparse array, which has a shape, a dtype and a dense form."""
    has_dense_form = callable(getattr(x, "toarray", None)) or callable(getattr(x, "todense", None))
    return has_dense_form and hasattr(x, "shape") and hasattr(x, "dtype")


def dense(x: Any) -> Any:
    """Return a sparse array or an array of number objects as a plain array; `x` if it is neither.

    Arrays of objects that are not all numbers are returned as they are.
    """
    if isinstance(x, np.ndarray) and x.dtype.kind == "O":
        plain = np.asarray(x.tolist()) if all(map(is_number, x.flat)) else x
        return plain if plain.dtype.kind in "biufc" and plain.shape == x.shape else x
    if isinstance(x, np.ndarray) or not is_sparse(x):
        return x
    return np.asarray(x.toarray() if callable(getattr(x, "toarray", None)) else x.todense())


def _holds_objects(x: object) -> bool:
    """Return whether `x` is an array of objects that are not just numbers."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "O" and dense(x) is x


def _items(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]] | None:
    """Return the items of a mapping; None if its iteration does not give its keys."""
    try:
        return [(key, mapping[key]) for key in mapping]
    except Exception:
        return None


def _is_any_array(x: object, is_array: Callable[[object], bool]) -> bool:
    return is_array(x) or isinstance(x, np.ndarray) or is_sparse(x)


def _original(array: Any, held: Iterable[Any]) -> Any:
    """Return the array of another library that a NumPy array was converted from, if it is held."""
    if not isinstance(array, np.ndarray):
        return array
    for other in held:
        with suppress(Exception):  # not every array can be converted
            values = np.asarray(other)
            if values.dtype == array.dtype and np.array_equal(
                values, array, equal_nan=array.dtype.kind in "fc"
            ):
                return other
    return array


def _array_properties(x: object, is_array: Callable[[object], bool]) -> dict[str, Any]:
    """Return the public properties of an object that are arrays."""
    found = {}
    for name in dir(type(x)):
        if name.startswith("_") or not isinstance(getattr(type(x), name, None), property):
            continue
        try:
            value = getattr(x, name)
        except Exception:  # the property may not be defined for this object
            continue
        if is_array(value) or isinstance(value, np.ndarray):
            found[name] = value
    return found
