"""Trace a function: record its graph for arguments of given shapes, dtypes and library."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from core.lazy.arguments import bind_both, is_same, signature_of
from core.lazy.array import LazyArray, Variable
from core.lazy.display.statistics import flops, footprint, nbytes, stats
from core.lazy.display.text import (
    array_text,
    to_graphviz,
    to_mermaid,
    to_nx_digraph,
    tree_text,
)
from core.lazy.dtypes import dtype_of
from core.lazy.errors import DataDependentError
from core.lazy.execution.function import Function
from core.lazy.graph.node import Node, ascend, indexed
from core.lazy.graph.tree import leaves, pairs, rebuild
from core.lazy.in_place import AS_ARRAY, COPY, all_current, forget_modifications
from core.lazy.library import backend_of, device_of
from core.lazy.namespace import FUNCTIONS
from core.lazy.operation import ITEM, External
from core.lazy.spec import known_lengths
from core.lazy_apply.call import function_name


@dataclasses.dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Trace:
    """The graph of a function call, as returned by `core.trace`.

    Attributes
    ----------
    name : str
        The function's name.
    arguments : tuple
        The positional and keyword arguments of the call, with traced arrays in place of arrays.
    inputs : tuple of LazyArray
        The traced arrays among the arguments.
    outputs : object
        What the function returned: traced arrays, in the containers that it returned.
    signature : inspect.Signature or None
        The function's signature, which relates positional to keyword arguments.
    """

    name: str
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    inputs: tuple[LazyArray, ...]
    outputs: Any
    signature: inspect.Signature | None = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes that lead to the outputs, in topological order."""
        return tuple(ascend(self.outputs))

    @property
    def operations(self) -> dict[str, int]:
        """The number of nodes of each operation, the most frequent first."""
        computed = [
            node
            for node in self.nodes
            if not node.is_leaf and node._op not in (ITEM, COPY, AS_ARRAY)
        ]
        return dict(sorted(stats(computed, "count").items(), key=lambda one: (-one[1], one[0])))

    @property
    def functions(self) -> frozenset[str]:
        """The functions of the array API standard that are called, including operators.

        Indexing with brackets is ``"getitem"``.
        """
        ops = [node._op for node in self.nodes if not node.is_leaf]
        names = {op.name for op in ops if not isinstance(op, External)}
        return frozenset(name for name in names if name in FUNCTIONS or name == "getitem")

    @property
    def flops(self) -> int:
        """An estimate of the number of floating-point operations of a call."""
        return sum(map(flops, self.nodes))

    @property
    def peak_memory(self) -> int:
        """The greatest number of bytes of arrays that exist at the same time, with the inputs."""
        return max(footprint(self.outputs, size=nbytes))

    @property
    def unknown_sizes(self) -> tuple[LazyArray, ...]:
        """The arrays with a length that depends on values."""
        return tuple(
            node for node in self.nodes if isinstance(node, LazyArray) and None in node.shape
        )

    @property
    def function(self) -> Function:
        """The graph compiled to a function of the input arrays."""
        return Function(list(self.inputs), self.outputs)

    @property
    def source(self) -> str:
        """The graph as the source of a Python function."""
        return self.function.source

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the graph on arrays of any library, with the arguments of the function.

        Raises
        ------
        TypeError, ValueError
            The arguments differ from the trace in more than the values of arrays: in the shape of
            an array, the kind of its dtype, or another argument. The graph is that of the traced
            dtypes. It promotes other dtypes of the same kind as the library does.
        """
        traced, given = self.arguments, (args, kwargs)
        alike = len(traced[0]) == len(args) and traced[1].keys() == kwargs.keys()
        if not alike and self.signature is not None:
            traced, given = bind_both(self.signature, traced, given)
        arrays: dict[int, Any] = {}
        try:
            matched = list(pairs(traced, given))
        except ValueError:
            raise TypeError(f"{self.name} was traced with other arguments") from None
        for expected, argument in matched:
            if isinstance(expected, LazyArray):
                same = arrays.setdefault(id(expected), argument) is argument
                same = same and _has_kind_of(expected, argument)
            else:
                same = is_same(expected, argument)
            if not same:
                raise ValueError(
                    f"{self.name} was traced with {expected!r} and got {argument!r}: trace it again"
                )
        return self.function(*(arrays[id(x)] for x in self.inputs))

    def to_dict(self) -> dict[str, Any]:
        """Return the graph as plain data, which can be written as JSON.

        Returns
        -------
        dict
            With these keys:

            - ``name``: the function's name.
            - ``functions``: the names in `functions`, sorted.
            - ``operations``: the number of nodes of each operation, as in `operations`.
            - ``nodes``: a list of nodes in topological order. Each is a dict of ``name`` (of the
              operation, or the same as the kind), ``kind`` ("input", "constant" or "operation"),
              ``array`` (the shape and dtype as text) and ``operands`` (indices of nodes).
            - ``inputs``: for each input the index of its node, or None if it is not used.
            - ``outputs``: the indices of the outputs' nodes.

        Examples
        --------
        >>> import numpy as np
        >>> import core
        >>> graph = core.trace(lambda x: abs(x) + 1, np.zeros(3)).to_dict()
        >>> graph["functions"], graph["inputs"], graph["outputs"]
        (['abs', 'add'], [0], [2])
        >>> graph["nodes"][1]
        {'name': 'abs', 'kind': 'operation', 'array': '(3,) float64', 'operands': [0]}
        """
        index: dict[int, int] = {}
        inputs = {id(x) for x in self.inputs}
        nodes = []
        for i, (node, operands) in enumerate(indexed(self.outputs)):
            index[id(node)] = i
            name = kind = "constant" if node.is_leaf else "operation"
            if id(node) in inputs:
                name = kind = "input"
            elif not node.is_leaf:
                name = f"item {node.args[1]}" if node._op is ITEM else node.fn_name
            nodes.append(
                {"name": name, "kind": kind, "array": array_text(node), "operands": operands}
            )
        return {
            "name": self.name,
            "functions": sorted(self.functions),
            "operations": self.operations,
            "nodes": nodes,
            "inputs": [index.get(id(x)) for x in self.inputs],
            "outputs": [index[id(leaf)] for leaf in leaves(self.outputs) if id(leaf) in index],
        }

    def show(self, max_lines: int | None = 50) -> None:
        """Print the graph of each output as a tree."""
        for root in leaves(self.outputs):
            if isinstance(root, Node):
                print(tree_text(root, max_lines=max_lines))

    def to_nx_digraph(self) -> Any:
        """Return the graph as a ``networkx.DiGraph``; see `core.lazy.to_nx_digraph`."""
        return to_nx_digraph(self.outputs, list(self.inputs))

    def to_mermaid(self, direction: str = "TD") -> str:
        """Return the graph in the language of Mermaid; see `core.lazy.to_mermaid`."""
        return to_mermaid(self.outputs, direction)

    def to_graphviz(self, direction: str = "TB") -> str:
        """Return the graph in the language of Graphviz; see `core.lazy.to_graphviz`."""
        return to_graphviz(self.outputs, direction)

    def plot(self, **options: Any) -> Any:
        """Draw the graph; see `core.lazy.plot_graph`."""
        from core.lazy.display.plots import plot_graph

        return plot_graph(self.outputs, **options)

    def __repr__(self) -> str:
        count = sum(self.operations.values())
        return (
            f"<Trace of {self.name}: {count} operations, {self.flops} flops, "
            f"{self.peak_memory} bytes at most>"
        )


def _has_kind_of(expected: LazyArray, argument: Any) -> bool:
    """Return whether an argument has a dtype of the traced kind, on which a function may branch."""
    try:
        return dtype_of(argument).kind == expected.dtype.kind
    except TypeError:  # the standard does not have its dtype
        return True


def trace(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Trace:
    """Call a function with traced arrays in place of arrays, and return its graph.

    Parameters
    ----------
    func : callable
        It gets its functions from ``x.__array_namespace__()`` and uses no values of arrays.
    *args, **kwargs : object
        Arrays of any library, of which only the shape, dtype, device and library are used, also
        in tuples, lists and dicts; traced arrays; any other arguments are passed unchanged.

    Returns
    -------
    Trace

    Raises
    ------
    DataDependentError
        The function needs values. The error names the line and suggests an alternative.

    Examples
    --------
    >>> import numpy as np
    >>> import core
    >>> def distance(x, y):
    ...     xp = x.__array_namespace__()
    ...     return xp.sqrt(xp.sum((x - y) ** 2, axis=-1))
    >>> traced = core.trace(distance, np.zeros((5, 3)), np.ones(3))
    >>> traced
    <Trace of distance: 4 operations, 50 flops, 264 bytes at most>
    >>> traced.operations
    {'pow': 1, 'sqrt': 1, 'subtract': 1, 'sum': 1}
    >>> traced(np.zeros((5, 3)), np.ones(3)).shape
    (5,)
    """
    inputs: list[LazyArray] = []
    own: list[LazyArray] = []

    def to_variable(value: Any) -> Any:
        backend = backend_of(value)
        if isinstance(value, LazyArray):
            variable = value
        elif backend is None or isinstance(value, np.generic):
            return value
        else:
            lengths = known_lengths(value.shape)
            variable = Variable(lengths, backend, value.dtype, device_of(value))
            own.append(variable)
        inputs.append(variable)
        return variable

    arguments = rebuild((args, kwargs), to_variable)
    with explained_errors():
        outputs = all_current(_unpacked(func(*arguments[0], **arguments[1])))
    forget_modifications(own)
    name = getattr(func, "__qualname__", "").rpartition(".<locals>.")[2] or function_name(func)
    return Trace(name, arguments, tuple(inputs), outputs, signature_of(func))


def _unpacked(result: Any) -> Any:
    """Return a result with dicts in place of objects that hold arrays, and lists of iterators."""

    def unpack(leaf: Any) -> Any:
        if isinstance(leaf, Iterator):
            return [_unpacked(item) for item in leaf]
        if dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
            fields = dataclasses.fields(leaf)
            return {field.name: _unpacked(getattr(leaf, field.name)) for field in fields}
        held = getattr(leaf, "__dict__", None)
        if isinstance(held, dict) and any(isinstance(one, LazyArray) for one in leaves(held)):
            return {name: _unpacked(value) for name, value in held.items()}
        return leaf

    return rebuild(result, unpack)


@contextmanager
def explained_errors() -> Iterator[None]:
    """Replace errors of a traced function by errors that name what cannot be traced.

    An error that a `DataDependentError` led to is replaced by the latter: NumPy raises such an
    error if a value is assigned to an element of a NumPy array, and so do functions that check
    their arguments. An error about a missing attribute of a traced array names the function to use
    instead. It is not raised by the array itself, as `__getattr__` would slow all attributes down.
    """
    try:
        yield
    except DataDependentError:
        raise
    except Exception as error:
        cause = _data_dependent_cause(error)
        if cause is not None:
            cause.add_note(f"which led to {type(error).__name__}: {error}")
            raise cause from None
        if isinstance(error, AttributeError) and isinstance(error.obj, LazyArray) and error.name:
            raise _missing_attribute(error.obj, error.name) from None
        raise


def _data_dependent_cause(error: BaseException | None) -> DataDependentError | None:
    """Return the error that led to `error`, unless it was raised with ``from None``."""
    while error is not None and not isinstance(error, DataDependentError):
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error


def _missing_attribute(array: LazyArray, name: str) -> AttributeError:
    message = f"a traced array has no attribute {name!r}"
    if callable(getattr(array.__array_namespace__(), name, None)):
        message += f": write xp.{name}(x, ...) with xp = x.__array_namespace__()"
    return AttributeError(message, name=name, obj=array)
