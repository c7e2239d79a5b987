"""Operators of traced arrays.

This is the hot path of tracing: an operator looks up the spec of its result by the specs of its
operands and fills in a node. Nothing is inferred for specs that were seen before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.lazy.dtypes import REFERENCE, SCALARS, check_scalar, promotion
from core.lazy.graph.node import record
from core.lazy.in_place import ALIASES, VIEWS, as_view, current
from core.lazy.library import backend_of
from core.lazy.operation import Elementwise, operation
from core.lazy.spec import spec
from core.typing import Array

Unary = Callable[[Any], Any]
Binary = Callable[[Any, Any], Any]


def unary_operator(name: str) -> Unary:
    """Return the method of a unary operator, which is also the function of that name."""
    op = operation(name)
    assert isinstance(op, Elementwise)
    cache, infer = op.cache, op.infer

    def method(self: Any) -> Any:
        spec = self._spec
        return record(self.__class__, op, (self,), None, cache.get(spec) or infer(spec))

    return method if name not in VIEWS | ALIASES else lambda self: as_view(method(self))


def binary_operators(name: str, infer: Callable[..., Any] | None = None) -> tuple[Binary, Binary]:
    """Return the methods of ``x op other`` and ``other op x``."""
    op = operation(name)
    cache = op.cache
    infer_spec = infer or op.infer  # type: ignore[attr-defined]
    bounded = not isinstance(op, Elementwise) or op.rule == "same"
    scalars = SCALARS if infer is None else frozenset()

    def forward(self: Any, other: Any, /) -> Any:
        cls = self.__class__
        kind = other.__class__
        if kind is cls:
            key = (self._spec, other._spec)
        elif kind in scalars:
            key = (self._spec, kind)
            if kind is int and bounded:
                check_scalar(self._spec.dtype, other, self._spec.backend)
        else:
            other = operand(other, self)
            known = other.__class__ is cls or other.__class__ in scalars
            return forward(self, other) if known else NotImplemented
        return record(cls, op, (self, other), None, cache.get(key) or infer_spec(*key))

    def reverse(self: Any, other: Any, /) -> Any:
        kind = other.__class__
        if kind not in scalars:
            other = operand(other, self)
            kind = other.__class__
            if kind not in scalars:
                return forward(other, self) if kind is self.__class__ else NotImplemented
        if kind is int and bounded:
            check_scalar(self._spec.dtype, other, self._spec.backend)
        key = (kind, self._spec)
        known = cache.get(key) or infer_spec(*key)
        return record(self.__class__, op, (other, self), None, known)

    return forward, reverse


def operand(other: Any, self: Array) -> Any:
    """Return `other`, the other operand of the traced array `self`, as a traced array or a scalar.

    A concrete array becomes a constant of the graph; a NumPy scalar beside another library's array
    becomes a Python scalar. The result is NotImplemented if `other` is neither.
    """
    if isinstance(other, self.__class__):
        return current(other)
    backend = self.backend
    if isinstance(other, np.generic) and backend not in (REFERENCE, None):
        other = other.item()
        return other if type(other) in SCALARS else NotImplemented
    if backend_of(other) is not None:
        constant = self.from_data(other)
        if constant.backend == REFERENCE and promotion(backend).takes_numpy:
            constant._spec = spec(constant.shape, constant.dtype, backend)
        return constant
    for kind in (bool, int, float, complex):  # members of enums are scalars, too
        if isinstance(other, kind):
            return kind(other)  # type: ignore[arg-type]
    return NotImplemented
