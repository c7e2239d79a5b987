"""A case: a call that can be replayed with the arrays of another library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Path = tuple[Any, ...]
"""Where something stands in nested arguments: keys and positions from the outside in."""

AS_WRITTEN = "as written"
FLOAT64 = "float64"
FLOAT32 = "float32"
REAL = "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInfo:
    """What a target is, found by importing it."""

    name: str
    kind: str
    package: str
    text: str = ""
    """The docstrings that its cases come from."""
    error: str | None = None
    error_type: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A callable by its dotted name: found again by importing, not by unpickling."""

    name: str


@dataclass(frozen=True, slots=True)
class Result:
    """Stands in arguments for what the step of that number returned."""

    step: int


@dataclass(frozen=True, slots=True)
class Method:
    """A method of what an earlier step returned."""

    of: Result
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a replay; `callee` is a callable or a `Method`."""

    callee: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    number: int = 0
    """By which later steps refer to what this one returns."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which leaves of the arguments become arrays of the backend."""

    name: str
    paths: frozenset[Path]
    pass_namespace: bool = False
    pass_device: bool = False
    on_host: bool = False
    """Whether functions among the arguments are NumPy's own, called on values that are moved to
    the host and back. What they do there is not the target's doing."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of what NumPy returned.

    ``value`` is an array, or a Python number, bool, None or string; ``kind`` says which.
    """

    path: Path
    kind: str
    value: NDArray[Any] | bool | complex | str | None = None
    wobble: float = 0.0
    """How much the value changes when the inputs change in their last digit; infinite where its
    shape or kind does."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A case with other dtypes, and what NumPy returned for it."""

    name: str
    dtypes: Mapping[Path, np.dtype[Any]]
    leaves: tuple[Leaf, ...]
    reproducible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A call of a target with everything that a replay needs."""

    text: str
    origin: str
    payload: bytes
    """The steps, pickled, so that every replay starts from fresh copies."""
    whole: bool = False
    """Whether what every step returned counts, not only the last."""
    made_up_data: bool = False
    """Whether made-up data took the place of a data set that could not be loaded."""
    arguments: tuple[str, ...] = ()
    """Names of the arguments that are passed, and ``name=value`` of those with small values."""
    is_plain: bool = False
    """Whether it is another case without its optional arguments, tried where all others fail."""
    plans: tuple[Plan, ...] = ()
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What looking for cases gave: how many, from where, or why none."""

    target: str
    cases: int = 0
    origin: str | None = None
    error: str = ""
    error_type: str | None = None
