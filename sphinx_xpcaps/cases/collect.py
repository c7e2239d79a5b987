"""Makes a target's cases: finds calls, and runs each under NumPy for reference."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.case_modules import from_declared
from sphinx_xpcaps.cases.examples import At, Found, from_bodies, from_docstrings
from sphinx_xpcaps.cases.model import (
    AS_WRITTEN,
    Case,
    Collected,
    Step,
    Variant,
)
from sphinx_xpcaps.cases.parameters import parameters
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.plans import (
    NO_ARRAYS,
    argument_leaves,
    plan_of_numbers,
    plans_for,
)
from sphinx_xpcaps.cases.reference import Begin, seed_all, variants_of
from sphinx_xpcaps.cases.resolve import TargetError, resolve
from sphinx_xpcaps.cases.select import argument_names, choose, plain_call, traits
from sphinx_xpcaps.cases.signature import SECONDS, from_signature

MOST_CASES = 6


def collect(
    at: At,
    *,
    name: str,
    bodies: Sequence[str],
    sources: Sequence[str] = (),
    skip: Collection[str],
    file: File,
) -> Collected:
    """Find the cases of a target and write them to `file`, each as soon as it is made.

    Parameters
    ----------
    at : callable
        Called with each piece of code before it runs.
    name : str
        The target.
    bodies : sequence of str
        Code from directives; where there is some, it alone is used.
    sources : sequence of str
        Modules and files that give cases.
    skip : collection of str
        Pieces of code that never came back before.
    file : Path
        Where the cases go, pickled one after the other.
    """
    file.write_bytes(b"")
    seed_all(0)
    try:
        holder, target = resolve(name)
    except TargetError as error:
        return Collected(target=name, error=str(error), error_type="TargetError")
    if bodies:
        found = from_bodies(name, holder, target, bodies, at, skip)
    elif (declared := from_declared(name, sources)).calls or declared.problem:
        found = declared
    else:
        found = _fitting(from_docstrings(name, holder, target, at, skip))
        if not found.calls and (made := from_signature(name, holder, target, at, skip)).calls:
            found = made
    if not found.calls:
        return Collected(
            target=name, origin=found.origin, error=found.problem, error_type=found.problem_type
        )
    return _keep(name, target, found, at, skip, file)


def _fitting(found: Found) -> Found:
    """Leave out calls in which made-up data turned out too small for what the example does."""
    if not found.made_up_data:
        return found
    calls = tuple(call for call in found.calls if not _has_empty_array(call[1]))
    return replace(found, calls=calls, problem=found.problem or "the made-up data does not fit")


def _has_empty_array(payload: bytes) -> bool:
    arguments = argument_leaves(load_steps(payload)).values()
    return any(isinstance(leaf, np.ndarray) and leaf.size == 0 for leaf in arguments)


def load_cases(file: File) -> list[Case]:
    """Return the cases in `file`."""
    cases = []
    with file.open("rb") as stream:
        while True:
            try:
                cases.append(pickle.load(stream))
            except EOFError:
                return cases


def _keep(
    name: str, target: Any, found: Found, at: At, skip: Collection[str], file: File
) -> Collected:
    made, problem = 0, ""
    made_up = found.origin == "signature"
    known = parameters(target)
    names = [parameter.name for parameter in known]
    calls = [(call, load_steps(call[1])) for call in found.calls]
    chosen = [calls[i] for i in choose([traits(steps) for _, steps in calls], MOST_CASES)]
    plainest = plain_call(chosen, known)
    with file.open("ab") as stream:
        for (text, payload, whole), steps in [*chosen, *plainest]:
            if text in skip:
                continue
            case = Case(
                text=text,
                origin=found.origin,
                payload=payload,
                whole=whole,
                is_plain=(text, payload, whole) not in found.calls,
                made_up_data=found.made_up_data,
                arguments=argument_names(steps[-1], names),
            )

            def begin(variant: str, seconds: float, text: str = text) -> bool:
                if variant == AS_WRITTEN:
                    at(("line", text), SECONDS) if made_up else at(("call", text))
                    return True
                # What converges in one dtype may search for ever in another: that costs little.
                at(("variant", variant), max(SECONDS, 4 * seconds))
                return variant not in skip

            try:
                case = _referred(case, steps, target, begin)
            except BaseException as error:
                if not case.is_plain:
                    words = f"{type(error).__name__}: {error}"
                    problem = f"the call fails when it is repeated: {words}"
                continue
            if not case.plans:
                problem = "it takes and returns no arrays"
                continue
            if not any(leaf.kind in ("array", "number") for leaf in case.variants[0].leaves):
                problem = "what it returns shows neither arrays nor numbers"
                continue
            pickle.dump(case, stream)
            stream.flush()
            made += 1
    return Collected(target=name, cases=made, origin=found.origin, error="" if made else problem)


def _referred(case: Case, steps: list[Step], target: Any, begin: Begin) -> Case:
    """Return a case with its plans and with what NumPy returns in each variant.

    Without plans, there are no arrays in the call.
    """
    plans = plans_for(steps, target)
    variants = variants_of(case, plans, begin)
    if not plans:
        returns = _returns_arrays(variants[0])
        plans = (NO_ARRAYS,) if returns else plan_of_numbers(steps, target)
    return replace(case, plans=plans, variants=variants)


def _returns_arrays(variant: Variant) -> bool:
    return any(leaf.kind == "array" and np.asarray(leaf.value).ndim > 0 for leaf in variant.leaves)
