"""Docstrings of a namespace's functions, completed from their signatures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

_PARAMETERS = {
    "x": "array: The operand.",
    "x1": "array or number: The first operand.",
    "x2": "array or number: The second operand.",
    "a": "array: The operand.",
    "b": "array or number: The second operand.",
    "ary": "array: The operand.",
    "arrays": "sequence of array: The operands.",
    "operands": "array: The operands, one for each term of `equation`.",
    "axis": "int, tuple of int or None: The axis or axes to operate along.",
    "axes": "int or tuple of int: The axes to operate on.",
    "axis1": "int: The first of two axes.",
    "axis2": "int: The second of two axes.",
    "source": "int or tuple of int: The axes to move.",
    "destination": "int or tuple of int: The new positions of these axes.",
    "keepdims": "bool: Keep the reduced axes with length 1.",
    "dtype": "dtype: The dtype of the result.",
    "isdtype.dtype": "dtype: A dtype of any library.",
    "kind": "dtype, str or tuple of these: A dtype, or the name of a kind in the standard.",
    "device": "object: The device of the result, as the backend represents it.",
    "backend": "str: The library of the result.",
    "shape": "int or tuple of int: The shape of the result.",
    "reshape.shape": "int or tuple of int: The shape of the result; one length may be -1.",
    "obj": "array, number or nested sequence of these: The values.",
    "fill_value": "number or 0-dimensional array: The value of all elements.",
    "start": "number: The first value.",
    "arange.start": "number: The first value; the end, after values from 0, if `stop` is omitted.",
    "stop": "number: The last value.",
    "arange.stop": "number: The end, which is excluded.",
    "step": "number: The difference of two adjacent values.",
    "num": "int: The number of values.",
    "endpoint": "bool: Whether `stop` is the last value.",
    "n_rows": "int: The number of rows.",
    "n_cols": "int: The number of columns. Default: that of rows.",
    "indexing": '{"xy", "ij"}: Cartesian or matrix indexing of the results.',
    "indices": "array of int: Positions along `axis`.",
    "indices_or_sections": "int or sequence of int: The number of equal parts, or where to split.",
    "condition": "array of bool: Where to take elements of `x1`.",
    "min": "array, number or None: The lower bound.",
    "max": "array, number or None: The upper bound.",
    "re": "array or number: The real part.",
    "im": "array or number: The imaginary part.",
    "shift": "int or tuple of int: The number of positions to shift elements by along each axis.",
    "repetitions": "tuple of int: The number of copies along each axis.",
    "repeats": "int or array of int: The number of copies of each element.",
    "copy": "bool: Whether to copy, or None to copy if necessary.",
    "correction": "int or float: Subtracted from the number of elements.",
    "include_initial": "bool: Start with the value for no elements, 0 or 1.",
    "prepend": "array: Values to add before `x` along `axis`.",
    "append": "array: Values to add after `x` along `axis`.",
    "descending": "bool: Sort in descending order.",
    "stable": "bool: Keep the order of equal elements.",
    "side": '{"left", "right"}: Whether to find the first or the last suitable position.',
    "sorter": "array of int: Indices that sort `x1`.",
    "invert": "bool: Invert the result.",
    "n": "int: The number of points. Default: the length of the axis.",
    "matrix_power.n": "int: The exponent.",
    "identity.n": "int: The number of rows and columns.",
    "s": "tuple of int: The number of points along each of `axes`.",
    "d": "float: The sample spacing.",
    "norm": '{"backward", "ortho", "forward"}: The direction of the transform that is scaled.',
    "k": "int: The diagonal: 0 is the main one, positive numbers are above it.",
    "offset": "int: The diagonal: 0 is the main one, positive numbers are above it.",
    "upper": "bool: Return the upper factor.",
    "ord": "int, float or str: The order of the norm.",
    "rtol": "float or array: The relative tolerance.",
    "atol": "float: The absolute tolerance.",
    "equal_nan": "bool: Whether two NaNs are equal.",
    "mode": '{"reduced", "complete"}: The shapes of the factors.',
    "full_matrices": "bool: Whether `U` and `Vh` are square.",
    "arrays_and_dtypes": "sequence of array, dtype or number: The operands.",
    "shapes": "sequence of tuple of int or None: The shapes.",
    "from_": "dtype or array: The dtype to convert.",
    "to": "dtype: The dtype to convert to.",
    "type": "dtype or array: The dtype.",
    "equation": 'str: Subscripts in Einstein notation, such as ``"ij,jk->ik"``.',
    "optimize": "bool, str or list: How to order the products; for libraries that take it.",
}
_RETURNS = {
    "DType": "dtype",
    "Shape": "tuple of int or None",
    "list[LazyArray]": "list of LazyArray",
    "np.finfo[Any]": "numpy.finfo",
    "np.iinfo[Any]": "numpy.iinfo",
    "tuple[LazyArray, ...]": "tuple of LazyArray",
}


def complete_docstring(function: Callable[..., Any], name: str, extra: bool) -> str:
    """Return the docstring with sections for parameters and results, as numpydoc has them.

    One that lists its parameters is returned as it is. `name` is that in the standard, which does
    not have `extra` functions.
    """
    given = inspect.cleandoc(function.__doc__ or "")
    if "Parameters\n---" in given:
        return given
    description, *sections = re.split(r"\n\n(?=[A-Z]\w+\n---)", given, maxsplit=1)
    lines = [description, "", "Parameters", "----------"]
    short = name.rpartition(".")[2]
    for parameter in inspect.signature(function).parameters.values():
        known = _PARAMETERS.get(f"{short}.{parameter.name}") or _PARAMETERS[parameter.name]
        kind, _, text = known.partition(": ")
        if parameter.kind is parameter.VAR_POSITIONAL:
            lines.append(f"*{parameter.name} : {kind.removeprefix('sequence of ')}")
        else:
            optional = "" if parameter.default is parameter.empty else ", optional"
            lines.append(f"{parameter.name} : {kind}{optional}")
        lines.append(f"    {text}")
    lines += ["", "Returns", "-------", _returned(function)]
    for section in sections:
        lines += ["", section]
    if not extra and "Notes\n---" not in given:
        lines += ["", "Notes", "-----", f"The array API standard defines ``{name}``."]
    return "\n".join(lines)


def _returned(function: Callable[..., Any]) -> str:
    """Return the type of the result, which annotations give as strings."""
    annotation: str = inspect.signature(function).return_annotation
    fields = getattr(inspect.unwrap(function).__globals__.get(annotation), "_fields", None)
    if fields:
        return f"{annotation}\n    A named tuple of {', '.join(f'`{one}`' for one in fields)}."
    return _RETURNS.get(annotation, annotation)
