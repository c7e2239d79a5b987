"""The compiler of `core.lazy`: one graph for each key of arguments, and each shape and dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.autojit.compiled import CompiledFunction
from core.autojit.flattening import Flattener, with_listed_items
from core.autojit.keys import LEAF, Key
from core.autojit.type_codec import Leaves
from core.backends.registry import library_of
from core.lazy import Function, LazyArray, Trace, Variable, compute
from core.lazy.in_place import forget_modifications
from core.lazy.library import device_of
from core.lazy.spec import known_lengths
from core.lazy.tracing import explained_errors


def _is_array_type(cls: type) -> bool:
    return library_of(cls) != "" and not issubclass(cls, np.generic)


_RESULTS = Flattener(LazyArray, _is_array_type, consume=True)


class _TracedVersion:
    """A graph for arrays of one library with certain shapes and dtypes, compiled when called.

    Parameters
    ----------
    trace : Trace
        The graph.
    entries : tuple
        How the result is rebuilt around the computed arrays; empty if it is one array.
    """

    __slots__ = ("entries", "run", "trace")

    def __init__(self, trace: Trace, entries: Key) -> None:
        self.trace = trace
        self.entries = entries
        self.run: Callable[..., Any] | None = None

    def __call__(self, *leaves: Any) -> Any:
        result = (self.run or self._compile())(*leaves)
        if not self.entries:
            return result
        return _RESULTS.unflatten(iter(self.entries), iter(result), [])

    def _compile(self) -> Callable[..., Any]:
        trace = self.trace
        function = Function(list(trace.inputs), trace.outputs, blocked=True)
        self.run = function.bind(trace.inputs[0].backend)
        return self.run


class LazyFunction(CompiledFunction):
    """A function that is traced by `core.lazy`, with everything but arrays static.

    A graph is valid for the shapes and dtypes that it was traced with, so these are part of the
    key.
    """

    traced_value = "an array"
    can_lower = True

    @classmethod
    def create_flattener(cls, *, scalars: bool) -> Flattener:
        """Return what flattens the arguments of calls."""
        return Flattener(np.ndarray, _is_array_type, scalars=scalars)

    def call(self, key: Key, leaves: Leaves, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the version for arguments whose key and leaves are known."""
        if any(isinstance(x, LazyArray) for x in leaves):
            return self.function(*args, **kwargs)  # it is being traced already
        if not leaves:  # an argument may be a namespace, whose new arrays are lazy
            result = with_listed_items(self.function(*args, **kwargs))
            entries, arrays = _RESULTS.flatten_result(result)
            return _RESULTS.unflatten(iter(entries), iter(compute(arrays)), [])
        return self.version(_with_array_types(key, leaves), args, kwargs)(*leaves)

    def lower(self, *args: Any, **kwargs: Any) -> Trace:
        """Return the graph for these arguments, as a function of the arrays among them alone."""
        key, leaves = self.flattener.flatten_arguments(args, kwargs)
        version: _TracedVersion = self.version(_with_array_types(key, leaves), args, kwargs)
        return version.trace

    def compile_version(self, key: Key) -> _TracedVersion:
        """Trace the function."""
        *rest, array_types = key
        variables = [Variable(shape, *known) for shape, *known in array_types]
        args, kwargs = self.flattener.unflatten_arguments(tuple(rest), variables)
        with explained_errors():
            result = with_listed_items(self.function(*args, **kwargs))
        entries, arrays = _RESULTS.flatten_result(result)
        outputs: Any = [LazyArray.from_data(x) for x in arrays]
        forget_modifications(variables)
        if entries == (LEAF,):
            entries, outputs = (), outputs[0]
        trace = Trace(self.options.name, (tuple(variables), {}), tuple(variables), outputs)
        return _TracedVersion(trace, entries)


def _with_array_types(key: Key, leaves: Leaves) -> Key:
    """Return the key with shape, library, dtype and device of each array."""
    types = [(known_lengths(x.shape), library_of(type(x)), x.dtype, device_of(x)) for x in leaves]
    return (*key, tuple(types))
