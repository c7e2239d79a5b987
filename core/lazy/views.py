"""The methods of a traced array that lead to other parts: its functions, its graph, its history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from core.lazy.array import LazyArray
    from core.lazy.graph.node import Node


class Views:
    """What `LazyArray` can do that is written elsewhere; each method imports what it needs."""

    __slots__ = ()

    @property
    def _self(self) -> LazyArray:
        return cast("LazyArray", self)

    # Attributes and methods of an array.

    @property
    def T(self) -> LazyArray:
        """The transposed array: its axes in reverse order."""
        from core.lazy.standard.manipulation import transpose

        x = self._self
        if x.backend == "array-api-strict" and x.ndim != 2:
            raise ValueError("x.T needs two axes; use xp.permute_dims or x.mT")
        return transpose(x)

    @property
    def mT(self) -> LazyArray:
        """The array with its last two axes exchanged."""
        from core.lazy.standard.linalg import matrix_transpose

        return matrix_transpose(self._self)

    @property
    def H(self) -> LazyArray:
        """The complex conjugate of the transposed array."""
        from core.lazy.standard.elementwise import conj

        transposed = self.T
        return conj(transposed) if transposed.dtype.kind == "c" else transposed

    @property
    def real(self) -> LazyArray:
        """The real part."""
        from core.lazy.standard.elementwise import real

        return real(self._self) if self._self.dtype.kind == "c" else self._self

    @property
    def imag(self) -> LazyArray:
        """The imaginary part."""
        from core.lazy.standard.creation import zeros_like
        from core.lazy.standard.elementwise import imag

        x = self._self
        part: LazyArray = imag(x) if x.dtype.kind == "c" else zeros_like(x)
        return part

    def astype(self, dtype: object) -> LazyArray:
        """Return the array in another dtype."""
        from core.lazy.standard.creation import astype

        return astype(self._self, dtype)

    def reshape(self, *shape: Any) -> LazyArray:
        """Return the same elements in another shape; one length may be -1."""
        from core.lazy.standard.manipulation import reshape

        given = shape[0] if len(shape) == 1 else shape
        return reshape(self._self, given if isinstance(given, tuple | list) else (given,))

    def to_device(self, device: Any, /, *, stream: Any = None) -> LazyArray:
        """Return the array on another device."""
        from core.lazy.standard.creation import to_device

        return to_device(self._self, device)

    def __lazy_apply__(self, call: Any) -> Any:
        """Make a call of `core.lazy_apply` an operation of the graph."""
        from core.lazy.applied import applied

        return applied(call)

    # The graph.

    @property
    def fn(self) -> Callable[..., Any] | None:
        """What computes this array from `args` and `kwargs`; None for a leaf."""
        from core.lazy.library import namespace_of

        x = self._self
        return None if x.is_leaf else x._op.function(namespace_of(x.backend))

    @property
    def depth(self) -> int:
        """The greatest distance to a leaf; found by a walk through the graph."""
        from core.lazy.graph.node import ascend, depths

        return depths(ascend(self))[id(self)]

    def ascend(self) -> Iterator[Node]:
        """Visit each node of the graph once, operands first; see `ascend`."""
        from core.lazy.graph.node import ascend

        return ascend(self)

    def descend(self) -> Iterator[Node]:
        """Visit each node of the graph once, results first; see `descend`."""
        from core.lazy.graph.node import descend

        return descend(self)

    def show(
        self, filler: str = " ", max_lines: int | None = None, max_depth: int | None = None
    ) -> None:
        """Print the graph as a tree; see `tree_text`."""
        from core.lazy.show import tree_text

        print(tree_text(self._self, filler, max_lines, max_depth))

    def to_nx_digraph(self, variables: Any = None) -> Any:
        """Return the graph as a ``networkx.DiGraph``; see `to_nx_digraph`."""
        from core.lazy.export import to_nx_digraph

        return to_nx_digraph(self, variables)

    # Computing.

    def compute(self) -> Any:
        """Return the concrete array; see `compute`."""
        from core.lazy.execution.compute import compute

        return compute(self)

    def compute_constants(self, variables: Any) -> None:
        """Compute whatever does not depend on `variables`; see `compute_constants`."""
        from core.lazy.execution.compute import compute_constants

        compute_constants(self, variables)

    def get_function(self, variables: Any, fold_constants: bool = True) -> Callable[..., Any]:
        """Return a Python function of concrete arrays; see `get_function`."""
        from core.lazy.execution.function import get_function

        return get_function(variables, self, fold_constants)

    def get_source(self, params: dict[str, Any] | None = None) -> str:
        """Return the graph as Python source; see `get_source`."""
        from core.lazy.execution.function import get_source

        return get_source(self, params)
