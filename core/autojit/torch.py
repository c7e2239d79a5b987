"""The PyTorch side: one compiled function for each description of the static arguments."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

import torch

from core.autojit.cache import Key
from core.autojit.codec import Codec
from core.autojit.compiled import Compiled, Options


def _is_array(cls: type) -> bool:
    return issubclass(cls, torch.Tensor)


class TorchFunction(Compiled):
    """A function under ``torch.compile``.

    The compiler takes arguments apart, and watches them, by itself. That each description of the
    static ones has a version of its own makes it tell apart what it would not, such as 0.0 and
    -0.0, and gives each description as many versions as the compiler allows a function.
    """

    def __init__(self, function: Callable[..., Any], options: Options) -> None:
        codec = Codec(torch.Tensor, _is_array, scalars=options.dynamic_scalars)
        super().__init__(function, options, codec, "pass dynamic_scalars=True or a tensor")

    def run(
        self, key: Key, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call the version for arguments that were taken apart already."""
        return self.version(key, args, kwargs)(*args, **kwargs)

    def make(self, key: Key) -> Any:
        """Return a compiled version that shares nothing with the others."""
        function = self.function

        def run(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return iter(list(result)) if isinstance(result, Iterator) else result

        # The compiler keeps its versions by code object: a new one is a new function to it.
        own = types.FunctionType(
            run.__code__.replace(), run.__globals__, self.options.name, None, run.__closure__
        )
        return torch.compile(own, **(self.options.compile_options or {}))
