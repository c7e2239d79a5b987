"""The docstrings of a namespace's functions: their own lines, and what their signatures tell."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

_PARAMETERS = {
    "x": "array\n    The operand.",
    "x1": "array or number\n    The first operand.",
    "x2": "array or number\n    The second operand.",
    "a": "array\n    The operand.",
    "b": "array or number\n    The second operand.",
    "ary": "array\n    The operand.",
    "arrays": "sequence of array\n    The operands.",
    "operands": "array\n    The operands, one for each term of `equation`.",
    "axis": "int, tuple of int or None, optional\n    The axis or axes to work along.",
    "axes": "int or tuple of int, optional\n    The axes to work on.",
    "axis1": "int, optional\n    The first of two axes.",
    "axis2": "int, optional\n    The second of two axes.",
    "source": "int or tuple of int\n    The axes that move.",
    "destination": "int or tuple of int\n    Where they move to.",
    "keepdims": "bool, optional\n    Keep the reduced axes with length 1.",
    "dtype": "dtype, optional\n    The dtype of the result.",
    "device": "object, optional\n    The device of the result, as the backend names it.",
    "backend": "str, optional\n    The library whose array the result is.",
    "shape": "int or tuple of int\n    The shape of the result; one length may be -1 in `reshape`.",
    "obj": "array, number or nested sequence of these\n    The values.",
    "fill_value": "number or 0-dimensional array\n    The value of every element.",
    "start": "number\n    The first value; the end of `arange`, from 0, where `stop` is not given.",
    "stop": "number\n    The end: `arange` stops before it, `linspace` at it.",
    "step": "number, optional\n    The distance between two values.",
    "num": "int\n    The number of values.",
    "endpoint": "bool, optional\n    Whether `stop` is the last value.",
    "n_rows": "int\n    The number of rows.",
    "n_cols": "int, optional\n    The number of columns; by default that of rows.",
    "indexing": '{"xy", "ij"}, optional\n    Whether the first array runs along columns or rows.',
    "indices": "array of int\n    Positions along `axis`.",
    "indices_or_sections": "int or sequence of int\n    How many equal parts, or where to cut.",
    "condition": "array of bool\n    Where to take from the first operand.",
    "min": "array, number or None, optional\n    Smaller elements become this.",
    "max": "array, number or None, optional\n    Larger elements become this.",
    "re": "array or number\n    The real part.",
    "im": "array or number\n    The imaginary part.",
    "shift": "int or tuple of int\n    By how many places elements move along each axis.",
    "repetitions": "tuple of int\n    How often the array stands along each axis.",
    "repeats": "int or array of int\n    How often each element stands.",
    "copy": "bool, optional\n    Whether the result may share its operand's memory.",
    "correction": "int or float, optional\n    Subtracted from the number of elements.",
    "include_initial": "bool, optional\n    Begin with the value of no elements, 0 or 1.",
    "prepend": "array, optional\n    What stands before `x` along `axis`.",
    "append": "array, optional\n    What stands after `x` along `axis`.",
    "descending": "bool, optional\n    Start with the largest.",
    "stable": "bool, optional\n    Keep the order of equal elements.",
    "side": '{"left", "right"}, optional\n    Whether before or after equal elements.',
    "sorter": "array of int, optional\n    The positions that sort `x1`.",
    "invert": "bool, optional\n    Say the opposite.",
    "n": "int, optional\n    The number of points; by default the operand's length.",
    "s": "tuple of int, optional\n    The number of points along each of `axes`.",
    "d": "float, optional\n    The distance between two samples.",
    "norm": '{"backward", "ortho", "forward"}, optional\n    Which transform is scaled.',
    "k": "int, optional\n    The diagonal: 0 the main one, positive ones above it.",
    "offset": "int, optional\n    The diagonal: 0 the main one, positive ones above it.",
    "upper": "bool, optional\n    Whether the upper factor is returned.",
    "ord": "int, float or str, optional\n    Which norm.",
    "rtol": "float or array, optional\n    What is small, relative to the largest value.",
    "atol": "float, optional\n    What is small, whatever the values.",
    "mode": '{"reduced", "complete"}, optional\n    The shape of the factors.',
    "full_matrices": "bool, optional\n    Whether `U` and `Vh` are square.",
    "equation": 'str\n    Einstein\'s notation, such as ``"ij,jk->ik"``.',
    "xp": "namespace\n    The namespace that is asked.",
}
_RETURNS = {
    "Shape": "tuple of int or None",
    "bool": "bool",
    "list[LazyArray]": "list of LazyArray",
    "tuple[LazyArray, ...]": "tuple of LazyArray",
}


def document(function: Callable[..., Any], name: str, extra: bool = False) -> str:
    """Return a numpydoc docstring: the function's own lines, its parameters and its result."""
    own = inspect.cleandoc(function.__doc__ or "")
    if "Parameters\n---" in own:
        return own
    summary, _, rest = own.partition("\n\n")
    lines = [summary, "", "Parameters", "----------"]
    for parameter in inspect.signature(function).parameters.values():
        text = _PARAMETERS[parameter.name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            lines.append(f"*{parameter.name} : {text.removeprefix('sequence of ')}")
        else:
            lines.append(f"{parameter.name} : {text}")
    lines += ["", "Returns", "-------", _returned(function)]
    if rest:
        lines += ["", rest]
    if not extra:
        lines += ["", "Notes", "-----", f"The array API standard defines ``{name}``."]
    return "\n".join(lines)


def _returned(function: Callable[..., Any]) -> str:
    """Return a line for what comes back; the annotation is a string, as the modules defer them."""
    annotation: str = inspect.signature(function).return_annotation
    fields = getattr(inspect.unwrap(function).__globals__.get(annotation), "_fields", None)
    if fields:
        return f"{annotation}\n    A named tuple of {', '.join(f'`{one}`' for one in fields)}."
    return _RETURNS.get(annotation, annotation)
