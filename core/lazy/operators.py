"""The operators of traced arrays: the hot path of tracing, made once per operation.

Each function below looks its result's spec up by its operands' specs and fills in a node; nothing
else happens for an operation that was seen with the same shapes and dtypes before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.lazy import dtypes
from core.lazy.graph.sharing import open_contexts, share
from core.lazy.operation import Elementwise, operation

_new = object.__new__
SCALARS = frozenset((bool, int, float, complex))

Binary = Callable[[Any, Any], Any]
Unary = Callable[[Any], Any]


def unary_operator(name: str) -> Unary:
    """Make the method for a prefix operator, which also is the function of that name."""
    op = operation(name)
    assert isinstance(op, Elementwise)
    cache, infer = op.cache, op.infer

    def method(self: Any) -> Any:
        spec = self._spec
        node = _new(self.__class__)
        node._op = op
        node._args = (self,)
        node._kwargs = None
        node._data = None
        node._spec = cache.get(spec) or infer(spec)
        return share(node) if open_contexts else node

    return method


def binary_operators(name: str, infer: Callable[..., Any] | None = None) -> tuple[Binary, Binary]:
    """Make the methods ``x op other`` and ``other op x``."""
    op = operation(name)
    cache = op.cache
    infer_spec = infer or op.infer  # type: ignore[attr-defined]
    bounded = not (isinstance(op, Elementwise) and op.rule == "bool")
    scalars = SCALARS if infer is None else frozenset()

    def forward(self: Any, other: Any, /) -> Any:
        cls = self.__class__
        kind = other.__class__
        if kind is cls:
            key = (self._spec, other._spec)
        elif kind in scalars:
            key = (self._spec, kind)
            if kind is int and bounded:
                dtypes.check_scalar(self._spec.dtype, other)
        else:
            other = operand(other, self)
            known = other.__class__ is cls or other.__class__ in scalars
            return forward(self, other) if known else NotImplemented
        node = _new(cls)
        node._op = op
        node._args = (self, other)
        node._kwargs = None
        node._data = None
        node._spec = cache.get(key) or infer_spec(*key)
        return share(node) if open_contexts else node

    def reverse(self: Any, other: Any, /) -> Any:
        kind = other.__class__
        if kind not in scalars:
            other = operand(other, self)
            kind = other.__class__
            if kind not in scalars:
                return forward(other, self) if kind is self.__class__ else NotImplemented
        if kind is int and bounded:
            dtypes.check_scalar(self._spec.dtype, other)
        key = (kind, self._spec)
        node = _new(self.__class__)
        node._op = op
        node._args = (other, self)
        node._kwargs = None
        node._data = None
        node._spec = cache.get(key) or infer_spec(*key)
        return share(node) if open_contexts else node

    return forward, reverse


def operand(other: Any, self: Any) -> Any:
    """Return what stands for `other`, an operand beside the traced array `self`.

    A concrete array becomes a constant of the graph, a NumPy number beside another library's
    array the Python number that it is a kind of; NotImplemented where `other` is neither.
    """
    from core.lazy.library import backend_of

    if isinstance(other, self.__class__):
        return other
    if isinstance(other, np.generic) and self.backend not in ("numpy", None):
        other = other.item()
        return other if type(other) in SCALARS else NotImplemented
    if backend_of(other) is not None:
        constant = self.from_data(other)
        if self.backend == "jax" and constant.backend == "numpy":  # JAX takes NumPy's arrays
            constant._spec = constant._spec.with_(backend="jax")
        return constant
    for kind in (bool, int, float, complex):  # an enum's member is a number too
        if isinstance(other, kind):
            return kind(other)  # type: ignore[arg-type]
    return NotImplemented
