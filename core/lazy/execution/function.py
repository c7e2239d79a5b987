"""Graphs compiled to Python functions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from core.lazy.execution.blocked import block
from core.lazy.execution.compilation import build, global_names
from core.lazy.execution.program import Program, linearize
from core.lazy.execution.source import write, write_step
from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import leaves, pairs, rebuild
from core.lazy.in_place import all_current
from core.lazy.library import backend_of, namespace_of
from core.lazy.operation import VARIABLE
from core.lazy.spec import Shape, known_lengths
from core.typing import Array


class Function:
    """A Python function that computes a graph on concrete arrays of any library.

    Unused operations are omitted, equal operations are done once, what does not depend on the
    inputs is computed on the first call with arrays of a library, and each intermediate result is
    freed after its last use. Functions added by `LazyArray.to` are therefore assumed to be pure.
    A `Function` can be pickled.

    Parameters
    ----------
    inputs : LazyArray, or nested tuples, lists and dicts of these
        Nodes whose values are the arguments of each call. They may be any nodes of the graph.
    outputs : LazyArray, or nested tuples, lists and dicts of these
    fold_constants : bool, optional
        Compute what does not depend on the inputs once instead of in each call.
    blocked : bool, optional
        Run chains of elementwise operations on large NumPy arrays block by block, which gives the
        same bits and needs less memory traffic.

    Raises
    ------
    ValueError
        The outputs depend on a variable that is not among the inputs; or, in a call, the shape of
        an array differs from the trace.

    Notes
    -----
    The dtypes of the arrays in a call may differ from the trace; the operations then promote as
    the library does. A result that is one of the arguments is that very array. The arguments are
    never modified, even if the traced function modified them in place. `function` is the plain
    Python function with one parameter per array, for loops in which checking shapes and libraries
    takes too long.

    Examples
    --------
    >>> import numpy as np
    >>> from core import lazy
    >>> x, y = lazy.Variable((3,)), lazy.Variable((3,))
    >>> f = lazy.Function([x, y], lazy.exp(x) * y + 1)
    >>> f.print_source()
    def function(x0, x1):
        y0 = (exp(x0) * x1) + 1
        return y0
    >>> f([np.zeros(3), np.ones(3)])
    array([2., 2., 2.])
    """

    __slots__ = ("__weakref__", "_bound", "_count", "_shapes", "_tree", "fold", "program")

    def __init__(
        self, inputs: Any, outputs: Any, fold_constants: bool = True, blocked: bool = False
    ) -> None:
        nodes = [leaf for leaf in leaves(inputs) if isinstance(leaf, Node)]
        program = linearize(nodes, all_current(outputs))
        tree = None if isinstance(inputs, Node) else rebuild(inputs, lambda _: 0)
        self.__setstate__((block(program) if blocked else program, fold_constants, tree))

    def __getstate__(self) -> tuple[Program, bool, Any]:
        return self.program, self.fold, self._tree

    def __setstate__(self, state: tuple[Program, bool, Any]) -> None:
        self.program, self.fold, self._tree = state
        self._shapes = [value.spec.shape for value in self.program.inputs]
        self._count = len(self._shapes)
        self._bound: dict[Any, Callable[..., Any]] = {}

    @property
    def source(self) -> str:
        """The source of the function."""
        return write(self.program, self.fold).text

    def print_source(self) -> None:
        """Print the source of the function."""
        print(self.source, end="")

    @property
    def function(self) -> Callable[..., Any]:
        """The plain function for the library of the trace, with one parameter per array."""
        return self.bind(self.program.backend)

    def __call__(self, *args: Any) -> Any:
        if len(args) != self._count or (args and type(args[0]) in (tuple, list, dict)):
            args = self._flatten(args)
        run = self._bound.get(type(args[0]) if args else None) or self._bind_to_library_of(args)
        for array, shape in zip(args, self._shapes):  # noqa: B905 : strict=True takes longer
            if array.shape != shape:
                _check_shape(array, shape)
        return run(*args)

    def _flatten(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arrays of a call in the order of the inputs' leaves."""
        if self._tree is not None:
            for given in (*args[:1], args):
                listed = isinstance(self._tree, list) and isinstance(given, tuple)
                with contextlib.suppress(ValueError):
                    found = pairs(self._tree, list(given) if listed else given)
                    return tuple(array for _, array in found)
        flat = tuple(leaves(args))
        if len(flat) != self._count:
            raise TypeError(f"the function takes {self._count} arrays, but got {len(flat)}")
        return flat

    def _bind_to_library_of(self, args: tuple[Any, ...]) -> Callable[..., Any]:
        """Return the plain function for the library of a call's arrays."""
        libraries = [backend_of(arg) for arg in args]
        for arg, library in zip(args, libraries, strict=True):
            if library is None:
                raise TypeError(f"{type(arg).__name__} is not an array of a known library")
        if not args:
            return self.bind(self.program.backend)
        run = self._bound[type(args[0])] = self.bind(libraries[0], args[0])
        return run

    def bind(self, backend: str | None, example: Array = None) -> Callable[..., Any]:
        """Return the plain function for arrays of one library.

        Parameters
        ----------
        backend : str or None
            The name of the library, such as ``"torch"``; None means NumPy.
        example : array, optional
            An array of the library, for a library without an adapter.

        Returns
        -------
        function
            It has one parameter per input and checks nothing.
        """
        key = ("backend", backend)
        if key not in self._bound or example is not None:
            xp = namespace_of(backend, example)
            self._bound[key] = build(self.program, backend, xp, fold=self.fold)
        return self._bound[key]

    def __repr__(self) -> str:
        return f"<Function of {self._count} arrays, {len(self.program.steps)} operations>"


