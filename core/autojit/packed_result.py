"""Results of functions under ``jax.jit`` that JAX cannot return: arrays with a static structure."""

from __future__ import annotations

from typing import Any

import jax

from core.autojit.flattening import Flattener, with_listed_items
from core.autojit.keys import REPEATED, Key


class ResultStructure:
    """How a result is rebuilt around its arrays; equal for results that differ in arrays alone."""

    __slots__ = ("entries", "flattener")

    def __init__(self, flattener: Flattener, entries: Key) -> None:
        self.flattener = flattener
        self.entries = entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResultStructure) and self.entries == other.entries


@jax.tree_util.register_pytree_node_class
class PackedResult:
    """A flattened result, as a pytree of its arrays.

    JAX rebuilds one for every call, and flattens it again to check that. Rebuilding the result
    itself there would prevent JAX's fast path.
    """

    __slots__ = ("leaves", "structure")

    def __init__(self, leaves: Any, structure: ResultStructure) -> None:
        self.leaves = leaves
        self.structure = structure

    def tree_flatten(self) -> tuple[Any, ResultStructure]:
        """Return the arrays and the structure."""
        return self.leaves, self.structure

    @classmethod
    def tree_unflatten(cls, structure: ResultStructure, leaves: Any) -> PackedResult:
        """Return a packed result with this structure and these arrays."""
        return cls(leaves, structure)

    def unpack(self) -> Any:
        """Return the result, rebuilt around the arrays."""
        structure = self.structure
        return structure.flattener.unflatten(iter(structure.entries), iter(self.leaves), [])


def pack(result: Any, flattener: Flattener) -> Any:
    """Return `result` itself if JAX returns it unchanged, otherwise a `PackedResult` of it."""
    result = with_listed_items(result)
    entries, leaves = flattener.flatten_result(result)
    if REPEATED not in entries and _is_unchanged_by_jax(result, flattener):
        return result
    return PackedResult(leaves, ResultStructure(flattener, entries))


def _is_unchanged_by_jax(x: Any, flattener: Flattener) -> bool:
    """Return whether `x` consists of arrays, None and containers that JAX rebuilds as they are."""
    cls = type(x)
    if x is None or flattener.is_leaf_type(cls):
        return True
    if cls is dict:  # JAX sorts keys
        keys = list(x)
        if not all(type(key) is str for key in keys) or keys != sorted(keys):
            return False
        return all(_is_unchanged_by_jax(item, flattener) for item in x.values())
    if cls in (tuple, list):
        return all(_is_unchanged_by_jax(item, flattener) for item in x)
    return False
