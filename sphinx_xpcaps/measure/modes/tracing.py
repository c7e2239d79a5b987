"""The mode ``trace``: the graph of a call, and the functions of the standard that it calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from core.autojit import autojit
from core.backends import Backend
from core.lazy import DataDependentError, Trace, data_dependent_errors, namespace
from core.typing import Namespace
from sphinx_xpcaps.cases.parameters import signature_of
from sphinx_xpcaps.cases.trees import leaves
from sphinx_xpcaps.results.labels import TRACE
from sphinx_xpcaps.results.model import Graph, GraphNode, NodeKind

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_MAX_NODES = 60
"""A graph with more nodes is not drawn."""


class Tracer:
    """Traces calls of functions, and keeps the trace of the last call.

    Parameters
    ----------
    backend : Backend
        The library of the arrays that are traced.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.data_dependent_error: DataDependentError | None = None
        """The first such error during tracing, also if the function caught it."""
        self._trace: Trace | None = None
        self._input_names: list[str] = []

    @property
    def namespace(self) -> Namespace:
        """The namespace of traced arrays, for functions that have it as an argument."""
        return namespace(self.backend.name)

    def trace_and_run(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that traces calls of `function` and runs their graphs."""
        traced: Any = self.backend.transform(TRACE, function)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._lower(traced, function, args, kwargs)
            return traced(*args, **kwargs)

        return call

    def trace_only(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that traces calls of `function`, and returns None."""
        traced: Any = autojit(function, backend="lazy")

        def call(*args: Any, **kwargs: Any) -> None:
            self._lower(traced, function, args, kwargs)

        return call

    def _lower(
        self,
        traced: Any,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        with data_dependent_errors() as errors:
            self._trace = traced.lower(*args, **kwargs)
        self.data_dependent_error = self.data_dependent_error or next(iter(errors), None)
        self._input_names = _names_of_arrays(function, args, kwargs, self.backend)

    def graph(self, call: str) -> Graph | None:
        """Return the graph of the last call, or None if no call with arrays was traced."""
        if self._trace is None or not self._trace.inputs:
            return None
        return graph_of(self._trace, self._input_names, call)


def graph_of(trace: Trace, names: list[str], call: str) -> Graph:
    """Return the graph of a trace for a record.

    Parameters
    ----------
    trace : Trace
        The trace of the call.
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
            for i, node in enumerate(nodes if len(nodes) <= _MAX_NODES else ())
        ),
    )


def absent(functions: tuple[str, ...], xp: Namespace) -> tuple[str, ...]:
    """Return those functions of the standard that the namespace `xp` does not have."""
    return tuple(name for name in functions if not _has(xp, name))


def _has(xp: Namespace, name: str) -> bool:
    found = xp
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None


def _names_of_arrays(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], backend: Backend
) -> list[str]:
    """Return for each array among the arguments the name of its parameter."""
    signature = signature_of(function)
    parameters = list(signature.parameters.values()) if signature else []
    positional = [each.name for each in parameters if each.kind in _POSITIONAL]
    variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "input")
    names = [*positional[: len(args)], *[variadic] * (len(args) - len(positional))]
    arguments = [*zip(names, args, strict=True), *kwargs.items()]
    return [name for name, value in arguments for _, leaf in leaves(value) if backend.owns(leaf)]
