"""Traces a call: what it does, and which functions of the array API standard it needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from core.autojit import autojit
from core.backends import Backend
from core.lazy import DataDependentError, Trace, data_dependent_errors, namespace
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
    """Return the graph of a trace for a record.

    Parameters
    ----------
    trace : Trace
    names : list of str
        The names of the inputs; ignored unless there is one for each input.
    call : str
        The call as shown to a reader.
    """
    graph = trace.to_dict()
    nodes = graph["nodes"]
    complete = len(names) == len(graph["inputs"])
    known = dict(zip(graph["inputs"], names, strict=True)) if complete else {}
    return Graph(
        call=call,
        functions=tuple(name for name in graph["functions"] if name != "getitem"),
        operations=sum(graph["operations"].values()),
        nodes=tuple(
            GraphNode(
                name=known.get(i) or node["name"],
                kind=NodeKind(node["kind"]),
                array=node["array"],
                operands=tuple(node["operands"]),
                output=i in graph["outputs"],
            )
            for i, node in enumerate(nodes if len(nodes) <= _MOST_NODES else ())
        ),
    )


def lacking(functions: tuple[str, ...], xp: Any) -> tuple[str, ...]:
    """Return those functions of the standard that the namespace `xp` does not have."""
    return tuple(name for name in functions if not _has(xp, name))


def _has(xp: Any, name: str) -> bool:
    found = xp
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None


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
