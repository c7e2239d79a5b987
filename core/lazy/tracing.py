"""Tracing a function: its graph for arguments of given shapes, dtypes and backend."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from core.lazy.arguments import by_name, is_same, signature_of
from core.lazy.array import LazyArray, Variable
from core.lazy.cost import flops
from core.lazy.errors import DataDependentError
from core.lazy.execution.function import Function
from core.lazy.export import to_graphviz, to_mermaid, to_nx_digraph
from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import leaves, pairs, rebuild
from core.lazy.history import bytes_of, footprint, stats
from core.lazy.library import backend_of, device_of
from core.lazy.namespace import FUNCTIONS
from core.lazy.operation import ITEM, External
from core.lazy.show import tree_text
from core.lazy.spec import known_lengths
from core.lazy_apply.call import function_name


@dataclasses.dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Trace:
    """The graph of a function's call; `core.trace` makes it.

    Attributes
    ----------
    name : str
        The function's name.
    arguments : tuple
        The call's arguments and keyword arguments, with traced arrays in the place of arrays.
    inputs : tuple of LazyArray
        The traced arrays among the arguments.
    outputs : object
        What the function returned: traced arrays, in containers as it returned them.
    signature : inspect.Signature or None
        The function's, by which arguments may be given in another way than when it was traced.
    """

    name: str
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    inputs: tuple[LazyArray, ...]
    outputs: Any
    signature: inspect.Signature | None = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes that lead to the outputs, operands first."""
        return tuple(ascend(self.outputs))

    @property
    def operations(self) -> dict[str, int]:
        """How many nodes of each operation there are, the most frequent first."""
        computed = [node for node in self.nodes if not node.is_leaf and node._op is not ITEM]
        return dict(sorted(stats(computed, "count").items(), key=lambda one: (-one[1], one[0])))

    @property
    def functions(self) -> frozenset[str]:
        """The functions of the array API standard that are needed, operators among them.

        Indexing by brackets is ``"getitem"``.
        """
        return frozenset(
            node.fn_name
            for node in self.nodes
            if not node.is_leaf
            and not isinstance(node._op, External)
            and (node.fn_name in FUNCTIONS or node.fn_name == "getitem")
        )

    @property
    def flops(self) -> int:
        """About how many floating-point operations a call takes."""
        return sum(map(flops, self.nodes))

    @property
    def peak_memory(self) -> int:
        """The greatest number of bytes of arrays that exist at one time, with inputs in use."""
        return max(footprint(self.outputs, size=bytes_of))

    @property
    def unknown_sizes(self) -> tuple[LazyArray, ...]:
        """The arrays of which a length depends on values."""
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
        """Run the graph on arrays of any library, given as to the function itself.

        Raises
        ------
        TypeError, ValueError
            The arguments are not those that were traced, but for the values of arrays.
        """
        traced, given = self.arguments, (args, kwargs)
        alike = len(traced[0]) == len(args) and traced[1].keys() == kwargs.keys()
        if not alike and self.signature is not None:
            traced, given = by_name(self.signature, traced, given)
        found: dict[int, Any] = {}
        try:
            matched = list(pairs(traced, given))
        except ValueError:
            raise TypeError(f"{self.name} was traced with other arguments") from None
        for place, one in matched:
            same = one
            if isinstance(place, LazyArray):
                same = found.setdefault(id(place), one)
            elif not is_same(place, one):
                same = place
            if same is not one:
                raise ValueError(
                    f"{self.name} was traced with {place!r} and got {one!r}: trace it again"
                )
        return self.function(*(found[id(x)] for x in self.inputs))

    def show(self, max_lines: int | None = 50) -> None:
        """Print each output's graph as a tree."""
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
        from core.lazy.plot import plot_graph

        return plot_graph(self.outputs, **options)

    def __repr__(self) -> str:
        count = sum(self.operations.values())
        return (
            f"<Trace of {self.name}: {count} operations, {self.flops} flops, "
            f"{self.peak_memory} bytes at most>"
        )


def trace(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Trace:
    """Call a function with traced arrays in the place of arrays, and return its graph.

    Parameters
    ----------
    func : callable
        It takes its functions from ``x.__array_namespace__()`` and never asks for values.
    *args, **kwargs : object
        Arrays of any library, of which only shapes, dtypes, device and library count, also inside
        tuples, lists and dicts; traced arrays; anything else is passed as it is.

    Returns
    -------
    Trace

    Raises
    ------
    DataDependentError
        The function asked for values. The error names the line and what to write instead.

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

    def variable(value: Any) -> Any:
        if isinstance(value, LazyArray):
            traced = value
        elif not _is_array(value):
            return value
        else:
            backend = backend_of(value)
            traced = Variable(known_lengths(value.shape), backend, value.dtype, device_of(value))
        inputs.append(traced)
        return traced

    arguments = rebuild((args, kwargs), variable)
    with explained_errors():
        outputs = _opened(func(*arguments[0], **arguments[1]))
    name = getattr(func, "__qualname__", "").rpartition(".<locals>.")[2] or function_name(func)
    return Trace(name, arguments, tuple(inputs), outputs, signature_of(func))


def _is_array(value: Any) -> bool:
    import numpy as np

    return backend_of(value) is not None and not isinstance(value, np.generic)


def _opened(result: Any) -> Any:
    """Return a result with the arrays in objects visible, as dicts, and those in iterators."""

    def change(leaf: Any) -> Any:
        if isinstance(leaf, Iterator):
            return [_opened(one) for one in leaf]
        if dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
            fields = dataclasses.fields(leaf)
            return {field.name: _opened(getattr(leaf, field.name)) for field in fields}
        held = getattr(leaf, "__dict__", None)
        if isinstance(held, dict) and any(isinstance(one, LazyArray) for one in leaves(held)):
            return {name: _opened(one) for name, one in held.items()}
        return leaf

    return rebuild(result, change)


@contextmanager
def explained_errors() -> Iterator[None]:
    """Replace errors of a traced function by errors that name what cannot be traced.

    An error that a `DataDependentError` led to is replaced by the latter: NumPy raises such an
    error if a value is assigned to an element of its own array, and so do functions that check
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
