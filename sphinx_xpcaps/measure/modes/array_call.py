"""A call as a function of the arrays among its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.backends import Backend
from core.typing import Array
from sphinx_xpcaps.cases.trees import leaves, rebuild, result_leaves


class InapplicableError(Exception):
    """A mode cannot be judged by a call; the message is the reason."""


class WrongResultError(Exception):
    """A function returns a wrong result in a mode; the message describes it."""


class ArrayCall:
    """A call whose arrays can be replaced.

    Parameters
    ----------
    function : callable
        The function.
    args, kwargs : tuple, dict
        Its arguments, with arrays at any depth.
    backend : Backend
        The library of the arrays.
    replaceable : callable
        Returns whether arrays of a dtype, given by name, are replaced.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        backend: Backend,
        replaceable: Callable[[str], bool],
    ) -> None:
        self._function = function
        self._arguments = (args, kwargs)
        self._backend = backend
        found = {
            path: leaf
            for path, leaf in leaves(self._arguments)
            if backend.owns(leaf) and replaceable(backend.dtype_name(leaf))
        }
        self._paths = list(found)
        self.arrays = list(found.values())
        """The replaceable arrays, which must not be written to."""

    def result(self, arrays: Sequence[Array]) -> Any:
        """Return the result with other arrays."""
        replaced = dict(zip(self._paths, arrays, strict=True))
        args, kwargs = rebuild(self._arguments, replaced.get)
        return self._function(*args, **kwargs)

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """Return the arrays in the result with other arrays."""
        found = result_leaves(self.result(arrays), self._backend.owns)
        return [leaf for _, leaf in found if self._backend.owns(leaf)]
