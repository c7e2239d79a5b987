"""Plans: which arguments of a call are converted to arrays of another library.

An example may pass a list where the docstring says ``array_like``, and a tuple of axes looks like
a tuple of values. No single rule is right for all calls, so a case has several plans, from the
fewest converted arguments to the most.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sphinx_xpcaps.cases.model import LeafPath, Plan, Step, StepMethod
from sphinx_xpcaps.cases.parameters import Parameter, parameters, signature_of
from sphinx_xpcaps.cases.replay import is_function
from sphinx_xpcaps.cases.trees import is_number, is_numeric_array, is_numeric_sequence, leaves

NO_ARRAYS = Plan("no arrays", frozenset())
"""The plan of a call without array arguments, of which only the result is an array."""

UNCHANGED = Plan("unchanged", frozenset())
"""The plan of the call of an example as it is, for NumPy."""


def plans_for(steps: Sequence[Step], target: Any) -> tuple[Plan, ...]:
    """Return the plans of a call, narrowest first; none if there is nothing to convert.

    Parameters
    ----------
    steps : sequence of Step
        The call and the steps before it.
    target : callable
        The callee of the last step, whose documentation tells which parameters are array-like.
    """
    arrays: set[LeafPath] = set()
    inner: set[LeafPath] = set()
    sequences: set[LeafPath] = set()
    scalars: set[LeafPath] = set()
    lists: set[LeafPath] = set()
    calls_functions = False
    for path, leaf, parameter in _arguments(steps, target):
        array_like = parameter is not None and parameter.is_array_like
        if is_numeric_array(leaf):
            (inner if _inside_object(path) else arrays).add(path)
        elif is_numeric_sequence(leaf):
            if array_like:
                sequences.add(path)
            elif type(leaf) is list and not (parameter is not None and parameter.is_size):
                lists.add(path)
        elif type(leaf) in (list, tuple) and not leaf and array_like:
            sequences.add(path)
        elif is_number(leaf) and array_like:
            scalars.add(path)
        elif is_function(leaf):
            calls_functions = True
    documented = arrays | sequences
    candidates = (
        Plan("arrays", frozenset(arrays)),
        Plan("array-like sequences", frozenset(documented)),
        Plan("array-like", frozenset(documented | scalars)),
        Plan("all lists", frozenset(documented | lists), casts=False),
        Plan("array-like and all lists", frozenset(documented | scalars | lists), casts=False),
        Plan("arrays in objects", frozenset(documented | inner), casts=False),
    )
    found: dict[frozenset[LeafPath], Plan] = {}
    for plan in candidates:
        if plan.paths:
            found.setdefault(plan.paths, plan)
    plans = tuple(found.values()) or _without_arrays(target, steps[-1])
    if calls_functions:
        # The library may lack a function, or have a different one of the same name.
        plans += tuple(
            replace(plan, name=f"{plan.name}, functions on the host", on_host=True, casts=False)
            for plan in plans
        )
    return plans


def plan_of_numbers(steps: Sequence[Step], target: Any) -> tuple[Plan, ...]:
    """Return the plan that converts floats to 0-dimensional arrays, if there are floats.

    If there are none, integers are converted whose parameters are documented as floats. It is the
    last plan, for functions that are documented to take and return numbers.
    """
    found = list(_arguments(steps, target))
    floats = {path for path, leaf, _ in found if type(leaf) is float}
    documented_floats = {
        path
        for path, leaf, parameter in found
        if type(leaf) is int and parameter is not None and "float" in parameter.type
    }
    paths = frozenset(floats or documented_floats)
    return (Plan("numbers", paths),) if paths else ()


def cast_paths(plans: Sequence[Plan]) -> frozenset[LeafPath]:
    """Return the leaves whose dtype the variants change: those known to be arrays."""
    known = [plan.paths for plan in plans if plan.casts]
    return known[-1] if known else (plans[0].paths if plans else frozenset())


def _without_arrays(target: Any, call: Step) -> tuple[Plan, ...]:
    """Return the plan of a function without array arguments that takes the namespace as ``xp``."""
    signature = signature_of(target)
    if signature is None or "xp" not in signature.parameters:
        return ()
    try:
        given = signature.bind_partial(*call.args, **call.kwargs).arguments
    except TypeError:
        given = call.kwargs
    return (
        Plan(
            "namespace",
            frozenset(),
            pass_namespace=given.get("xp") is None,
            pass_device="device" in signature.parameters and "device" not in given,
        ),
    )


def _arguments(
    steps: Sequence[Step], target: Any
) -> Iterator[tuple[LeafPath, Any, Parameter | None]]:
    """Yield each leaf of the arguments with its path, and its parameter or None."""
    for i, step in enumerate(steps):
        last = i == len(steps) - 1
        function = target if last else _callee(step, steps)
        known = parameters(function)
        positional = [p for p in known if not p.name.startswith("**")]
        by_name = {p.name.lstrip("*"): p for p in known}
        # The signature of a bound method has no `self`.
        for n, value in enumerate(step.args):
            parameter = _positional(positional, n)
            for path, leaf in leaves(value, (i, n)):
                yield path, leaf, parameter
        for name, value in step.kwargs.items():
            for path, leaf in leaves(value, (i, name)):
                yield path, leaf, by_name.get(name)
        if isinstance(step.callee, types.MethodType):
            for path, leaf in leaves(step.callee.__self__, (i, "self")):
                yield path, leaf, None


def _callee(step: Step, steps: Sequence[Step]) -> Any:
    """Return the callee of a step, or None if it is not known before the step runs."""
    if not isinstance(step.callee, StepMethod):
        return step.callee
    made_by = next((s.callee for s in steps if s.number == step.callee.of.step), None)
    return getattr(made_by, step.callee.name, None) if inspect.isclass(made_by) else None


def _inside_object(path: LeafPath) -> bool:
    return any(isinstance(part, str) and part.startswith(".") for part in path)


def _positional(known: Sequence[Parameter], n: int) -> Parameter | None:
    for i, parameter in enumerate(known):
        if i == n or parameter.name.startswith("*"):
            return parameter
    return None


def argument_leaves(steps: Sequence[Step]) -> dict[LeafPath, Any]:
    """Return the leaves of the arguments of a call by path."""
    found: dict[LeafPath, Any] = {}
    for i, step in enumerate(steps):
        for n, value in (*enumerate(step.args), *step.kwargs.items()):
            found.update(leaves(value, (i, n)))
        if isinstance(step.callee, types.MethodType):
            found.update(leaves(step.callee.__self__, (i, "self")))
    return found
