"""Traces a call: what it does, and which functions of the array API standard it needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from core.autojit import autojit
from core.backends import Backend
from core.lazy import DataDependentError, Trace, data_dependent_errors, namespace
from core.lazy.graph.node import Node
from core.lazy.graph.tree import leaves as outputs_of
from core.lazy.operation import ITEM
from core.lazy.show import described
from sphinx_xpcaps.cases.parameters import signature_of
from sphinx_xpcaps.cases.trees import leaves
from sphinx_xpcaps.results.model import Graph, GraphNode, NodeKind

TRACE = "trace"
"""The mode in which a call is traced and its graph run."""

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_MOST_NODES = 60
"""A graph with more is too large to be looked at."""


class Tracer:
    """Calls a function through its graph, and keeps this.

    Parameters
    ----------
    backend : Backend
        Whose arrays are traced.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.trace: Trace | None = None
        self.names: list[str] = []
        self.refused: DataDependentError | None = None
        """What the function asked for first and went on without, having caught the refusal."""

    @property
    def namespace(self) -> Any:
        """The namespace of traced arrays, for a call that is given one."""
        return namespace(self.backend.name)

    def through(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return what traces the function and runs the graph."""
        return self._tracing(function, run=True)

    def only(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return what traces the function and runs nothing."""
        return self._tracing(function, run=False)

    def graph(self, call: str) -> Graph | None:
        """Return the graph of the last call, or None if there was none with arrays."""
        if self.trace is None or not self.trace.inputs:
            return None
        return graph_of(self.trace, self.names, call)

    def _tracing(self, function: Callable[..., Any], *, run: bool) -> Callable[..., Any]:
        if run:
            traced: Any = self.backend.transform(TRACE, function)
        else:
            traced = autojit(function, backend="lazy")

        def call(*args: Any, **kwargs: Any) -> Any:
            with data_dependent_errors() as found:
                self.trace = traced.lower(*args, **kwargs)
            self.refused = self.refused or next(iter(found), None)
            self.names = _input_names(function, args, kwargs, self.backend)
            return traced(*args, **kwargs) if run else None

        return call


def graph_of(trace: Trace, names: list[str], call: str) -> Graph:
    """Return the graph of a trace as plain data.

    Parameters
    ----------
    trace : Trace
    names : list of str
        What to call the inputs, where as many are known as there are.
    call : str
        What was traced, as a reader knows it.
    """
    found = trace.nodes
    inputs = {id(node): name for node, name in zip(trace.inputs, names, strict=False)}
    if len(names) != len(trace.inputs):
        inputs = {id(node): "input" for node in trace.inputs}
    number = {id(node): i for i, node in enumerate(found)}
    results = {id(node) for node in outputs_of(trace.outputs)}
    nodes = tuple(
        GraphNode(
            name=inputs.get(id(node)) or _name(node),
            kind=_kind(node, inputs),
            array=described(node),
            operands=tuple(number[id(dep)] for dep in node.deps),
            output=id(node) in results,
        )
        for node in (found if len(found) <= _MOST_NODES else ())
    )
    return Graph(
        call=call,
        functions=tuple(sorted(trace.functions - {"getitem"})),
        operations=sum(trace.operations.values()),
        nodes=nodes,
    )


def lacking(functions: tuple[str, ...], xp: Any) -> tuple[str, ...]:
    """Return those functions of the standard that the namespace `xp` does not have."""
    return tuple(name for name in functions if not _has(xp, name))


def _has(xp: Any, name: str) -> bool:
    found = xp
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None


def _name(node: Node) -> str:
    if node.is_leaf:
        return "constant"
    return f"item {node.args[1]}" if node._op is ITEM else node.fn_name


def _kind(node: Node, inputs: Mapping[int, str]) -> NodeKind:
    if id(node) in inputs:
        return NodeKind.INPUT
    return NodeKind.CONSTANT if node.is_leaf else NodeKind.OPERATION


def _input_names(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], backend: Backend
) -> list[str]:
    """Return for each array the name of the argument that it is, or is within."""
    signature = signature_of(function)
    known = list(signature.parameters.values()) if signature else []
    plain = [one.name for one in known if one.kind in _BY_POSITION]
    rest = next((one.name for one in known if one.kind is one.VAR_POSITIONAL), "input")
    names = [*plain[: len(args)], *[rest] * (len(args) - len(plain))]
    given = [*zip(names, args, strict=True), *kwargs.items()]
    return [name for name, value in given for _, leaf in leaves(value) if backend.owns(leaf)]
