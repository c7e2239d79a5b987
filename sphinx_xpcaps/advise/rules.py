"""The rules of ``advise``: each is one kind of limit, with a code that does not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of limit.

    Parameters
    ----------
    code, name : str
        The code, such as ``"XPC003"``, and a name in words, such as ``"no-jit"``.
    summary : str
        The limit as a sentence; ``{function}`` and ``{library}`` are replaced.
    meaning : str
        What the rule reports.
    remedy : str
        What users can do.
    default : bool
        Whether the rule is selected by default.
    """

    code: str
    name: str
    summary: str
    meaning: str
    remedy: str = ""
    default: bool = True


_CALLBACK = "Call it through `core.lazy_apply`, or use a function of {library} instead."

UNSUPPORTED = Rule(
    code="XPC001",
    name="unsupported",
    summary="{function} does not work with {library}",
    meaning="No measured call works with the library: each raises an exception, times out or ends "
    "the interpreter.",
    remedy="Convert the arrays to NumPy first, or use a function of {library} instead.",
)
ARGUMENT = Rule(
    code="XPC002",
    name="unsupported-argument",
    summary="{function} does not work with {library} and these arguments",
    meaning="The function works with the library, but not with an argument that this call passes.",
    remedy="Leave out the argument, or convert the arrays to NumPy first.",
)
NO_JIT = Rule(
    code="XPC003",
    name="no-jit",
    summary="{function} cannot be compiled with {library}",
    meaning="The function works eagerly, but no measured call works in a compiled function "
    "(`--mode jit`).",
    remedy=_CALLBACK,
)
COMPUTES_GRAPH = Rule(
    code="XPC004",
    name="computes-graph",
    summary="{function} computes the lazy graph of {library}",
    meaning="The function computes its arguments before it returns, although they are lazy "
    "(`--mode lazy`).",
    remedy=_CALLBACK,
)
HOST_TRANSFER = Rule(
    code="XPC005",
    name="host-transfer",
    summary="{function} is expected to fail with {library} on this device",
    meaning="On a CPU, the function converts arrays to NumPy. With arrays on a GPU (`--device "
    "gpu`), this raises an exception. It was not measured on a GPU.",
    remedy="Move the arrays to the host first, or use a function of {library} instead.",
)
RETURNS_NUMPY = Rule(
    code="XPC006",
    name="returns-numpy",
    summary="{function} does not return arrays of {library}",
    meaning="The function accepts arrays of the library, but returns those of another one, "
    "usually NumPy's. The result is then on the host, and cannot be differentiated.",
    remedy="Convert the result, or use a function of {library} instead.",
)
WRONG_VALUES = Rule(
    code="XPC007",
    name="wrong-values",
    summary="{function} returns other values with {library} than with NumPy",
    meaning="The results of the measured calls differ from NumPy's by more than rounding.",
    remedy="Convert the arrays to NumPy first.",
)
NO_GRADIENT = Rule(
    code="XPC008",
    name="no-gradient",
    summary="{function} cannot be differentiated with {library}",
    meaning="The function works, but its gradient cannot be computed, or is wrong (`--mode grad`).",
)
NO_VMAP = Rule(
    code="XPC009",
    name="no-vmap",
    summary="{function} cannot be vectorized with {library}",
    meaning="The function works, but not when it is mapped over a new axis (`--mode vmap`).",
)
OTHER_MODE = Rule(
    code="XPC010",
    name="mode",
    summary="{function} does not work with {library} in this mode",
    meaning="The function works eagerly, but not in another mode, such as `--mode trace`.",
)
SOME_CASES = Rule(
    code="XPC020",
    name="some-cases",
    summary="{function} works with {library} in some cases only",
    meaning="Some of the measured calls fail, and records do not tell whether this call does.",
    default=False,
)
DTYPES = Rule(
    code="XPC021",
    name="dtypes",
    summary="{function} does not work with all dtypes of {library}",
    meaning="The function fails with some dtypes, such as integers, or returns another dtype than "
    "with NumPy. The dtypes of a call are not known.",
    default=False,
)
CONFLICT = Rule(
    code="XPC022",
    name="conflict",
    summary="measurements of {function} with {library} disagree",
    meaning="Nothing separates the environments in which the function works from the others.",
    default=False,
)
UNUSED_IGNORE = Rule(
    code="XPC100",
    name="unused-ignore",
    summary="unused comment",
    meaning="A comment `# xpcaps: ignore` ignores nothing, or names a rule that does not exist.",
    remedy="Remove the comment.",
)
INVALID_SYNTAX = Rule(
    code="XPC900",
    name="invalid-syntax",
    summary="invalid syntax",
    meaning="The file is not valid Python, so that its calls are not known. "
    "This rule cannot be ignored.",
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            UNSUPPORTED,
            ARGUMENT,
            NO_JIT,
            COMPUTES_GRAPH,
            HOST_TRANSFER,
            RETURNS_NUMPY,
            WRONG_VALUES,
            NO_GRADIENT,
            NO_VMAP,
            OTHER_MODE,
            SOME_CASES,
            DTYPES,
            CONFLICT,
            UNUSED_IGNORE,
            INVALID_SYNTAX,
        )
    }
)
"""All rules by code."""

MODE_RULES: Mapping[str, Rule] = MappingProxyType(
    {"jit": NO_JIT, "lazy": COMPUTES_GRAPH, "grad": NO_GRADIENT, "vmap": NO_VMAP}
)
"""By mode, the rule on functions that do not work in it; `OTHER_MODE` for all others."""


class UnknownRuleError(ValueError):
    """No rule has a code that begins with a text."""


def matching(prefixes: Iterable[str]) -> frozenset[str]:
    """Return the codes that begin with one of `prefixes`; ``"ALL"`` matches all.

    Raises
    ------
    UnknownRuleError
        A prefix matches nothing.

    Examples
    --------
    >>> sorted(matching(["XPC00"]))[:2]
    ['XPC001', 'XPC002']
    """
    found: set[str] = set()
    for prefix in prefixes:
        codes = {code for code in RULES if prefix == "ALL" or (prefix and code.startswith(prefix))}
        if not codes:
            known = ", ".join(f"{rule.code} ({rule.name})" for rule in RULES.values())
            raise UnknownRuleError(f"no rule begins with {prefix!r}; there are {known}")
        found |= codes
    return frozenset(found)


def selected(select: Iterable[str], ignore: Iterable[str]) -> frozenset[str]:
    """Return the codes of the selected rules: by default those that are on by default.

    Parameters
    ----------
    select, ignore : iterable of str
        Codes or their beginnings.
    """
    chosen = matching(select) or {rule.code for rule in RULES.values() if rule.default}
    return frozenset((chosen - matching(ignore)) | {INVALID_SYNTAX.code})
