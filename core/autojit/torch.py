"""The PyTorch side: one compiled function for each description of the static arguments."""

from __future__ import annotations

import itertools
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch

from core.autojit.cache import Key
from core.autojit.codec import Codec
from core.autojit.compiled import Compiled, Options


def _is_array(cls: type) -> bool:
    return issubclass(cls, torch.Tensor)


_count = itertools.count()

_FORMS = 4096
"""How many forms of tensors a version remembers."""


class Version:
    """A compiled function that compiles in one thread at a time.

    Threads that come with the same new tensors at once would each compile for them, and so use up
    the number of times that the compiler allows one function.
    """

    __slots__ = ("compiled", "forms", "lock")

    def __init__(self, compiled: Callable[..., Any]) -> None:
        self.compiled = compiled
        self.forms: set[Any] = set()
        self.lock = threading.RLock()

    def run(self, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the function, alone if it may have to be compiled."""
        form = tuple([_form(x) for x in leaves])
        if form in self.forms:
            return self.compiled(*args, **kwargs)
        with self.lock:
            result = self.compiled(*args, **kwargs)
            if len(self.forms) >= _FORMS:
                self.forms.clear()
            self.forms.add(form)
        return result


def _form(x: Any) -> Any:
    """Return what of a leaf the compiler may compile for."""
    if isinstance(x, torch.Tensor):
        return x.shape, x.dtype, x.device, x.requires_grad
    return type(x)


class TorchFunction(Compiled):
    """A function under ``torch.compile``.

    The compiler takes arguments apart, and watches them, by itself. That each description of the
    static ones has a version of its own makes it tell apart what it would not, such as 0.0 and
    -0.0, and gives each description as many versions as the compiler allows a function.
    """

    def __init__(self, function: Callable[..., Any], options: Options) -> None:
        codec = Codec(torch.Tensor, _is_array, scalars=options.dynamic_scalars)
        super().__init__(function, options, codec, "a tensor")

    def run(
        self, key: Key, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call the version for arguments that were taken apart already."""
        return self.version(key, args, kwargs).run(leaves, args, kwargs)

    def make(self, key: Key) -> Any:
        """Return a compiled version that shares nothing with the others."""
        function = self.function

        def run(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return iter(list(result)) if isinstance(result, Iterator) else result

        # The compiler keeps its versions by code object, and what it has seen of numbers that
        # change by the name of one: a new code object of its own name is a new function to it.
        name = f"{self.options.name}_{next(_count)}"
        code = run.__code__.replace(co_name=name)
        own = types.FunctionType(code, run.__globals__, name, None, run.__closure__)
        return Version(torch.compile(own, **(self.options.compile_options or {})))
