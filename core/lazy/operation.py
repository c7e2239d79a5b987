"""Operations: the functions that nodes of the graph apply to their operands."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from core.lazy import dtypes
from core.lazy.dtypes import DType
from core.lazy.spec import Spec, joint_spec

_SYMBOLS: dict[str, tuple[str, Callable[..., Any]]] = {
    "add": ("{} + {}", operator.add),
    "subtract": ("{} - {}", operator.sub),
    "multiply": ("{} * {}", operator.mul),
    "divide": ("{} / {}", operator.truediv),
    "floor_divide": ("{} // {}", operator.floordiv),
    "remainder": ("{} % {}", operator.mod),
    "pow": ("{} ** {}", operator.pow),
    "matmul": ("{} @ {}", operator.matmul),
    "bitwise_and": ("{} & {}", operator.and_),
    "bitwise_or": ("{} | {}", operator.or_),
    "bitwise_xor": ("{} ^ {}", operator.xor),
    "bitwise_left_shift": ("{} << {}", operator.lshift),
    "bitwise_right_shift": ("{} >> {}", operator.rshift),
    "less": ("{} < {}", operator.lt),
    "less_equal": ("{} <= {}", operator.le),
    "greater": ("{} > {}", operator.gt),
    "greater_equal": ("{} >= {}", operator.ge),
    "equal": ("{} == {}", operator.eq),
    "not_equal": ("{} != {}", operator.ne),
    "negative": ("-{}", operator.neg),
    "positive": ("+{}", operator.pos),
    "bitwise_invert": ("~{}", operator.invert),
    "getitem": ("{}[{}]", operator.getitem),
    "item": ("{}[{}]", operator.getitem),
}

_STRICT_KINDS = {
    name: kinds
    for names, kinds in (
        ("abs add conj isfinite isinf isnan multiply negative positive pow real", ("numeric",)),
        ("round sign square subtract", ("numeric",)),
        ("cumulative_prod cumulative_sum diff prod sum", ("numeric",)),
        ("linalg.cross linalg.outer matmul tensordot vecdot", ("numeric",)),
        ("ceil floor floor_divide maximum minimum remainder trunc", ("integral", "real floating")),
        ("greater greater_equal less less_equal", ("integral", "real floating")),
        ("argmax argmin argsort clip max min searchsorted sort", ("integral", "real floating")),
        ("atan2 copysign hypot logaddexp nextafter signbit std var", ("real floating",)),
        ("logical_and logical_not logical_or logical_xor", ("bool",)),
        ("imag", ("complex floating",)),
        ("isin", ("integral",)),
    )
    for name in names.split()
}


class Operation:
    """A function of the standard, such as ``"add"`` or ``"linalg.svd"``, or a user's function.

    Operations of a family have the same rules for shapes and cost. For a namespace that has no
    function of this name, `build` returns it. It is defined for `kinds` of dtypes in every library.
    The standard requires fewer of some functions, which only a strict library enforces.
    """

    def __init__(
        self,
        name: str,
        family: str,
        build: Callable[[Any], Callable[..., Any]] | None = None,
        kinds: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.family = family
        self.kinds = kinds
        self.strict_kinds = _STRICT_KINDS.get(name, ())
        self.build = build
        symbol = _SYMBOLS.get(name)
        self.symbol: str | None = symbol[0] if symbol else None
        self.call: Callable[..., Any] | None = symbol[1] if symbol else None
        binary = self.symbol is not None and " " in self.symbol
        self.infix = self.symbol[2:-2] if binary and self.symbol is not None else None
        # Whether all arrays are positional arguments, and none is in a container.
        self.flat = family in ("elementwise", "reduction", "contraction", "item")
        self.cache: dict[Any, Any] = {}
        self.key: Any = self

    def function(self, xp: Any) -> Callable[..., Any]:
        """Return the function for arrays of the namespace `xp`.

        Raises
        ------
        AttributeError
            The namespace has no such function.
        """
        if self.call is not None:
            return self.call
        if self.build is not None:
            return self.build(xp)
        found = xp
        for part in self.name.split("."):
            found = getattr(found, part, None)
        if found is None:
            raise AttributeError(f"{xp.__name__} has no function {self.name}")
        return found  # type: ignore[no-any-return]

    @property
    def as_function(self) -> Operation:
        """The function of the namespace that is equivalent to this operator.

        Between a 0-dimensional array and an array of another dtype, operators follow the library's
        own promotion rules, and functions of the namespace those of the standard.
        """
        return NamedFunction(self.name, self.family)

    def remember(self, key: Any, result: Any) -> Any:
        """Cache what was inferred for `key`; the size of the cache is limited."""
        if len(self.cache) >= 4096:
            self.cache.clear()
        self.cache[key] = result
        return result

    def check(self, dtype: DType, backend: str | None) -> None:
        """Raise TypeError if the operation is not defined for `dtype`."""
        kinds = self.kinds
        if dtypes.promotion(backend).strict:
            kinds = kinds or self.strict_kinds
        if kinds and not dtypes.is_kind(dtype, *kinds):
            known = " and ".join(kinds)
            raise TypeError(f"{self.name} is not defined for {dtype}, only for {known} dtypes")

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if _operations.get(self.name) is not self:  # named by a user
            return Operation, (self.name, self.family)
        return operation, (self.name,)


class NamedFunction(Operation):
    """A function of the namespace for which there is an operator, called by its name."""

    def __init__(self, name: str, family: str) -> None:
        super().__init__(name, family)
        self.symbol = self.infix = self.call = None
        self.key = ("function", name)

    def __reduce__(self) -> tuple[Any, ...]:
        return NamedFunction, (self.name, self.family)


class External(Operation):
    """A user's function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(getattr(function, "__name__", type(function).__name__), "external")
        self.user_function = self.call = function
        self.symbol = self.infix = None
        self.strict_kinds = ()
        self.key = ("external", id(function))

    def __reduce__(self) -> tuple[Any, ...]:
        return External, (self.user_function,)


