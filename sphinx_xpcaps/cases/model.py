"""The data of a case: a call that can be replayed with the arrays of another library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LeafPath = tuple[Any, ...]
"""The position of a leaf in nested arguments: keys and indices from the outside in."""


class Origin(StrEnum):
    """Where the cases of a target come from."""

    DIRECTIVE = "directive"
    CASES = "cases"
    TESTS = "tests"
    DOCSTRING = "docstring"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCases:
    """Which cases of a target are used."""

    bodies: tuple[str, ...] = ()
    """Code from directives. Other origins are used only if it gives no cases."""
    origins: tuple[str, ...] = ()
    """The origins that may be used; all if empty."""


class VariantName(StrEnum):
    """The dtypes of the arguments of a case."""

    AS_WRITTEN = "as written"
    FLOAT64 = "float64"
    FLOAT32 = "float32"
    REAL = "real"


class LeafKind(StrEnum):
    """What a leaf of a result is; only arrays and numbers are compared."""

    ARRAY = "array"
    NUMBER = "number"
    OTHER = "other"


class CodeKind(StrEnum):
    """The kind of code that starts while the cases of a target are found."""

    CALL = "call"
    """A call of the target in an example."""
    LINE = "line"
    """A statement of an example."""
    VARIANT = "variant"
    """The call with other dtypes; the text is the name of the variant."""


@dataclass(frozen=True, slots=True)
class CodePiece:
    """Code that starts while the cases of a target are found, and may end the worker."""

    kind: CodeKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInfo:
    """Description of a target, obtained by importing it."""

    name: str
    kind: str
    package: str
    text: str = ""
    """The docstrings that its cases come from."""
    error: str | None = None
    error_type: str | None = None
    imported: bool = True
    """Whether its module could be imported."""


@dataclass(frozen=True, slots=True)
class DottedName:
    """A callable given by its dotted name, which is imported instead of unpickled."""

    name: str


@dataclass(frozen=True, slots=True)
class StepResult:
    """Placeholder in arguments for the result of an earlier step."""

    step: int


@dataclass(frozen=True, slots=True)
class StepMethod:
    """A method of the result of an earlier step."""

    of: StepResult
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a replay; `callee` is a callable, a `DottedName` or a `StepMethod`."""

    callee: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    number: int = 0
    """The number by which later steps refer to the result of this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why code that should provide cases provides none, although there are other cases."""

    message: str
    exception: str | None = None
    line: int | None = None
    """Line of a directive's body."""


class FoundCall(NamedTuple):
    """A call of a target that an origin provides."""

    text: str
    payload: bytes
    """The pickled steps."""
    all_steps: bool
    """Whether the results of all steps are compared, not only that of the last step."""


@dataclass(frozen=True, slots=True)
class FoundCalls:
    """The calls that an origin provides, or the reason why there are none."""

    origin: Origin
    calls: tuple[FoundCall, ...] = ()
    problem: str = ""
    problem_type: str | None = None
    problem_line: int | None = None
    """Line of a directive's body at which it failed."""
    made_up_data: bool = False

    @property
    def is_broken(self) -> bool:
        """Whether the code failed, so that the author should know if other cases are used."""
        failed = self.problem_type is not None or self.origin is Origin.DIRECTIVE
        return failed and not self.calls


@dataclass(frozen=True, slots=True)
class Plan:
    """Which leaves of the arguments are converted to arrays of the backend."""

    name: str
    paths: frozenset[LeafPath]
    casts: bool = True
    """Whether the variants may change the dtypes of these leaves: they are known to be arrays."""
    pass_namespace: bool = False
    pass_device: bool = False
    on_host: bool = False
    """Whether functions among the arguments stay NumPy functions, called with values copied to
    the host. What these functions do does not count for the target."""


_PLAN_RANKS = ("array-like", "array-like sequences", "arrays")


def plan_rank(plan: str) -> int:
    """Return the rank of a plan; 0 is the plan that follows the documented types."""
    return _PLAN_RANKS.index(plan) if plan in _PLAN_RANKS else len(_PLAN_RANKS)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of the reference result.

    ``value`` is an array, or a Python number, bool, None or string.
    """

    path: LeafPath
    kind: LeafKind
    value: NDArray[Any] | bool | complex | str | None = None
    sensitivity: float = 0.0
    """The largest change of the value when the inputs change in their last digits; infinite if the
    shape or the kind changes."""
    free_signs: bool = False
    """Whether the array holds vectors that are determined up to a factor, such as eigenvectors."""
    free_order: bool = False
    """Whether the order of the elements is documented to be undefined."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A case with other dtypes, and the reference result for it."""

    name: VariantName
    dtypes: Mapping[LeafPath, np.dtype[Any]]
    leaves: tuple[Leaf, ...]
    reproducible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A call of a target with everything that a replay needs."""

    text: str
    origin: Origin
    payload: bytes
    """The pickled steps, so that each replay starts from new copies."""
    all_steps: bool = False
    """Whether the results of all steps are compared, not only that of the last step."""
    made_up_data: bool = False
    """Whether made-up data replaced a data set that could not be loaded."""
    problem: Problem | None = None
    """Why an origin that comes first gives no cases."""
    reference: str = "numpy"
    """The backend whose result is the reference: NumPy, or the library that the target needs."""
    arguments: tuple[str, ...] = ()
    """Names of the arguments that are passed, ``name=value`` for small values, and ``2-D name`` and
    ``complex name`` for arrays."""
    is_plain: bool = False
    """Whether this is another case without its optional arguments."""
    plans: tuple[Plan, ...] = ()
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCode:
    """Code that repeats a case after ``xp`` and ``np`` are imported."""

    setup: str
    """The statements before the call: imports, data and earlier calls."""
    expression: str
    """The call with the names that `setup` defines."""
    arrays: tuple[str, ...]
    """The names of the arrays of the library."""
    floats: tuple[str, ...]
    """Those that a variant converts to another floating-point dtype."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The number of cases that were found for a target, their origin, or why there are none."""

    target: str
    cases: int = 0
    origin: Origin | None = None
    error: str = ""
    error_type: str | None = None
    error_line: int | None = None
    """Line of a directive's body at which it failed."""
