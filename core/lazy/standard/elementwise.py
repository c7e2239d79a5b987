"""Functions of each element: their operands broadcast together."""

from __future__ import annotations

from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.operation import Elementwise, Operation, define, operation
from core.lazy.operators import binary_operators, unary_operator
from core.lazy.spec import broadcast, common, spec
from core.lazy.standard.inputs import together, traced
from core.lazy.standard.registry import standard


def _unary(name: str, summary: str) -> Any:
    method = unary_operator(name)

    def function(x: Any, /) -> LazyArray:
        return method(x if x.__class__ is LazyArray else traced(x))  # type: ignore[no-any-return]

    return _named(function, name, summary)


def _binary(name: str, summary: str) -> Any:
    op = operation(name)
    forward, reverse = binary_operators(name)

    def function(x1: Any, x2: Any, /) -> LazyArray:
        if x1.__class__ is not LazyArray or x2.__class__ is not LazyArray:
            if op.symbol is None:
                x1, x2 = together(x1, x2)
            elif x1.__class__ is LazyArray or x2.__class__ is LazyArray:
                first = x1.__class__ is LazyArray
                result = forward(x1, x2) if first else reverse(x2, x1)
                if result is NotImplemented:
                    other = type(x2 if first else x1).__name__
                    raise TypeError(f"{name}: {other} is neither an array nor a number")
                return result  # type: ignore[no-any-return]
            else:
                x1, x2 = together(x1, x2)
        return forward(x1, x2)  # type: ignore[no-any-return]

    return _named(function, name, summary)


