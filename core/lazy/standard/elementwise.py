"""Functions of each element; operands are broadcast together."""

from __future__ import annotations

from functools import partial
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.namespace import function
from core.lazy.operation import Elementwise, Operation, define, operation
from core.lazy.operators import binary_operators, unary_operator
from core.lazy.spec import Spec, common, joint_spec
from core.lazy.standard.common import cached, together, traced

# How dtypes promote is declared with the operations, in `core.lazy.operation`.
_UNARY = {
    "abs": "Return the absolute value of each element.",
    "acos": "Return the inverse cosine of each element.",
    "acosh": "Return the inverse hyperbolic cosine of each element.",
    "asin": "Return the inverse sine of each element.",
    "asinh": "Return the inverse hyperbolic sine of each element.",
    "atan": "Return the inverse tangent of each element.",
    "atanh": "Return the inverse hyperbolic tangent of each element.",
    "bitwise_invert": "Invert the bits of each element.",
    "ceil": "Round each element up to an integer.",
    "conj": "Return the complex conjugate of each element.",
    "cos": "Return the cosine of each element.",
    "cosh": "Return the hyperbolic cosine of each element.",
    "exp": "Return the exponential of each element.",
    "expm1": "Return the exponential of each element, minus one.",
    "floor": "Round each element down to an integer.",
    "imag": "Return the imaginary part of each element.",
    "isfinite": "Return whether each element is finite.",
    "isinf": "Return whether each element is infinite.",
    "isnan": "Return whether each element is NaN.",
    "log": "Return the natural logarithm of each element.",
    "log10": "Return the logarithm to base 10 of each element.",
    "log1p": "Return the natural logarithm of one plus each element.",
    "log2": "Return the logarithm to base 2 of each element.",
    "logical_not": "Return the logical NOT of each element.",
    "negative": "Return the negative of each element.",
    "positive": "Return each element unchanged.",
    "real": "Return the real part of each element.",
    "reciprocal": "Return the reciprocal of each element.",
    "round": "Round each element to the nearest integer, halves to even ones.",
    "sign": "Return the sign of each element.",
    "signbit": "Return whether the sign bit of each element is set.",
    "sin": "Return the sine of each element.",
    "sinh": "Return the hyperbolic sine of each element.",
    "sqrt": "Return the square root of each element.",
    "square": "Return the square of each element.",
    "tan": "Return the tangent of each element.",
    "tanh": "Return the hyperbolic tangent of each element.",
    "trunc": "Round each element towards zero to an integer.",
}
_BINARY = {
    "add": "Return the sum of each pair of elements.",
    "atan2": "Return the angle of each point (x2, x1).",
    "bitwise_and": "Return the bitwise AND of each pair of elements.",
    "bitwise_left_shift": "Shift the bits of x1 to the left by x2.",
    "bitwise_or": "Return the bitwise OR of each pair of elements.",
    "bitwise_right_shift": "Shift the bits of x1 to the right by x2.",
    "bitwise_xor": "Return the bitwise XOR of each pair of elements.",
    "copysign": "Return the magnitude of x1 with the sign of x2.",
    "divide": "Return the quotient of each pair of elements.",
    "equal": "Return whether x1 equals x2, for each pair of elements.",
    "floor_divide": "Return the quotient of each pair of elements, rounded down.",
    "greater": "Return whether x1 > x2, for each pair of elements.",
    "greater_equal": "Return whether x1 >= x2, for each pair of elements.",
    "hypot": "Return the length of each vector (x1, x2).",
    "less": "Return whether x1 < x2, for each pair of elements.",
    "less_equal": "Return whether x1 <= x2, for each pair of elements.",
    "logaddexp": "Return the logarithm of the sum of the exponentials of each pair of elements.",
    "logical_and": "Return the logical AND of each pair of elements.",
    "logical_or": "Return the logical OR of each pair of elements.",
    "logical_xor": "Return the logical XOR of each pair of elements.",
    "maximum": "Return the maximum of each pair of elements.",
    "minimum": "Return the minimum of each pair of elements.",
    "multiply": "Return the product of each pair of elements.",
    "nextafter": "Return the next representable number after x1 towards x2.",
    "not_equal": "Return whether x1 differs from x2, for each pair of elements.",
    "pow": "Return x1 to the power of x2.",
    "remainder": "Return the remainder of x1 divided by x2, with the sign of x2.",
    "subtract": "Return the difference of each pair of elements.",
}


def _unary(name: str, summary: str) -> None:
    method = unary_operator(name)

    def unary(x: Any, /) -> LazyArray:
        return method(x if x.__class__ is LazyArray else traced(x))  # type: ignore[no-any-return]

    function(name=name, summary=summary)(unary)


def _binary(name: str, summary: str) -> None:
    is_operator = operation(name).symbol is not None
    forward, reverse = binary_operators(name)

    def binary(x1: Any, x2: Any, /) -> LazyArray:
        first, second = x1.__class__ is LazyArray, x2.__class__ is LazyArray
        if not (first and second):
            if not is_operator or not (first or second):
                x1, x2 = together(x1, x2)
            else:
                result = forward(x1, x2) if first else reverse(x2, x1)
                if result is NotImplemented:
                    other = type(x2 if first else x1).__name__
                    raise TypeError(f"{name}: {other} is neither an array nor a number")
                return result  # type: ignore[no-any-return]
        return forward(x1, x2)  # type: ignore[no-any-return]

    function(name=name, summary=summary)(binary)


for _name, _summary in _UNARY.items():
    _unary(_name, _summary)
for _name, _summary in _BINARY.items():
    _binary(_name, _summary)

WHERE = define(Operation("where", "elementwise"))
CLIP = define(Elementwise("clip"))


@function()
def where(condition: Any, x1: Any, x2: Any, /) -> LazyArray:
    """Return elements of `x1` where the condition is true, else of `x2`."""
    both_scalars = not isinstance(x1, LazyArray) and not isinstance(x2, LazyArray)
    condition = traced(condition)
    if both_scalars:  # these promote with each other, not with the condition
        x1, x2 = (traced(one, condition.backend) for one in (x1, x2))
    x1, x2 = together(x1, x2)
    key = (condition._spec, x1._spec, x2._spec)
    return make(WHERE, (condition, x1, x2), None, cached(WHERE, key, partial(_where_spec, *key)))


def _where_spec(condition: Spec, x1: Spec, x2: Spec) -> Spec:
    backend, _ = common(condition, x1, x2)
    return joint_spec(condition, x1, x2, dtype=dtypes.promote(x1.dtype, x2.dtype, backend))


@function()
def clip(x: Any, /, min: Any = None, max: Any = None) -> LazyArray:
    """Limit each element to the interval from `min` to `max`."""
    x = traced(x)
    bounds = [
        one if one is None or type(one) in (int, float) else traced(one) for one in (min, max)
    ]
    arrays = [one._spec for one in bounds if isinstance(one, LazyArray)]
    return make(CLIP, (x, *bounds), None, joint_spec(x._spec, *arrays, dtype=x.dtype))
