"""How libraries choose the dtype and device of a result, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

DefaultKind: TypeAlias = Literal["real floating", "complex floating", "integral"]
"""The kinds of dtypes for which the standard defines a default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """The dtypes and devices of results that the array API standard leaves to a library.

    The defaults describe a library that promotes as NumPy does, but computes functions of short
    integers in its default floating-point dtype. Dtypes are given by name, such as ``"float32"``.
    """

    strict: bool = False
    """Whether everything that the standard does not define raises TypeError."""
    float_wins: bool = False
    """Whether integer and floating-point arrays promote to the dtype of the latter."""
    floats: Mapping[str, str] = field(default_factory=dict)
    """The dtype of quotients and means, by the dtype of the integers or booleans.

    Those that are missing use the default floating-point dtype.
    """
    elementary_floats: Mapping[str, str] = field(default_factory=dict)
    """The dtype of functions such as `sqrt`, by the dtype of the integers or booleans.

    Those that are missing are looked up in `floats`.
    """
    results: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The dtype of the result by function and by the promoted dtype of the operands.

    "integral" is the default integer dtype. It holds what other rules do not, such as the squares
    of booleans.
    """
    sums_unsigned_as_signed: bool = False
    """Whether sums and products of unsigned integers are signed integers."""
    search_dtype: str | None = None
    """The dtype of the result of `searchsorted`; None for the default integer dtype."""
    current_defaults: Callable[[], Mapping[DefaultKind, str]] | None = None
    """Return the default dtypes. None for 64-bit defaults that users cannot change."""
    immutable: bool = False
    """Whether arrays are immutable, so that ``x += y`` binds the name to a new array."""
    aliases: frozenset[str] = frozenset()
    """Functions that return their operand itself; those that round do so for integers only."""
    wraps_integers: bool = False
    """Whether Python integers out of bounds for the other operand wrap around, not raise."""
    stores_signed_as_unsigned: bool = False
    """Whether in-place operations on unsigned integers accept results of signed dtypes."""
    scalar_results: bool = False
    """Whether results without axes are scalars, and functions return views, as in NumPy."""
    takes_numpy: bool = False
    """Whether operators accept NumPy's arrays beside the library's own."""
    integers_index_first: bool = False
    """Whether integers in an index are applied before arrays, instead of broadcast with them."""
    scalars_join_devices: bool = False
    """Whether arrays without axes may be combined with arrays on another device."""
    only_device: str | None = None
    """The device of all arrays, if the library has only one."""
    devices_pickle: bool = False
    """Whether device objects can be pickled, and mean the same in another process."""


NUMPY_LOOPS: Mapping[str, str] = {
    "bool": "float16",
    "int8": "float16",
    "uint8": "float16",
    "int16": "float32",
    "uint16": "float32",
}
"""NumPy converts short integers to the shortest floating-point dtype that holds their values."""

_INTEGERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_BOOL_AS_INT8 = ("conj", "floor_divide", "pow", "remainder", "square")
NUMPY_RESULTS: Mapping[str, Mapping[str, str]] = {
    **{name: {"bool": "int8"} for name in _BOOL_AS_INT8},
    "reciprocal": {"bool": "int8", **{name: name for name in _INTEGERS}},
    "round": {"bool": "float16"},
}
"""NumPy has no loops of some functions for booleans, and rounds reciprocals of integers."""
