"""Make the cases of a target: find calls and run each with NumPy to get reference results."""

from __future__ import annotations

import inspect
import os
import pickle
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.case_modules import from_case_modules
from sphinx_xpcaps.cases.examples import OnStart, from_bodies, from_docstrings
from sphinx_xpcaps.cases.methods import from_class_examples
from sphinx_xpcaps.cases.model import (
    Case,
    CodeKind,
    CodePiece,
    Collected,
    FoundCalls,
    LeafKind,
    Origin,
    Problem,
    Step,
    Variant,
    VariantName,
    WantedCases,
)
from sphinx_xpcaps.cases.parameters import parameters
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.plans import (
    NO_ARRAYS,
    argument_leaves,
    plan_of_numbers,
    plans_for,
)
from sphinx_xpcaps.cases.reference import StartVariant, seeded, variants_of
from sphinx_xpcaps.cases.replay import imported_libraries, subject_step
from sphinx_xpcaps.cases.resolve import TargetError, is_property, resolve
from sphinx_xpcaps.cases.select import argument_names, choose, plain_call, traits
from sphinx_xpcaps.cases.signature import SECONDS, from_signature
from sphinx_xpcaps.exceptions import describe_exception

MOST_CASES = 6


def collect(
    on_start: OnStart,
    *,
    name: str,
    wanted: WantedCases,
    sources: Sequence[str] = (),
    skip: Collection[str],
    file: File,
) -> Collected:
    """Find the cases of a target and write each to `file` as soon as it is complete.

    Parameters
    ----------
    on_start : callable
        Called with each piece of code before it runs.
    name : str
        The target.
    wanted : WantedCases
        Bodies of directives, and the origins that may be used.
    sources : sequence of str
        Names of modules and paths of files with cases.
    skip : collection of str
        Pieces of code that timed out or crashed before.
    file : Path
        The file to write, with one pickle per case.
    """
    file.write_bytes(b"")
    with seeded(0):
        return _collect(on_start, name, wanted, sources, skip, file)


def _collect(
    on_start: OnStart,
    name: str,
    wanted: WantedCases,
    sources: Sequence[str],
    skip: Collection[str],
    file: File,
) -> Collected:
    try:
        owner, target = resolve(name)
    except TargetError as error:
        return Collected(target=name, error=str(error), error_type="TargetError")
    allowed = frozenset(map(Origin, wanted.origins)) or frozenset(Origin)
    origins: list[Callable[[], FoundCalls]] = []
    if wanted.bodies:
        bodies = wanted.bodies
        origins.append(lambda: from_bodies(name, owner, target, bodies, on_start, skip))
    if allowed & {Origin.CASES, Origin.TESTS}:
        origins.append(lambda: from_case_modules(name, sources, allowed))
    if Origin.DOCSTRING in allowed and not is_property(target):  # nothing calls a property
        origins.append(lambda: _fitting(from_docstrings(name, owner, target, on_start, skip)))
    if Origin.SIGNATURE in allowed:
        origins.append(
            lambda: (
                from_class_examples(name, owner, on_start, skip)
                if inspect.isclass(owner)
                else from_signature(name, target, on_start, skip)
            )
        )
    failed: list[Collected] = []
    problem: Problem | None = None
    for find in origins:
        found = find()
        if found.calls:
            collected = _make_cases(name, target, found, problem, on_start, skip, file)
            if collected.cases:
                return collected
        else:
            collected = Collected(
                target=name,
                origin=found.origin,
                error=found.problem,
                error_type=found.problem_type,
                error_line=found.problem_line,
            )
        if collected.error:
            failed.append(collected)
        if problem is None and found.is_broken:
            line = 1 if found.origin is Origin.DIRECTIVE else None
            problem = Problem(
                message=found.problem,
                exception=found.problem_type,
                line=found.problem_line or line,
            )
    if not failed:
        names = ", ".join(sorted(wanted.origins))
        return Collected(target=name, error=f"no case from the chosen origins: {names}")
    main = next((each for each in failed if each.origin is Origin.DIRECTIVE), failed[0])
    if main.origin is Origin.DIRECTIVE:
        return main
    reasons = dict.fromkeys(each.error for each in failed)
    return replace(main, error="; ".join(reasons))


