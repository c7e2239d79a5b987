"""What a jitted function returns where JAX could not return it: arrays, and a plan for the rest."""

from __future__ import annotations

from typing import Any

import jax

from core.autojit.codec import Codec, settled
from core.autojit.tokens import SAME


class Plan:
    """How a result is built around its arrays; equal where the results would be."""

    __slots__ = ("codec", "tokens")

    def __init__(self, codec: Codec, tokens: tuple[Any, ...]) -> None:
        self.codec = codec
        self.tokens = tokens

    def __hash__(self) -> int:
        return hash(self.tokens)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.tokens == other.tokens


@jax.tree_util.register_pytree_node_class
class Box:
    """A result that is still in parts.

    JAX builds one for every call, and takes it apart again to see that it can: opening it while
    it is built would cost JAX's fast way.
    """

    __slots__ = ("leaves", "plan")

    def __init__(self, leaves: Any, plan: Plan) -> None:
        self.leaves = leaves
        self.plan = plan

    def tree_flatten(self) -> tuple[Any, Plan]:
        """Return the arrays and the plan."""
        return self.leaves, self.plan

    @classmethod
    def tree_unflatten(cls, plan: Plan, leaves: Any) -> Box:
        """Return the box with other arrays."""
        return cls(leaves, plan)

    def open(self) -> Any:
        """Return the result, built anew."""
        plan = self.plan
        return plan.codec.read(iter(plan.tokens), iter(self.leaves), [])


def boxed(result: Any, codec: Codec) -> Any:
    """Return `result` itself where JAX returns such a thing unchanged, else a box with it."""
    result = settled(result)
    leaves: list[Any] = []
    tokens: list[Any] = []
    codec.write((result,), leaves, tokens, {})
    if SAME not in tokens and _is_tree(result, codec):
        return result
    return Box(leaves, Plan(codec, tuple(tokens)))


def _is_tree(x: Any, codec: Codec) -> bool:
    """Say whether `x` is made of arrays, None and of containers that JAX itself knows."""
    cls = type(x)
    if x is None or codec.is_leaf(cls):
        return True
    if cls is dict:  # JAX sorts keys
        keys = list(x)
        if not all(type(key) is str for key in keys) or keys != sorted(keys):
            return False
        return all(_is_tree(item, codec) for item in x.values())
    if cls in (tuple, list):
        return all(_is_tree(item, codec) for item in x)
    return False
