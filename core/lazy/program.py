"""A graph as a list of steps: what computing, compiling and pickling a function start from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import freeze, leaves, rebuild
from core.lazy.library import convert
from core.lazy.operation import DATA, VARIABLE, Operation


class Ref(int):
    """The number of a value: an input, a constant, or the result of a step."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return Ref, (int(self),)

    def __repr__(self) -> str:
        return f"%{int(self)}"


@dataclass(slots=True)
class Step:
    """One operation: its arguments hold a `Ref` where the graph has a node."""

    op: Operation
    args: tuple[Any, ...]
    kwargs: dict[str, Any] | None
    result: Ref
    spec: Any
    constant: bool
    uses: tuple[Ref, ...]


@dataclass(slots=True)
class Program:
    """Steps in an order in which they can be run, each result used at least once.

    Equal operations on equal operands are one step; a step is constant if no input leads to it.
    """

    inputs: list[Ref]
    constants: dict[Ref, Any]
    steps: list[Step]
    outputs: Any
    backend: str | None
    specs: list[Any]

    def run(self, xp: Any, arrays: Sequence[Any], backend: str | None) -> Any:
        """Compute the outputs without compiling; each result is let go after its last use."""
        values: dict[int, Any] = dict(zip(self.inputs, arrays, strict=True))
        for ref, data in self.constants.items():
            values[ref] = convert(data, backend, xp)
        run_steps(
            self.steps,
            xp,
            values,
            self.backend in (None, backend),
            {one for one in leaves(self.outputs) if isinstance(one, Ref)},
        )
        return rebuild(self.outputs, lambda one: values[one] if isinstance(one, Ref) else one)


def run_steps(
    steps: Sequence[Step], xp: Any, values: dict[int, Any], native: bool, keep: set[Any]
) -> None:
    """Run steps on `values`, by number, and drop what no later step uses and is not in `keep`."""
    last: dict[Ref, Step] = {}
    for step in steps:
        for ref in step.uses:
            last[ref] = step
    functions: dict[Operation, Callable[..., Any]] = {}
    for step in steps:
        op, kwargs = step.op, step.kwargs
        function = functions.get(op)
        if function is None:
            function = functions[op] = op.function(xp)
        if op.flat and not kwargs:
            args = [values[one] if one.__class__ is Ref else one for one in step.args]
            values[step.result] = function(*args)
        else:
            args = [_value(one, values, xp, native) for one in step.args]
            options = adapted(kwargs, native)
            values[step.result] = function(
                *args, **{name: _value(one, values, xp, native) for name, one in options.items()}
            )
        del args
        for ref in step.uses:
            if last[ref] is step and ref not in keep:
                values.pop(ref, None)


def adapted(kwargs: dict[str, Any] | None, native: bool) -> dict[str, Any]:
    """Return keyword arguments for a namespace: a device is only known where it was traced."""
    if not kwargs:
        return {}
    return {name: one for name, one in kwargs.items() if native or name != "device"}


def _value(value: Any, values: dict[int, Any], xp: Any, native: bool) -> Any:
    if type(value) is Ref:
        return values[value]
    if isinstance(value, tuple | list) and value:
        made = [_value(one, values, xp, native) for one in value]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    if isinstance(value, dict):
        return {name: _value(one, values, xp, native) for name, one in value.items()}
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return slice(*[_value(one, values, xp, native) for one in parts])
    if isinstance(value, np.dtype):
        return adapt_object(value, xp)
    return value


def adapt_object(value: Any, xp: Any) -> Any:
    """Return a dtype as the namespace has it, and anything else as it is."""
    if isinstance(value, np.dtype):
        return getattr(xp, str(value), value)
    return value


_refs: list[Ref] = []


def _ref(number: int) -> Ref:
    """Return the one `Ref` of a number; making an object of a subclass of int takes long."""
    while number >= len(_refs):
        _refs.append(Ref(len(_refs)))
    return _refs[number]


def linearize(inputs: Sequence[Node], outputs: Any) -> Program:  # noqa: PLR0915
    """Return the steps that lead from inputs to outputs.

    Raises
    ------
    ValueError
        The outputs depend on a variable that is not among the inputs.
    """
    number: dict[int, Ref] = {}
    refs: list[Ref] = []
    specs: list[Any] = []
    for node in inputs:
        ref = Ref(len(specs))
        specs.append(node._spec)
        refs.append(ref)
        number.setdefault(id(node), ref)  # an input given twice is the first one
    constants: dict[Ref, Any] = {}
    steps: list[Step] = []
    known: dict[Any, Ref] = {}
    constant: list[bool] = [False] * len(specs)
    backend: str | None = None
    for node in ascend(outputs, stop=inputs):
        place = id(node)
        if place in number:
            continue
        args, kwargs, op = node._args, node._kwargs, node._op
        if backend is None:
            backend = node.backend
        if node._data is not None:
            key: Any = ("data", id(node._data))
            op = DATA
        elif op is VARIABLE:
            raise ValueError(f"the results depend on {node!r}, which is not among the inputs")
        else:
            uses: list[Ref] = []
            made: list[Any] = []
            plain = True
            for one in args:
                if isinstance(one, Node):
                    ref = number[id(one)]
                    made.append(ref)
                    if ref not in uses:
                        uses.append(ref)
                else:
                    other = _refer(one, number, uses)
                    made.append(other)
                    plain = False
            args = tuple(made)
            if kwargs and not op.flat:
                kwargs = _refer(kwargs, number, uses)
            key = (
                op.key,
                # Numbers of values are keys themselves; anything else is told apart with care.
                args
                if plain
                else tuple([one if one.__class__ is Ref else freeze(one) for one in made]),
                freeze(kwargs) if kwargs else None,
            )
        same = known.get(key)
        if same is not None:
            number[place] = same
            continue
        ref = _ref(len(specs))
        known[key] = number[place] = ref
        specs.append(node._spec)
        if op is DATA:
            constants[ref] = node._data
            constant.append(True)
            continue
        fixed = True
        for ref_used in uses:
            fixed = fixed and constant[ref_used]
        constant.append(fixed)
        if op.infix is not None and len(uses) == 2:
            first, second = specs[uses[0]], specs[uses[1]]
            if first.dtype is not second.dtype and () in (first.shape, second.shape):
                op = op.spelled
        steps.append(Step(op, args, kwargs, ref, node._spec, fixed, tuple(uses)))
    result = rebuild(outputs, lambda one: number[id(one)] if isinstance(one, Node) else one)
    return Program(refs, constants, steps, result, backend, specs)


def _refer(value: Any, number: dict[int, Ref], uses: list[Ref]) -> Any:
    """Return an argument with numbers in the place of nodes, and note these in `uses`."""
    kind = value.__class__
    if kind in _ATOMS:
        return value
    if isinstance(value, Node):
        ref = number[id(value)]
        if ref not in uses:
            uses.append(ref)
        return ref
    if kind is tuple or kind is list:
        return kind([_refer(one, number, uses) for one in value])
    if kind is dict:
        return {name: _refer(one, number, uses) for name, one in value.items()}
    if kind is slice:
        return slice(*[_refer(one, number, uses) for one in (value.start, value.stop, value.step)])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return kind(*[_refer(one, number, uses) for one in value])
    return value


_ATOMS = frozenset((bool, int, float, complex, str, type(None)))
