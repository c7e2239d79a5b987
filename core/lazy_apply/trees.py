"""Calls with containers of arrays, as arguments or results, and calls without arrays.

Such a call becomes a call of a function of the arrays alone, which every implementation supports.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import array_api_compat
import numpy as np

from core._private.torch import mark_constant
from core.backends.registry import backends, library_of
from core.lazy_apply.call import Call, function_name, is_scalar
from core.typing import Array, DType

Structure: TypeAlias = tuple[Any, ...]
"""A container without its items: its type, the keys of a dict, and the structures of the items.

Instead of keys, containers of classes that are registered with a library have a function that
creates one of its items. The structure of anything else is the empty tuple. These are constants
for ``torch.compile``.
"""

LEAF: Structure = ()


def describes_results(shape: object) -> bool:
    """Return whether `shape` is an object with a shape and a dtype, or contains such objects."""
    if isinstance(shape, (int, float, np.integer)):
        return False
    if isinstance(shape, (tuple, list)):
        return any(describes_results(item) for item in shape)
    if isinstance(shape, dict) or (hasattr(shape, "shape") and hasattr(shape, "dtype")):
        return True
    node = None if shape is None or callable(shape) else _node(shape)
    return node is not None and any(map(describes_results, node[0]))


def _node(x: Any) -> tuple[list[Any], Callable[[list[Any]], Any]] | None:
    """Return the items of a container of a class that is registered with a library, if it is."""
    if not _may_be_node(type(x)) or (hasattr(x, "shape") and hasattr(x, "dtype")):
        return None
    for backend in backends().values():
        node = backend.flatten_node(x) if backend.module in sys.modules else None
        if node is not None:
            return node
    return None


@mark_constant
def _may_be_node(cls: type) -> bool:
    """Return whether `cls` is neither a class of arrays nor of scalars."""
    is_scalar_class = issubclass(cls, int | float | complex | str | np.generic | type(None))
    return not (is_scalar_class or hasattr(cls, "__lazy_apply__") or library_of(cls))


def flatten(x: Any) -> tuple[Structure, list[Any]]:
    """Return the structure of `x`, and what is in the containers in it."""
    cls = type(x)
    keys: tuple[Any, ...] | Callable[[list[Any]], Any] | None = None
    if isinstance(x, dict):
        items = list(x.values())
        keys = tuple(x)
    elif cls is tuple or cls is list or (isinstance(x, tuple) and hasattr(x, "_fields")):
        items = list(x)
    elif (node := _node(x)) is not None:
        items, keys = node
    else:
        return LEAF, [x]
    structures: list[Structure] = []
    leaves: list[Any] = []
    for item in items:
        structure, found = flatten(item)
        structures.append(structure)
        leaves += found
    return (cls, keys, *structures), leaves


def unflatten(structure: Structure, leaves: Iterator[Any]) -> Any:
    """Return what has a structure, with the next of `leaves`."""
    if not structure:
        return next(leaves)
    cls, keys, *items = structure
    values = [unflatten(item, leaves) for item in items]
    if callable(keys):
        return keys(values)
    if keys is not None:
        pairs = dict(zip(keys, values, strict=True))
        return pairs if cls is dict else cls(pairs)
    return cls(*values) if hasattr(cls, "_fields") else cls(values)


def flatten_as(structure: Structure, x: Any, name: str, where: str = "") -> list[Any]:
    """Return what is in the containers in `x`, which must have the structure.

    Raises
    ------
    ValueError
        It has another structure. The message says that `name` is the function that returned it.
    """
    if not structure:
        return [x]
    cls, keys, *items = structure
    found: list[Any] = []
    if callable(keys):
        node = _node(x) if type(x) is cls else None
        if node is None or len(node[0]) != len(items):
            raise ValueError(
                f"{name} returned {type(x).__name__} instead of a {cls.__name__}{where}"
            )
        for item, value in zip(items, node[0], strict=True):
            found += flatten_as(item, value, name, f"{where or ' at '}[{cls.__name__}]")
        return found
    if keys is not None:
        if not isinstance(x, dict) or set(x) != set(keys):
            actual = f"one with keys {list(x)}" if isinstance(x, dict) else type(x).__name__
            raise ValueError(
                f"{name} returned {actual} instead of a dict with keys {list(keys)}{where}"
            )
        for key, item in zip(keys, items, strict=True):
            if item:
                found += flatten_as(item, x[key], name, f"{where or ' at '}[{key!r}]")
            else:
                found.append(x[key])
        return found
    if not isinstance(x, (tuple, list)) or len(x) != len(items):
        actual = f"{len(x)} items" if isinstance(x, (tuple, list)) else type(x).__name__
        raise ValueError(
            f"{name} returned {actual} instead of a {cls.__name__} of {len(items)} items{where}"
        )
    for i, (item, value) in enumerate(zip(items, x, strict=True)):
        if item:
            found += flatten_as(item, value, name, f"{where or ' at '}[{i}]")
        else:
            found.append(value)
    return found


@dataclass(frozen=True, slots=True)
class TreeStructures:
    """The structures of the arguments and of the results of a call.

    Parameters
    ----------
    arguments : tuple
        The structure of the tuple of arguments.
    results : tuple or None
        The structure of the result; None if it is one array or a tuple, as without containers.
    extra : int
        How many arrays follow those in the arguments, and are not passed to the function.
    """

    arguments: Structure
    results: Structure | None
    extra: int

    def unflatten_arguments(self, leaves: Iterable[Any]) -> tuple[Any, ...]:
        """Return the arguments that consist of `leaves`."""
        return tuple(unflatten(self.arguments, iter(leaves)))

    def flatten_result(self, result: Any, name: str) -> Any:
        """Return what is in the containers of a result of the function called `name`."""
        if self.results is None:
            return result
        return tuple(flatten_as(self.results, result, name))


class TreeFunction:
    """A function of containers, as a function of what these contain."""

    def __init__(self, func: Callable[..., Any], structures: TreeStructures) -> None:
        self.func = func
        self.structures = structures
        self.__name__ = function_name(func)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        structures = self.structures
        return (self.func, repr((structures.arguments, structures.results, structures.extra)))

    def __call__(self, *leaves: Any, **kwargs: Any) -> Any:
        args = self.structures.unflatten_arguments(leaves)
        return self.structures.flatten_result(self.func(*args, **kwargs), self.__name__)


class TreeDerivative:
    """A derivative of a function of containers, as one of what these contain.

    The primals have the structure of those arguments that contain arrays, and so have tangents.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        structures: TreeStructures,
        scalars: dict[int, Any],
        *,
        is_reverse: bool,
    ) -> None:
        self.function = function
        self.structures = structures
        self.scalars = scalars
        self.is_reverse = is_reverse

    def __call__(self, primals: Any, others: Any) -> Any:
        structures = self.structures
        args = self._arguments(primals, with_scalars=True)
        if self.is_reverse:
            if structures.results is not None:
                others = unflatten(structures.results, iter(others))
            return self._flat_cotangents(self.function(args, others))
        tangents = self._arguments(others, with_scalars=False)
        return structures.flatten_result(self.function(args, tangents), "jvp=")

    def _arguments(self, arrays: Any, *, with_scalars: bool) -> tuple[Any, ...]:
        remaining = iter(arrays)
        count = len(arrays) + len(self.scalars)
        leaves = [
            (self.scalars[i] if with_scalars else None) if i in self.scalars else next(remaining)
            for i in range(count)
        ]
        args = self.structures.unflatten_arguments(leaves)
        return tuple(arg for arg, _ in self._with_arrays(args))

    def _with_arrays(self, args: Iterable[Any]) -> list[tuple[Any, Structure]]:
        """Return those of `args` that contain arrays, with their structures."""
        found, first = [], 0
        for arg, structure in zip(args, self.structures.arguments[2:], strict=True):
            end = first + _count(structure)
            if any(i not in self.scalars for i in range(first, end)):
                found.append((arg, structure))
            first = end
        return found

    def _flat_cotangents(self, cotangents: Any) -> tuple[Any, ...]:
        placeholders = self.structures.arguments[2:]
        kept = [structure for _, structure in self._with_arrays(placeholders)]
        if len(kept) == 1 and not (isinstance(cotangents, tuple) and len(cotangents) == 1):
            cotangents = (cotangents,)
        leaves: list[Any] = []
        for structure, one in zip(kept, cotangents, strict=True):
            if one is None:
                leaves += [None] * _count(structure)
            else:
                leaves += flatten_as(structure, one, "vjp=")
        positions: list[int] = []
        first = 0
        for structure in placeholders:
            end = first + _count(structure)
            if any(i not in self.scalars for i in range(first, end)):
                positions += range(first, end)
            first = end
        pairs = zip(positions, leaves, strict=True)
        found = [leaf for i, leaf in pairs if i not in self.scalars]
        return (*found, *[None] * self.structures.extra)


