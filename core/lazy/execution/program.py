"""A graph as a list of steps: the input of compilation, and what pickles of functions hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import freeze, rebuild
from core.lazy.operation import VARIABLE, Operation


@dataclass(slots=True, eq=False)
class Value:
    """An input, a constant, or the result of a step."""

    spec: Any
    constant: bool = False
    """Whether it depends on no input."""


@dataclass(slots=True, eq=False)
class Step:
    """One operation; its arguments hold a `Value` in place of each node of the graph."""

    op: Operation
    args: tuple[Any, ...]
    kwargs: dict[str, Any] | None
    result: Value
    operands: tuple[Value, ...]
    """The values in the arguments, each once."""


@dataclass(slots=True)
class Program:
    """Steps in topological order, without duplicates and without unused results."""

    inputs: list[Value]
    constants: dict[Value, Any]
    """The concrete arrays of the graph."""
    steps: list[Step]
    outputs: Any
    backend: str | None

    def has_devices_of(self, backend: str | None) -> bool:
        """Return whether devices among the arguments are valid for another library."""
        return backend in (None, self.backend) or self.backend is None


def linearize(inputs: Sequence[Node], outputs: Any) -> Program:
    """Return the steps that lead from inputs to outputs.

    Equal operations on equal operands become one step.

    Raises
    ------
    ValueError
        The outputs depend on a variable that is not among the inputs.
    """
    parameters = [Value(node._spec) for node in inputs]
    values: dict[int, Value] = {}  # by id(node)
    for node, parameter in zip(inputs, parameters, strict=True):
        values.setdefault(id(node), parameter)  # an input given twice is the first one
    constants: dict[Value, Any] = {}
    steps: list[Step] = []
    known: dict[Any, Value] = {}
    backend: str | None = None
    for node in ascend(outputs, stop=inputs):
        place = id(node)
        if place in values:
            continue
        args, kwargs, op = node._args, node._kwargs, node._op
        if backend is None:
            backend = node.backend
        data = node._data
        if data is not None:
            value = known.get(id(data))
            if value is None:
                value = known[id(data)] = Value(node._spec, constant=True)
                constants[value] = data
            values[place] = value
            continue
        if op is VARIABLE:
            raise ValueError(f"the results depend on {node!r}, which is not among the inputs")
        args, kwargs, operands, key = _with_values(op, args, kwargs, values)
        value = known.get(key)
        if value is None:
            constant = True
            for operand in operands:
                constant = constant and operand.constant
            value = known[key] = Value(node._spec, constant)
            if op.infix is not None and len(operands) == 2:
                one, two = operands[0].spec, operands[1].spec
                if one.dtype is not two.dtype and () in (one.shape, two.shape):
                    op = op.as_function
            steps.append(Step(op, args, kwargs, value, operands))
        values[place] = value
    results = rebuild(outputs, lambda leaf: values[id(leaf)] if isinstance(leaf, Node) else leaf)
    return Program(parameters, constants, steps, results, backend)


def _with_values(
    op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any] | None, values: dict[int, Value]
) -> tuple[tuple[Any, ...], dict[str, Any] | None, tuple[Value, ...], Any]:
    """Return arguments with values in place of nodes, the values, and a key of the operation."""
    operands: list[Value] = []
    changed: list[Any] = []
    only_values = True
    for arg in args:
        if isinstance(arg, Node):
            other: Any = values[id(arg)]
            if other not in operands:
                operands.append(other)
        else:
            other = arg if arg.__class__ in _ATOMS else _replaced(arg, values, operands)
            only_values = False
        changed.append(other)
    args = key = tuple(changed)
    if not only_values:
        key = tuple([arg if arg.__class__ is Value else freeze(arg) for arg in changed])
    if kwargs:
        if not op.flat:
            kwargs = _replaced(kwargs, values, operands)
        return args, kwargs, tuple(operands), (op.key, key, freeze(kwargs))
    return args, None, tuple(operands), (op.key, key)


def _replaced(argument: Any, values: dict[int, Value], operands: list[Value]) -> Any:
    """Return nested containers with values in place of nodes, and add these to `operands`."""

    def replace_node(leaf: Any) -> Any:
        if not isinstance(leaf, Node):
            return leaf
        value = values[id(leaf)]
        if value not in operands:
            operands.append(value)
        return value

    return rebuild(argument, replace_node, slices=True)


_ATOMS = frozenset((bool, int, float, complex, str, type(None)))
