"""A call as a function of the arrays among its arguments, to be called again with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.backends import Backend
from sphinx_xpcaps.cases.trees import leaves, rebuild, result_leaves


class InapplicableError(Exception):
    """A mode has nothing to say of a call."""


class WrongResultError(Exception):
    """A mode gives something else than it should."""


class ArrayCall:
    """A call whose arrays can be replaced.

    Parameters
    ----------
    function : callable
        What is called.
    args, kwargs : tuple, dict
        Its arguments; arrays are found in them at any depth.
    backend : Backend
        Whose arrays count.
    wanted : callable
        Says of the name of a dtype whether its arrays are replaced.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        backend: Backend,
        wanted: Callable[[str], bool],
    ) -> None:
        self._function = function
        self._given = (args, kwargs)
        self._backend = backend
        found = {
            path: leaf
            for path, leaf in leaves(self._given)
            if backend.owns(leaf) and wanted(backend.dtype_name(leaf))
        }
        self._paths = list(found)
        self.arrays = list(found.values())
        """The arrays in the arguments, which must not be written to."""

    def result(self, arrays: Sequence[Any]) -> Any:
        """Return what the function returns with other arrays."""
        replaced = dict(zip(self._paths, arrays, strict=True))
        args, kwargs = rebuild(self._given, replaced.get)
        return self._function(*args, **kwargs)

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """Return the arrays in what the function returns with other arrays."""
        found = result_leaves(self.result(arrays), self._backend.owns)
        return [leaf for _, leaf in found if self._backend.owns(leaf)]
