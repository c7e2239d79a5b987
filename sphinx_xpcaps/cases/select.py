"""Chooses a few calls that differ most, so that a long docstring costs no more than a short one."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import Method, Step
from sphinx_xpcaps.cases.parameters import Parameter
from sphinx_xpcaps.cases.payload import dump_last
from sphinx_xpcaps.cases.trees import is_numeric_sequence, leaves


def traits(steps: Sequence[Step]) -> frozenset[str]:
    """Return what sets a call apart: each argument's kind, dtype, dimensions or small value."""
    found = set()
    for i, step in enumerate(steps):
        found.add(f"{i} calls {step.callee.name if isinstance(step.callee, Method) else ''}")
        for name, value in (*enumerate(step.args), *step.kwargs.items()):
            for path, leaf in leaves(value, (i, name)):
                found.add(f"{path} {_trait(leaf)}")
    return frozenset(found)


def argument_names(step: Step, names: Sequence[str]) -> tuple[str, ...]:
    """Return what tells a call apart for a reader: ``"axis"``, and ``"axis=0"`` for small values.

    Parameters
    ----------
    step : Step
        The call.
    names : sequence of str
        Names of the parameters in the order of a call.
    """
    given = {**dict(zip(names, step.args, strict=False)), **step.kwargs}
    small = [f"{name}={x!r}" for name, x in given.items() if isinstance(x, (bool, str, int))]
    return tuple(sorted([*given, *small]))


Call = tuple[str, bytes, bool]
"""A call as its text, its pickled steps, and whether every step counts."""


def plain_call(
    calls: Sequence[tuple[Call, list[Step]]], known: Sequence[Parameter]
) -> list[tuple[Call, list[Step]]]:
    """Return the first call without its optional arguments, unless some call has none anyway.

    Where a library refuses what every example asks for, this shows what it does without.
    """
    required = {p.name for p in known if p.required and not p.name.startswith("*")}
    positional = [p.name for p in known if not p.name.startswith("**")]
    if not required:
        return []
    for call, steps in calls:
        last = steps[-1]
        if call[2] and isinstance(last.callee, Method):
            continue
        keep = [n for n, name in enumerate(positional[: len(last.args)]) if name in required]
        args = tuple(last.args[n] for n in keep)
        kwargs = {name: value for name, value in last.kwargs.items() if name in required}
        if keep != list(range(len(keep))) or len(args) + len(kwargs) != len(required):
            continue
        if len(args) == len(last.args) and len(kwargs) == len(last.kwargs):
            return []
        text = _shortened(call[0], len(args), required)
        if text:
            fewer = replace(last, args=args, kwargs=kwargs)
            return [((text, dump_last(steps, fewer), call[2]), [*steps[:-1], fewer])]
    return []


def _shortened(text: str, most: int, names: Collection[str]) -> str:
    """Return the text of a call with its first arguments and those of some names alone."""
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
    """Return the positions of at most `most` candidates that show the most traits together.

    Greedy: the first candidate, then each time the one that adds most; ties go to the earlier.
    One that adds nothing is left out.
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
