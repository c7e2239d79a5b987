"""The side of `core.lazy`: one compiled graph for each description of arguments and arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.autojit.cache import Key
from core.autojit.codec import Codec, settled
from core.autojit.compiled import Compiled, Options, described
from core.autojit.tokens import LEAF
from core.backends.registry import library_of
from core.lazy import Function, LazyArray, Trace, Variable, compute
from core.lazy.library import device_of
from core.lazy.spec import known_lengths
from core.lazy.tracing import explained_errors


def _is_array(cls: type) -> bool:
    return library_of(cls) != "" and not issubclass(cls, np.generic)


_OUTPUTS = Codec(LazyArray, _is_array, consume=True)


class _Version:
    """A function's graph for arrays of one library, and shapes and dtypes, compiled when called.

    Tokens describe what the function returns around the arrays that it computes; there are none
    where it returns one array.
    """

    __slots__ = ("run", "tokens", "trace")

    def __init__(self, trace: Trace, tokens: tuple[Any, ...]) -> None:
        self.trace = trace
        self.tokens = tokens
        self.run: Callable[..., Any] | None = None

    def __call__(self, *leaves: Any) -> Any:
        result = (self.run or self._compiled())(*leaves)
        return _OUTPUTS.read(iter(self.tokens), iter(result), []) if self.tokens else result

    def _compiled(self) -> Callable[..., Any]:
        trace = self.trace
        function = Function(list(trace.inputs), trace.outputs, blocked=True)
        self.run = function.bind(trace.inputs[0].backend)
        return self.run


class LazyFunction(Compiled):
    """A function that is traced by `core.lazy`, with everything but arrays static.

    A graph holds for the shapes and dtypes that it was traced for, so these are a part of the
    description of arguments.
    """

    def __init__(self, function: Callable[..., Any], options: Options) -> None:
        super().__init__(function, options, Codec(np.ndarray, _is_array), "an array")

    def run(
        self, key: Key, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call the version for arguments that were taken apart already."""
        if any(isinstance(x, LazyArray) for x in leaves):
            return self.function(*args, **kwargs)  # traced arrays are traced already
        if not leaves:  # it may be given a namespace, whose new arrays are traced
            made: list[Any] = []
            tokens: list[Any] = []
            _OUTPUTS.write((settled(self.function(*args, **kwargs)),), made, tokens, {})
            return _OUTPUTS.read(iter(tokens), iter(compute(made)), [])
        return self.version(_with_arrays(key, leaves), args, kwargs)(*leaves)

    def lower(self, *args: Any, **kwargs: Any) -> Trace:
        """Return the graph for these arguments, as a function of the arrays among them alone."""
        key, leaves = described(self.codec, args, kwargs)
        version: _Version = self.version(_with_arrays(key, leaves), args, kwargs)
        return version.trace

    def make(self, key: Key) -> _Version:
        """Trace the function and compile its graph."""
        *rest, arrays = key
        variables = [Variable(shape, *known) for shape, *known in arrays]
        stream, leaves, memo = iter(rest), iter(variables), list[Any]()
        count, names = next(stream), next(stream)
        args = [self.codec.read(stream, leaves, memo) for _ in range(count)]
        kwargs = {name: self.codec.read(stream, leaves, memo) for name in names}
        made: list[Any] = []
        tokens: list[Any] = []
        with explained_errors():
            result = settled(self.function(*args, **kwargs))
        _OUTPUTS.write((result,), made, tokens, {})
        outputs: Any = [LazyArray.from_data(one) for one in made]
        if tokens == [LEAF]:
            tokens, outputs = [], outputs[0]
        trace = Trace(self.options.name, (tuple(variables), {}), tuple(variables), outputs)
        return _Version(trace, tuple(tokens))


def _with_arrays(key: Key, leaves: list[Any]) -> Key:
    arrays = [(known_lengths(x.shape), library_of(type(x)), x.dtype, device_of(x)) for x in leaves]
    return (*key, tuple(arrays))