def _count(structure: Structure) -> int:
    return sum(map(_count, structure[2:])) if structure else 1


def needs_flattening(call: Call) -> bool:
    """Return whether a call has containers among its arguments or results, or no arrays."""
    return (
        describes_results(call.shape)
        or any(isinstance(arg, (dict, list, tuple)) or _node(arg) for arg in call.args)
        or (call.xp is not None and all(is_scalar(arg) for arg in call.args))
    )


def flattened(call: Call) -> tuple[Call, Structure | None]:
    """Return `call` as a call with arrays and scalars alone, and the structure of the result.

    Raises
    ------
    TypeError
        A container contains no arrays, and there is no namespace.
    ValueError
        There are no arrays, and the results are not declared; or `dtype` is given although the
        results that are declared have dtypes.
    """
    arguments, leaves = flatten(call.args)
    arrays = [x for x in leaves if not is_scalar(x)]
    extra = 0
    if not arrays and call.xp is None:
        for arg in call.args:
            if not is_scalar(arg):
                raise TypeError(
                    f"{type(arg).__name__} is not a supported array type, and contains no arrays"
                )
    if not arrays and call.xp is not None:
        if not leaves and not describes_results(call.shape) and None in (call.shape, call.dtype):
            raise ValueError(f"lazy_apply of {call.name} without arguments needs shape= and dtype=")
        leaves.append(call.xp.asarray(False))
        arrays, extra = leaves[-1:], 1
    changes: dict[str, Any] = {}
    results = None
    if describes_results(call.shape):
        if call.dtype is not None:
            raise ValueError("shape= contains the dtypes of the results: leave out dtype=")
        results, declared = flatten(call.shape)
        for one in declared:
            if not (hasattr(one, "shape") and hasattr(one, "dtype")):
                raise ValueError(f"shape= contains {one!r}, which has no shape and dtype")
        if not declared:
            raise ValueError("shape= contains no results")
        changes["shape"] = tuple([tuple(one.shape) for one in declared])
        changes["dtype"] = [_dtype_of(one.dtype, arrays) for one in declared]
    structures = TreeStructures(arguments, results, extra)
    scalars = {i: x for i, x in enumerate(leaves) if is_scalar(x)}
    for name in ("jvp", "vjp"):
        derivative = getattr(call, name)
        if derivative is not None:
            changes[name] = TreeDerivative(
                derivative, structures, scalars, is_reverse=name == "vjp"
            )
    func = TreeFunction(call.func, structures)
    return replace(call, func=func, args=tuple(leaves), **changes), results


def _dtype_of(dtype: DType, arrays: list[Array]) -> DType:
    """Return a declared dtype as the library of the arrays has it."""
    if not isinstance(dtype, np.dtype) or not arrays:
        return dtype
    xp = array_api_compat.array_namespace(arrays[0])
    return getattr(xp, dtype.name, dtype)