def _named(function: Any, name: str, summary: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = summary
    return standard()(function)


abs = _unary("abs", "Return the magnitude of each element.")
acos = _unary("acos", "Return the inverse cosine of each element.")
acosh = _unary("acosh", "Return the inverse hyperbolic cosine of each element.")
asin = _unary("asin", "Return the inverse sine of each element.")
asinh = _unary("asinh", "Return the inverse hyperbolic sine of each element.")
atan = _unary("atan", "Return the inverse tangent of each element.")
atanh = _unary("atanh", "Return the inverse hyperbolic tangent of each element.")
bitwise_invert = _unary("bitwise_invert", "Invert each bit of each element.")
ceil = _unary("ceil", "Round each element up to an integer.")
conj = _unary("conj", "Return the complex conjugate of each element.")
cos = _unary("cos", "Return the cosine of each element.")
cosh = _unary("cosh", "Return the hyperbolic cosine of each element.")
exp = _unary("exp", "Return e to the power of each element.")
expm1 = _unary("expm1", "Return e to the power of each element, minus one.")
floor = _unary("floor", "Round each element down to an integer.")
imag = _unary("imag", "Return the imaginary part of each element.")
isfinite = _unary("isfinite", "Say of each element whether it is finite.")
isinf = _unary("isinf", "Say of each element whether it is infinite.")
isnan = _unary("isnan", "Say of each element whether it is not a number.")
log = _unary("log", "Return the natural logarithm of each element.")
log10 = _unary("log10", "Return the logarithm to base 10 of each element.")
log1p = _unary("log1p", "Return the natural logarithm of one plus each element.")
log2 = _unary("log2", "Return the logarithm to base 2 of each element.")
logical_not = _unary("logical_not", "Return the negation of each truth value.")
negative = _unary("negative", "Change the sign of each element.")
positive = _unary("positive", "Return each element as it is.")
real = _unary("real", "Return the real part of each element.")
reciprocal = _unary("reciprocal", "Return one divided by each element.")
round = _unary("round", "Round each element to the nearest integer, halves to even ones.")
sign = _unary("sign", "Return the sign of each element.")
signbit = _unary("signbit", "Say of each element whether its sign bit is set.")
sin = _unary("sin", "Return the sine of each element.")
sinh = _unary("sinh", "Return the hyperbolic sine of each element.")
sqrt = _unary("sqrt", "Return the square root of each element.")
square = _unary("square", "Return each element times itself.")
tan = _unary("tan", "Return the tangent of each element.")
tanh = _unary("tanh", "Return the hyperbolic tangent of each element.")
trunc = _unary("trunc", "Round each element to an integer towards zero.")

add = _binary("add", "Return the sum of each pair of elements.")
atan2 = _binary("atan2", "Return the angle of each point (x2, x1).")
bitwise_and = _binary("bitwise_and", "Return the bits that are set in both elements.")
bitwise_left_shift = _binary("bitwise_left_shift", "Shift the bits of x1 to the left by x2.")
bitwise_or = _binary("bitwise_or", "Return the bits that are set in one of the elements.")
bitwise_right_shift = _binary("bitwise_right_shift", "Shift the bits of x1 to the right by x2.")
bitwise_xor = _binary("bitwise_xor", "Return the bits that differ between the elements.")
copysign = _binary("copysign", "Return the magnitude of x1 with the sign of x2.")
divide = _binary("divide", "Return the quotient of each pair of elements.")
equal = _binary("equal", "Say of each pair of elements whether they are equal.")
floor_divide = _binary("floor_divide", "Return the quotient of each pair, rounded down.")
greater = _binary("greater", "Say of each pair whether the first is greater.")
greater_equal = _binary("greater_equal", "Say of each pair whether the first is not less.")
hypot = _binary("hypot", "Return the length of each vector (x1, x2).")
less = _binary("less", "Say of each pair whether the first is less.")
less_equal = _binary("less_equal", "Say of each pair whether the first is not greater.")
logaddexp = _binary("logaddexp", "Return the logarithm of the sum of exponentials of each pair.")
logical_and = _binary("logical_and", "Say of each pair whether both are true.")
logical_or = _binary("logical_or", "Say of each pair whether one is true.")
logical_xor = _binary("logical_xor", "Say of each pair whether exactly one is true.")
maximum = _binary("maximum", "Return the greater of each pair of elements.")
minimum = _binary("minimum", "Return the lesser of each pair of elements.")
multiply = _binary("multiply", "Return the product of each pair of elements.")
nextafter = _binary("nextafter", "Return the number next to x1 in the direction of x2.")
not_equal = _binary("not_equal", "Say of each pair of elements whether they differ.")
pow = _binary("pow", "Return x1 to the power of x2.")
remainder = _binary("remainder", "Return the remainder of x1 divided by x2, with the sign of x2.")
subtract = _binary("subtract", "Return the difference of each pair of elements.")

WHERE = define(Operation("where", "elementwise"))
CLIP = define(Elementwise("clip"))


@standard()
def where(condition: Any, x1: Any, x2: Any, /) -> LazyArray:
    """Choose each element from `x1` where the condition is true, else from `x2`."""
    both_numbers = not isinstance(x1, LazyArray) and not isinstance(x2, LazyArray)
    condition = traced(condition)
    if both_numbers:
        # Numbers take their dtype from each other, not from the condition.
        x1, x2 = (traced(one, condition.backend) for one in (x1, x2))
    x1, x2 = together(x1, x2)
    found = WHERE.cache.get((condition._spec, x1._spec, x2._spec))
    if found is None:
        backend, device = common(condition._spec, x1._spec, x2._spec)
        shape = broadcast(condition.shape, x1.shape, x2.shape)
        dtype = dtypes.promote(x1.dtype, x2.dtype, backend)
        key = (condition._spec, x1._spec, x2._spec)
        found = WHERE.remember(key, spec(shape, dtype, backend, device))
    return make(WHERE, (condition, x1, x2), None, found)


@standard()
def clip(x: Any, /, min: Any = None, max: Any = None) -> LazyArray:
    """Limit each element to lie between `min` and `max`."""
    x = traced(x)
    bounds = [
        one if one is None or type(one) in (int, float) else traced(one) for one in (min, max)
    ]
    arrays = [one._spec for one in bounds if isinstance(one, LazyArray)]
    backend, device = common(x._spec, *arrays)
    shape = broadcast(x.shape, *[one.shape for one in arrays])
    return make(CLIP, (x, *bounds), None, spec(shape, x.dtype, backend, device))
