"""Select the calls of a target that differ most, so that long docstrings do not cost more."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import FoundCall, Step, StepMethod
from sphinx_xpcaps.cases.parameters import Parameter
from sphinx_xpcaps.cases.payload import dump_last
from sphinx_xpcaps.cases.trees import is_numeric_sequence, leaves

_KINDS = {"b": "bool", "i": "integer", "u": "integer", "c": "complex"}


def traits(steps: Sequence[Step]) -> frozenset[str]:
    """Return features of a call: the type, dtype, dimensions or small value of each argument."""
    found = set()
    for i, step in enumerate(steps):
        found.add(f"{i} calls {step.callee.name if isinstance(step.callee, StepMethod) else ''}")
        for name, value in (*enumerate(step.args), *step.kwargs.items()):
            for path, leaf in leaves(value, (i, name)):
                found.add(f"{path} {_trait(leaf)}")
    return frozenset(found)


def argument_names(step: Step, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the arguments that are passed, and what distinguishes their values.

    That is ``"axis=0"`` for small values, and ``"2-D x"`` and ``"complex x"`` for arrays.

    Parameters
    ----------
    step : Step
        The call.
    names : sequence of str
        Names of the parameters in the order of a call.
    """
    given = {**dict(zip(names, step.args, strict=False)), **step.kwargs}
    small = [f"{name}={x!r}" for name, x in given.items() if _is_small(x)]
    arrays = [
        f"{trait} {name}"
        for name, x in given.items()
        if isinstance(x, np.ndarray)
        for trait in (f"{x.ndim}-D", _KINDS.get(x.dtype.kind))
        if trait is not None
    ]
    return tuple(sorted([*given, *small, *arrays]))


def _is_small(value: Any) -> bool:
    """Return whether a value is short enough to be named, such as an axis, a size or a mode."""
    if isinstance(value, tuple):
        return len(value) <= 3 and all(type(x) in (int, type(None)) for x in value)
    return value is None or isinstance(value, (bool, str, int))


def plain_call(
    calls: Sequence[tuple[FoundCall, list[Step]]], known: Sequence[Parameter]
) -> list[tuple[FoundCall, list[Step]]]:
    """Return the first call without its optional arguments, unless a call has none already.

    It shows whether the target works without an option that all examples pass.
    """
    required = {p.name for p in known if p.required and not p.name.startswith("*")}
    positional = [p.name for p in known if not p.name.startswith("**")]
    if not required:
        return []
    for call, steps in calls:
        last = steps[-1]
        if call.all_steps and isinstance(last.callee, StepMethod):
            continue
        keep = [n for n, name in enumerate(positional[: len(last.args)]) if name in required]
        args = tuple(last.args[n] for n in keep)
        kwargs = {name: value for name, value in last.kwargs.items() if name in required}
        if keep != list(range(len(keep))) or len(args) + len(kwargs) != len(required):
            continue
        if len(args) == len(last.args) and len(kwargs) == len(last.kwargs):
            return []
        text = _shortened(call.text, len(args), required)
        if text:
            fewer = replace(last, args=args, kwargs=kwargs)
            found = FoundCall(text, dump_last(steps, fewer), call.all_steps)
            return [(found, [*steps[:-1], fewer])]
    return []


def _shortened(text: str, most: int, names: Collection[str]) -> str:
    """Return the source of a call with only its first arguments and some keyword arguments."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return ""
    if not isinstance(tree, ast.Call) or any(isinstance(x, ast.Starred) for x in tree.args):
        return ""
    tree.args = tree.args[:most]
    tree.keywords = [keyword for keyword in tree.keywords if keyword.arg in names]
    return ast.unparse(tree)


def choose(candidates: Sequence[frozenset[str]], most: int) -> list[int]:
    """Return the indices of at most `most` candidates that together have the most traits.

    The selection is greedy: the first candidate, then in each step the candidate that adds most
    traits, the earlier one if two add as many. Candidates that add none are left out.
    """
    chosen: list[int] = []
    seen: set[str] = set()
    while len(chosen) < most:
        gains = [len(traits - seen) for traits in candidates]
        best = max(range(len(gains)), key=lambda i: (gains[i], -i), default=None)
        if not chosen and candidates:
            best = 0
        if best is None or gains[best] == 0:
            break
        chosen.append(best)
        seen |= candidates[best]
    return sorted(chosen)


def _trait(leaf: Any) -> str:
    if isinstance(leaf, np.ndarray):
        empty = " empty" if leaf.size == 0 else ""
        return f"{leaf.dtype} {leaf.ndim}d{empty}"
    if is_numeric_sequence(leaf):
        array = np.asarray(leaf)
        return f"{type(leaf).__name__} {array.dtype.kind} {array.ndim}d"
    if isinstance(leaf, (bool, str, type(None))):
        return f"={leaf!r}"
    if isinstance(leaf, int):
        return f"int {min(max(leaf, -1), 2)}"
    return type(leaf).__name__
