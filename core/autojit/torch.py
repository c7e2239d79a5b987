"""The compiler for PyTorch: one function under ``torch.compile`` for each key of arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch

from core._private.torch import without_shared_versions
from core.autojit.compiled import CompiledFunction
from core.autojit.flattening import Flattener
from core.autojit.keys import Key
from core.autojit.type_codec import Leaves


def _is_array_type(cls: type) -> bool:
    return issubclass(cls, torch.Tensor)


_MAX_ARRAY_TYPES = 4096
"""How many combinations of types of arrays a version remembers."""


class _LockedVersion:
    """A compiled function that compiles in one thread at a time.

    Threads with the same new types of arrays at once would each compile a version, and so reach the
    limit that ``torch.compile`` sets for the number of versions of a function.
    """

    __slots__ = ("array_types", "compiled", "lock")

    def __init__(self, compiled: Callable[..., Any]) -> None:
        self.compiled = compiled
        self.array_types: set[Any] = set()
        """The types of arrays that it was compiled for."""
        self.lock = threading.RLock()

    def call(self, leaves: Leaves, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the function, holding the lock if it may have to be compiled."""
        array_types = tuple([_array_type(x) for x in leaves])
        if array_types in self.array_types:
            return self.compiled(*args, **kwargs)
        with self.lock:
            result = self.compiled(*args, **kwargs)
            if len(self.array_types) >= _MAX_ARRAY_TYPES:
                self.array_types.clear()
            self.array_types.add(array_types)
        return result


def _array_type(x: Any) -> Any:
    """Return the properties of a leaf for which ``torch.compile`` may compile a version."""
    if isinstance(x, torch.Tensor):
        return x.shape, x.dtype, x.device, x.requires_grad
    return type(x)


class TorchFunction(CompiledFunction):
    """A function under ``torch.compile``.

    ``torch.compile`` flattens arguments, and compares them with those of its versions, itself. A
    separate version for each key distinguishes what it does not, such as 0.0 and -0.0, and gives
    each key as many versions as the limit of one function.
    """

    traced_value = "a tensor"

    @classmethod
    def create_flattener(cls, *, scalars: bool) -> Flattener:
        """Return what flattens the arguments of calls."""
        return Flattener(torch.Tensor, _is_array_type, scalars=scalars)

    @staticmethod
    def is_traced() -> bool:
        """Return whether ``torch.compile`` is tracing the call of this."""
        return bool(torch.compiler.is_dynamo_compiling())

    def call(self, key: Key, leaves: Leaves, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the version for arguments whose key and leaves are known."""
        return self.version(key, args, kwargs).call(leaves, args, kwargs)

    def compile_version(self, key: Key) -> Any:
        """Return a compiled version that shares nothing with the others."""
        function = self.function

        def call_function(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return iter(list(result)) if isinstance(result, Iterator) else result

        separate = without_shared_versions(call_function, self.options.name)
        return _LockedVersion(torch.compile(separate, **(self.options.compile_options or {})))