class Elementwise(Operation):
    """An operation on each element, with a rule for the dtype of the result."""

    def __init__(self, name: str, rule: str = "same", *kinds: str) -> None:
        super().__init__(name, "elementwise", kinds=kinds)
        self.rule = rule

    def infer(self, *operands: Spec | type) -> Spec:
        """Return the spec of the result for operands given as specs or as types of numbers."""
        key = operands if len(operands) > 1 else operands[0]
        lookups = dtypes.default_lookups()
        joint = joint_spec(*[operand for operand in operands if isinstance(operand, Spec)])
        dtype = joint.dtype
        for operand in operands:
            if not isinstance(operand, Spec):
                dtype = dtypes.with_scalar(dtype, operand, joint.backend)
        result = joint.with_(dtype=self.result_dtype(dtype, joint.backend))
        if dtypes.default_lookups() == lookups:  # else a changed default changes the result
            self.remember(key, result)
        return result

    def result_dtype(self, dtype: DType, backend: str | None) -> DType:
        """Return the dtype of the result for operands of `dtype`.

        Raises
        ------
        TypeError
            The operation is not defined for `dtype`.
        """
        self.check(dtype, backend)
        known = dtypes.promotion(backend).results.get(self.name, {}).get(str(dtype))
        if known is not None:
            return dtypes.default(backend, "integral") if known == "integral" else np.dtype(known)
        return dtypes.RULES[self.rule](dtype, backend)


_operations: dict[str, Operation] = {}


def define(op: Operation) -> Operation:
    """Register an operation under its name, for `operation` and for unpickling."""
    _operations[op.name] = op
    return op


def operations() -> dict[str, Operation]:
    """Return all operations by name."""
    return dict(_operations)


def operation(name: str) -> Operation:
    """Return the operation of that name."""
    return _operations[name]


VARIABLE = define(Operation("variable", "leaf"))
DATA = define(Operation("data", "leaf"))
ITEM = define(Operation("item", "item"))

_RULES = {
    "floating": "divide reciprocal",
    "elementary": "acos acosh asin asinh atan atan2 atanh copysign cos cosh exp expm1 hypot "
    "log log10 log1p log2 logaddexp nextafter sin sinh sqrt tan tanh",
    "same": "add ceil conj floor floor_divide maximum minimum multiply negative positive pow "
    "remainder round sign square subtract trunc",
    "bool": "equal greater greater_equal isfinite isinf isnan less less_equal logical_and "
    "logical_not logical_or logical_xor not_equal signbit",
    "real part": "abs imag real",
}
for _rule, _names in _RULES.items():
    for _name in _names.split():
        define(Elementwise(_name, _rule))
for _name in ("and", "or", "xor", "invert"):
    define(Elementwise(f"bitwise_{_name}", "same", "bool", "integral"))
for _name in ("left", "right"):
    define(Elementwise(f"bitwise_{_name}_shift", "same", "integral"))