def _check_shape(array: Array, shape: Shape) -> None:
    given = known_lengths(array.shape)
    fits = len(given) == len(shape) and all(
        None in (m, n) or m == n for m, n in zip(given, shape, strict=True)
    )
    if not fits:
        raise ValueError(
            f"the function was traced for an array of shape {shape} and got one of {given}: "
            "trace it again for that shape"
        )


class UncheckedFunction(Function):
    """A function of arrays of the library of the trace, which checks nothing."""

    __slots__ = ()

    def __call__(self, *arrays: Any) -> Any:
        if len(arrays) == 1 and isinstance(arrays[0], tuple | list):
            arrays = tuple(arrays[0])
        return self.function(*arrays)


def get_function(variables: Any, lz: Any, fold_constants: bool = True) -> UncheckedFunction:
    """Return a function that computes `lz` from arrays.

    Parameters
    ----------
    variables : sequence of LazyArray
    lz : LazyArray, or nested tuples, lists and dicts of these
    fold_constants : bool, optional

    Returns
    -------
    callable
        Its arguments are the arrays to use for `variables`, or one sequence of them. It is for
        arrays of the library of the trace and checks nothing; `Function` does.

    Examples
    --------
    >>> import numpy as np
    >>> from core import lazy
    >>> x, y = lazy.Variable((2,)), lazy.Variable((2,))
    >>> f = lazy.get_function([x, y], x * y)
    >>> f(np.ones(2), np.ones(2)), f([np.ones(2), np.ones(2)])
    (array([1., 1.]), array([1., 1.]))
    """
    return UncheckedFunction(list(leaves(variables)), lz, fold_constants)


def as_string(node: Node, params: dict[str, Any]) -> str:
    """Return an assignment that computes one node, with variables named ``x{id(node)}``.

    The other global names that it needs are added to `params`.
    """
    node = all_current(node)
    operands = node.deps
    program = linearize(operands, node)
    names = {value: f"x{id(one)}" for value, one in zip(program.inputs, operands, strict=True)}
    source = write_step(program, names)
    params.update(global_names(program, source, node.backend, namespace_of(node.backend)))
    return f"x{id(node)} = {source.text}"


def get_source(lz: Any, params: dict[str, Any] | None = None) -> str:
    """Return a graph as the source of a function of its variables.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    params : dict, optional
        The global names that the source needs are added to it, so that ``exec(source, params)``
        defines ``params["function"]``.

    Returns
    -------
    str
    """
    lz = all_current(lz)
    variables = [node for node in ascend(lz) if node._op is VARIABLE and node._data is None]
    program = linearize(variables, lz)
    source = write(program)
    if params is not None:
        names = global_names(program, source, program.backend, namespace_of(program.backend))
        params.update(names)
    return source.text
