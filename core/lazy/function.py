"""Graphs compiled to Python functions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from core.lazy.graph.node import Node
from core.lazy.graph.tree import leaves, pairs
from core.lazy.library import backend_of, convert, namespace_of
from core.lazy.program import Program, Ref, adapt_object, linearize, run_steps
from core.lazy.source import Source, write
from core.lazy.spec import known_lengths


class Function:
    """A Python function that computes a graph on concrete arrays of any library.

    Dead code is left out, equal operations are done once, what does not depend on the inputs is
    computed when the function first meets a library, and each intermediate result is freed after
    its last use. It can be pickled. So functions that came by `LazyArray.to` are taken to be pure.

    Parameters
    ----------
    inputs : LazyArray, or nested tuples, lists and dicts of these
        Nodes whose values are given to each call. They may be any nodes of the graph.
    outputs : LazyArray, or nested tuples, lists and dicts of these
    fold_constants : bool, optional
        Compute what does not depend on the inputs once, not in each call.
    blocked : bool, optional
        Run chains of elementwise operations on large NumPy arrays a block at a time; see
        `core.lazy.blocked`.

    Raises
    ------
    ValueError
        The outputs depend on a variable that is not among the inputs; or, when called, an array
        has another shape than what was traced.

    Notes
    -----
    The dtypes of the arrays in a call may differ from those that were traced; the operations then
    promote as the library does. A result that is one of the arrays is that array itself, also where
    a copy of it was asked for. `function` has the bare Python function, one parameter per array,
    for loops where the checks of shape and library would count.

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

    __slots__ = (
        "__weakref__",
        "_bound",
        "_code",
        "_count",
        "_shapes",
        "_source",
        "_tree",
        "fold",
        "program",
    )

    def __init__(
        self, inputs: Any, outputs: Any, fold_constants: bool = True, blocked: bool = False
    ) -> None:
        nodes = [one for one in leaves(inputs) if isinstance(one, Node)]
        program = linearize(nodes, outputs)
        if blocked:
            from core.lazy.blocked import block

            program = block(program)
        self._set(program, fold_constants, _skeleton(inputs))

    def _set(self, program: Program, fold: bool, tree: Any) -> None:
        self.program, self.fold, self._tree = program, fold, tree
        self._shapes = [program.specs[ref].shape for ref in program.inputs]
        self._count = len(program.inputs)
        self._source: Source = write(program, fold)
        self._code: Any = None
        self._bound: dict[Any, Callable[..., Any]] = {}

    @property
    def source(self) -> str:
        """The source of the function."""
        return self._source.text

    def print_source(self) -> None:
        """Print the source of the function."""
        print(self.source, end="")

    @property
    def function(self) -> Callable[..., Any]:
        """The bare function for the library that was traced, with one parameter per array."""
        return self.bind(self.program.backend)

    def __call__(self, *args: Any) -> Any:
        if len(args) != self._count or (args and type(args[0]) in (tuple, list, dict)):
            args = self._flatten(args)
        run = self._bound.get(type(args[0]) if args else None) or self._meet(args)
        for array, shape in zip(args, self._shapes):  # noqa: B905 : strict=True takes longer
            if array.shape != shape:
                self._check_shape(array, shape)
        return run(*args)

    def _flatten(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arrays of a call in the order of the inputs' leaves."""
        if self._tree is not None:
            for given in (*args[:1], args):
                as_traced = (
                    list(given)
                    if isinstance(self._tree, list) and isinstance(given, tuple)
                    else given
                )
                with contextlib.suppress(ValueError):
                    return tuple(one for _, one in pairs(self._tree, as_traced))
        flat = tuple(leaves(args))
        if len(flat) != self._count:
            raise TypeError(f"the function takes {self._count} arrays, but got {len(flat)}")
        return flat

    def _meet(self, args: tuple[Any, ...]) -> Callable[..., Any]:
        """Return the function for the library of a call's arrays, seen for the first time."""
        backend: str | None = self.program.backend
        example = None
        for one in args:
            found = backend_of(one)
            if found is None:
                raise TypeError(f"{type(one).__name__} is not an array of a known library")
            if example is None:
                backend, example = found, one
        run = self.bind(backend, example)
        if self._count:
            self._bound[type(args[0])] = run
        return run

    @staticmethod
    def _check_shape(array: Any, shape: tuple[int | None, ...]) -> None:
        given = known_lengths(array.shape)
        fits = len(given) == len(shape) and all(
            None in (m, n) or m == n for m, n in zip(given, shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"the function was traced for an array of shape {shape} and got one of {given}: "
                "trace it again for that shape"
            )

    def bind(self, backend: str | None, example: Any = None) -> Callable[..., Any]:
        """Return the bare function for arrays of one library.

        Parameters
        ----------
        backend : str or None
            The library's name, such as ``"torch"``; None for NumPy.
        example : array, optional
            One of the library's arrays, for a library that is not known by name.

        Returns
        -------
        function
            It takes one array per input and checks nothing.
        """
        key = ("backend", backend)
        if key not in self._bound or example is not None:
            self._bound[key] = self._build(self._source, backend, example)
        return self._bound[key]

    def _build(self, source: Source, backend: str | None, example: Any) -> Callable[..., Any]:
        names = bindings(self.program, source, backend, example)
        code = self._code
        if source is not self._source or code is None:
            code = compile(source.text, "<core.lazy function>", "exec")
            if source is self._source:
                self._code = code
        exec(code, names)
        return names["function"]  # type: ignore[no-any-return]

    def of_sequence(self) -> Callable[[Any], Any]:
        """Return the bare function with one parameter, the sequence of the input arrays."""
        source = write(self.program, self.fold, nested="arrays")
        return self._build(source, self.program.backend, None)

    def __getstate__(self) -> Any:
        return self.program, self.fold, self._tree

    def __setstate__(self, state: Any) -> None:
        self._set(*state)

    def __repr__(self) -> str:
        steps = len(self.program.steps)
        return f"<Function of {self._count} arrays, {steps} operations>"


def bindings(
    program: Program, source: Source, backend: str | None, example: Any = None
) -> dict[str, Any]:
    """Return the global names of a source for arrays of one library."""
    xp = namespace_of(backend, example)
    native = program.backend in (None, backend) or backend is None
    names: dict[str, Any] = {}  # without `__name__`: `torch.compile` would import such a module
    for name, op in source.functions.items():
        names[name] = op.function(xp)
    for name, value in source.objects.items():
        names[name] = adapt_object(value, xp)
    if source.constants:
        wanted = set(source.constants.values())
        values = constant_values(program, wanted, xp, backend, native)
        for name, ref in source.constants.items():
            names[name] = values[ref]
    return names


def constant_values(
    program: Program, wanted: set[Ref], xp: Any, backend: str | None, native: bool
) -> dict[int, Any]:
    """Return the values of the constants of a program in one library."""
    values: dict[int, Any] = {
        ref: convert(data, backend, xp) for ref, data in program.constants.items()
    }
    with _now(backend):
        run_steps([one for one in program.steps if one.constant], xp, values, native, wanted)
    return values


def _now(backend: str | None) -> Any:
    """Compute at once, also while JAX traces a function that calls this one."""
    if backend == "jax":
        import jax

        return jax.ensure_compile_time_eval()
    return contextlib.nullcontext()


def _skeleton(tree: Any) -> Any:
    """Return the containers of the inputs, or None for a single array."""
    from core.lazy.graph.tree import rebuild

    return None if isinstance(tree, Node) else rebuild(tree, lambda _: 0)


def get_function(variables: Any, lz: Any, fold_constants: bool = True) -> Callable[[Any], Any]:
    """Return a bare Python function that computes `lz` from a sequence of arrays.

    Parameters
    ----------
    variables : sequence of LazyArray
    lz : LazyArray, or nested tuples, lists and dicts of these
    fold_constants : bool, optional

    Returns
    -------
    function
        It has one parameter, the sequence of arrays in the place of `variables`, is for the
        library that was traced, and checks nothing; see `Function` for one that does.
    """
    return Function(list(leaves(variables)), lz, fold_constants).of_sequence()


def get_source(lz: Any, params: dict[str, Any] | None = None) -> str:
    """Return a graph as the source of a function of its variables.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    params : dict, optional
        Is filled with the global names that the source needs, so that ``exec(source, params)``
        defines ``params["function"]``.

    Returns
    -------
    str
    """
    from core.lazy.graph.node import ascend
    from core.lazy.operation import VARIABLE

    variables = [node for node in ascend(lz) if node._op is VARIABLE and node._data is None]
    program = linearize(variables, lz)
    source = write(program)
    if params is not None:
        params.update(bindings(program, source, program.backend))
    return source.text
