"""How a library chooses the dtype and device of a result: the facts in which libraries differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

DefaultKind: TypeAlias = Literal["real floating", "complex floating", "integral"]
"""The kinds of dtypes for which the standard defines a default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """Rules that apply where the array API standard leaves the choice to a library.

    The defaults are NumPy's rules for arrays, without the dtypes shorter than 32 bits that NumPy
    computes some functions in. Dtypes are given by the standard's names.
    """

    strict: bool = False
    """Raise TypeError for whatever the standard does not define."""
    float_wins: bool = False
    """An integer and a floating-point array give the latter's dtype, whatever their widths."""
    floats: Mapping[str, str] = field(default_factory=dict)
    """The dtype in which integers are divided and averaged, if not the default."""
    elementary_floats: Mapping[str, str] = field(default_factory=dict)
    """The dtype in which functions such as `sqrt` take integers, if not that in `floats`."""
    sums_unsigned_as_signed: bool = False
    """Sums and products of unsigned integers are signed integers."""
    search_dtype: str | None = None
    """The dtype of the result of `searchsorted`, if not that of indices."""
    current_defaults: Callable[[], Mapping[DefaultKind, str]] | None = None
    """Return the default dtypes, for a library whose users can change them."""
    takes_numpy: bool = False
    """Operators accept NumPy's arrays beside the library's own."""
    integers_index_first: bool = False
    """In an index, integers are applied before arrays instead of broadcast with them."""
    scalars_join_devices: bool = False
    """An array without axes may be combined with arrays on another device."""
    only_device: str | None = None
    """The device of all arrays, for a library that has one alone."""
    devices_pickle: bool = False
    """The library's device objects can be pickled and mean the same in another process."""


NUMPY_LOOPS: Mapping[str, str] = {
    "bool": "float16",
    "int8": "float16",
    "uint8": "float16",
    "int16": "float32",
    "uint16": "float32",
}
"""NumPy takes short integers to the shortest floating-point dtype that holds them."""