def _fitting(found: FoundCalls) -> FoundCalls:
    """Leave out calls for which the made-up data is too small."""
    if not found.made_up_data:
        return found
    calls = tuple(call for call in found.calls if not _has_empty_array(call.payload))
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


def _make_cases(
    name: str,
    target: Any,
    found: FoundCalls,
    problem_before: Problem | None,
    on_start: OnStart,
    skip: Collection[str],
    file: File,
) -> Collected:
    made, problem, process = 0, "", os.getpid()
    made_up = found.origin is Origin.SIGNATURE
    known = parameters(target)
    names = [parameter.name for parameter in known]
    calls = [(call, load_steps(call.payload)) for call in found.calls]
    chosen = [calls[i] for i in choose([traits(steps) for _, steps in calls], MOST_CASES)]
    plain = plain_call(chosen, known)
    with file.open("ab") as stream:
        for call, steps in [*chosen, *plain]:
            if call.text in skip:
                continue
            case = Case(
                text=call.text,
                origin=found.origin,
                payload=call.payload,
                all_steps=call.all_steps,
                is_plain=call not in found.calls,
                made_up_data=found.made_up_data,
                problem=problem_before,
                arguments=argument_names(
                    subject_step(steps) if call.all_steps else steps[-1], names
                ),
            )

            def start_variant(
                variant: str, seconds: float, text: str = call.text, ours: bool = case.is_plain
            ) -> bool:
                if variant == VariantName.AS_WRITTEN:
                    # What happens to a call that nobody wrote is no evidence.
                    kind = CodeKind.LINE if made_up or ours else CodeKind.CALL
                    on_start(CodePiece(kind, text), SECONDS if made_up or ours else None)
                    return True
                # An iteration that converges in one dtype may not end in another: limit its time.
                on_start(CodePiece(CodeKind.VARIANT, variant), max(SECONDS, 4 * seconds))
                return variant not in skip

            try:
                case = _with_any_reference(case, steps, target, start_variant)
            except BaseException as error:
                if not case.is_plain:
                    message = describe_exception(error)
                    problem = f"the call fails when it is repeated: {message}"
                continue
            if not case.plans:
                problem = "it takes and returns no arrays"
                continue
            if not any(leaf.kind is not LeafKind.OTHER for leaf in case.variants[0].leaves):
                problem = "its result has neither arrays nor numbers"
                continue
            if os.getpid() != process:  # the call made a copy of this process
                os._exit(1)
            pickle.dump(case, stream)
            stream.flush()
            made += 1
    return Collected(target=name, cases=made, origin=found.origin, error="" if made else problem)


def _with_any_reference(
    case: Case, steps: list[Step], target: Any, start_variant: StartVariant
) -> Case:
    """Return a case with the reference result of NumPy, or else of a library that is imported.

    Raises
    ------
    Exception
        What the call raises with NumPy, if no other library gives arrays.
    """
    try:
        return _with_reference(case, steps, target, start_variant)
    except Exception:
        for name in imported_libraries():
            with suppress(Exception):
                found = _with_reference(replace(case, reference=name), steps, target, start_variant)
                if found.plans and any(
                    leaf.kind is not LeafKind.OTHER for leaf in found.variants[0].leaves
                ):
                    return found
        raise


def _with_reference(
    case: Case, steps: list[Step], target: Any, start_variant: StartVariant
) -> Case:
    """Return a case with its plans and the reference result of each variant.

    A case has no plans if the call takes no arrays.
    """
    plans = plans_for(steps, target)
    variants = variants_of(case, plans, start_variant)
    if not plans:
        returns = _returns_arrays(variants[0])
        plans = (NO_ARRAYS,) if returns else plan_of_numbers(steps, target)
    return replace(case, plans=plans, variants=variants)


def _returns_arrays(variant: Variant) -> bool:
    return any(
        leaf.kind is LeafKind.ARRAY and np.asarray(leaf.value).ndim > 0 for leaf in variant.leaves
    )
