"""A graph as a list of steps: the input of compilation, and what pickles of functions hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.lazy.dtypes import memory_rules
from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import freeze, rebuild
from core.lazy.in_place import COPY, base_of
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


def linearize(inputs: Sequence[Node], outputs: Any) -> Program:  # noqa: PLR0915
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
    order = [node for node in ascend(outputs, stop=inputs) if id(node) not in values]
    constants: dict[Value, Any] = {}
    steps: list[Step] = []
    known: dict[Any, Value] = {}
    for node in order:
        args, kwargs, op, data = node._args, node._kwargs, node._op, node._data
        if data is not None:
            value = values[id(node)] = known.setdefault(id(data), Value(node._spec, True))
            constants[value] = data
            continue
        if op is COPY:
            values[id(node)] = values[id(args[0])]
            continue
        if op is VARIABLE:
            raise ValueError(f"the results depend on {node!r}, which is not among the inputs")
        operands: list[Value] = []
        changed: list[Any] = []
        key: Any = [op.key]
        only_values = not kwargs
        for arg in args:
            if isinstance(arg, Node):
                value = values[id(arg)]
                changed.append(value)
                key.append(value)
                if value not in operands:
                    operands.append(value)
            else:
                only_values = False
                other = arg if arg.__class__ in _ATOMS else _replaced(arg, values, operands)
                changed.append(other)
                key.append(freeze(other))
        if kwargs:
            kwargs = kwargs if op.flat else _replaced(kwargs, values, operands)
            key += "kwargs", freeze(kwargs)
        key = tuple(key)
        if key not in known:
            constant = True
            for operand in operands:
                constant = constant and operand.constant
            value = known[key] = Value(node._spec, constant)
            if op.infix is not None and len(operands) == 2:
                one, two = operands[0].spec, operands[1].spec
                mixed = one.dtype is not two.dtype and () in (one.shape, two.shape)
                # NumPy's operator ** has special cases for exponents without axes, `pow` has not.
                if mixed and not (op.name == "pow" and memory_rules(node.backend).scalar_results):
                    op = op.as_function
            args = tuple(changed)
            distinct = only_values and len(args) == len(operands)
            steps.append(Step(op, args, kwargs, value, args if distinct else tuple(operands)))
        values[id(node)] = known[key]
    results = _outputs(outputs, inputs, values, steps)
    backends = (node.backend for node in order)
    backend = next((backend for backend in backends if backend is not None), None)
    return Program(parameters, constants, steps, results, backend)


def _outputs(
    outputs: Any, inputs: Sequence[Node], values: dict[int, Value], steps: list[Step]
) -> Any:
    """Return the outputs as values, after adding the copies that keep their memory separate.

    Arrays that share no memory in the traced function share none in the results either, although
    equal operations became one step and copies were omitted.
    """
    stops = frozenset(map(id, inputs))
    owners = {values[key]: key for key in stops}
    made: dict[int, Value] = {}

    def value_of(leaf: Any) -> Any:
        if not isinstance(leaf, Node):
            return leaf
        known = made.get(id(leaf))
        if known is None:
            base: Node | None = leaf
            while base is not None:
                owner = base
                base = None if id(owner) in stops else base_of(owner)
            known, key = values[id(leaf)], id(owner if owner._data is None else owner._data)
            if owners.setdefault(values[id(owner)], key) != key:
                original, known = known, Value(known.spec, known.constant)
                steps.append(Step(COPY, (original,), None, known, (original,)))
            made[id(leaf)] = known
        return known

    return rebuild(outputs, value_of)


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
