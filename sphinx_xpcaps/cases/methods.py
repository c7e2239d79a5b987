"""Make up calls of a method or property: of an object from its class's examples.

If the class has no example, the call that creates the object is made up as well.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.examples import OnStart, from_docstrings
from sphinx_xpcaps.cases.model import (
    CodeKind,
    CodePiece,
    FoundCall,
    FoundCalls,
    Origin,
    Step,
    StepMethod,
    StepResult,
)
from sphinx_xpcaps.cases.parameters import parameters
from sphinx_xpcaps.cases.payload import dump_last, load_steps
from sphinx_xpcaps.cases.plans import argument_leaves
from sphinx_xpcaps.cases.replay import run_steps, subject_step
from sphinx_xpcaps.cases.resolve import is_property
from sphinx_xpcaps.cases.signature import (
    SECONDS,
    Style,
    accepted,
    arguments_of,
    call_text,
    from_signature,
)
from sphinx_xpcaps.cases.trees import is_numeric_array

_MOST_OBJECTS = 2
"""Maximum number of objects of the class's examples that the method is called on."""


def from_class_examples(
    name: str, owner: Any, on_start: OnStart, skip: Collection[str]
) -> FoundCalls:
    """Return calls of a method, or reads of a property, of objects of its class.

    The arguments are made up. Arrays among them have the shapes of those in the objects.
    """
    cls, _, method = name.rpartition(".")
    static = inspect.getattr_static(owner, method, None)
    if isinstance(static, (classmethod, staticmethod)):
        return from_signature(name, getattr(owner, method), on_start, skip)
    if not (inspect.isfunction(static) or is_property(static)) or method.startswith("_"):
        return FoundCalls(Origin.SIGNATURE, problem="a method needs an example")
    examples = from_docstrings(cls, None, owner, on_start, skip)
    if not examples.calls:
        examples = from_signature(cls, owner, on_start, skip)
    reads = is_property(static)
    required = () if reads else parameters(static)
    known = [p for p in required if p.required and not p.name.startswith("*")]
    calls: list[FoundCall] = []
    creations = [(each, _creation(load_steps(each.payload))) for each in examples.calls]
    # Objects that the class creates come before those that methods return.
    for example, steps in sorted(creations, key=lambda each: each[1][-1].callee is not owner):
        for style in _styles(steps):
            args = arguments_of(known, style)
            if args is None:
                break
            text = f"{example.text}.{method if reads else call_text(name, known, args)}"
            if text in skip:
                continue
            on_start(CodePiece(CodeKind.LINE, text), SECONDS)
            if accepted(functools.partial(_called, example.payload, method, reads), args):
                created = StepResult(steps[-1].number)
                callee = getattr if reads else StepMethod(created, method)
                given = (created, method) if reads else args
                last = Step(callee, given, {}, created.step + 1)
                calls.append(FoundCall(text, dump_last([*steps, last], last), False))
                break
        if len(calls) == _MOST_OBJECTS:
            break
    problem = "" if calls else "a method needs an example"
    return FoundCalls(Origin.SIGNATURE, tuple(calls), problem=problem)


def _creation(steps: Sequence[Step]) -> list[Step]:
    """Return the steps until the object is created."""
    subject = subject_step(steps)
    return list(steps[: steps.index(subject) + 1])


def _called(payload: bytes, name: str, reads: bool, *args: Any) -> Any:
    """Create the object again, and call its method or read its property."""
    made = run_steps(_creation(load_steps(payload)), False, lambda function: function)
    found = getattr(made, name)
    return found if reads else found(*args)


def _styles(steps: Sequence[Step]) -> Iterator[Style]:
    """Yield styles of arrays with the shapes of the object's arrays, and then of vectors."""
    leaves = argument_leaves(list(steps)).values()
    shapes = [leaf.shape for leaf in leaves if is_numeric_array(leaf)]
    shapes += [np.asarray(leaf).shape for leaf in leaves if isinstance(leaf, list)]
    for shape in dict.fromkeys(shapes):
        yield Style(len(shape), "unit", fixed=shape)
    yield Style(1, "unit")
    yield Style(1, "count")
