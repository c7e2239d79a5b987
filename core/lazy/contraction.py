"""Shapes of products that sum over axes: matmul, tensordot, einsum."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.lazy.operation import Operation, define
from core.lazy.spec import Shape, Spec, axis_index, broadcast, joint_spec

MATMUL = define(Operation("matmul", "contraction"))


def check_equal(name: str, first: int | None, second: int | None) -> None:
    """Raise ValueError if the lengths of two summed axes differ."""
    if first is not None and second is not None and first != second:
        raise ValueError(f"{name}: the summed axes have lengths {first} and {second}")


def matmul_spec(first: Spec, second: Spec) -> Spec:
    """Return the spec of ``first @ second``."""
    a, b = first.shape, second.shape
    if not a or not b:
        raise ValueError("matmul: both operands need at least one axis; use * for numbers")
    check_equal("matmul", a[-1], b[-2] if len(b) > 1 else b[-1])
    shape = broadcast(a[:-2], b[:-2]) + a[-2:-1] * (len(a) > 1) + b[-1:] * (len(b) > 1)
    result = joint_spec(first, second, shape=shape)
    MATMUL.check(result.dtype, result.backend)
    MATMUL.remember((first, second), result)
    return result


def tensordot_axes(
    a: Shape, b: Shape, axes: int | tuple[Sequence[int], Sequence[int]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the summed axes of both operands, counted from the start."""
    if isinstance(axes, int):
        if axes < 0 or axes > min(len(a), len(b)):
            raise ValueError(f"tensordot: cannot sum over {axes} axes of shapes {a} and {b}")
        first = tuple(range(len(a) - axes, len(a)))
        second = tuple(range(axes))
    else:
        one, two = ((side,) if isinstance(side, int) else side for side in axes)
        first = tuple(axis_index(axis, len(a)) for axis in one)
        second = tuple(axis_index(axis, len(b)) for axis in two)
    if len(first) != len(second):
        raise ValueError(f"tensordot: {len(first)} axes cannot be paired with {len(second)}")
    for i, j in zip(first, second, strict=True):
        check_equal("tensordot", a[i], b[j])
    return first, second


def einsum_shape(equation: str, shapes: Sequence[Shape]) -> tuple[Shape, int]:
    """Return the shape of an einsum and the number of combinations of its indices."""
    equation = equation.replace(" ", "")
    inputs, arrow, output = equation.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {equation!r} is for {len(terms)} operands, not {len(shapes)}")
    lengths: dict[str, int | None] = {}
    ellipsis: Shape = ()
    for term, shape in zip(terms, shapes, strict=True):
        before, dots, after = term.partition("...")
        extra = len(shape) - len(before) - len(after)
        if extra < 0 or (extra and not dots):
            raise ValueError(f"einsum: {term!r} does not fit an operand of shape {shape}")
        ellipsis = broadcast(ellipsis, shape[len(before) : len(before) + extra])
        named = shape[: len(before)] + shape[len(before) + extra :]
        for letter, length in zip(before + after, named, strict=True):
            try:
                (lengths[letter],) = broadcast((lengths.get(letter, 1),), (length,))
            except ValueError:
                raise ValueError(
                    f"einsum: {letter!r} has lengths {lengths[letter]} and {length}"
                ) from None
    if not arrow:
        letters = inputs.replace(",", "").replace("...", "")
        output = "".join(sorted(one for one in set(letters) if letters.count(one) == 1))
        output = ("..." if "..." in inputs else "") + output
    unknown = set(output.replace("...", "")) - set(lengths)
    if unknown:
        raise ValueError(f"einsum: {equation!r} has {', '.join(sorted(unknown))} only on the right")
    before, dots, after = output.partition("...")
    middle = ellipsis if dots else ()
    result = (*[lengths[one] for one in before], *middle, *[lengths[one] for one in after])
    return result, math.prod(length or 1 for length in (*lengths.values(), *ellipsis))
