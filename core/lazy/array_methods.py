"""Methods of a traced array: functions of its namespace, its graph, and requests for values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from core.lazy.display.text import to_nx_digraph, tree_text
from core.lazy.errors import refuse
from core.lazy.execution.compute import compute, compute_constants
from core.lazy.execution.function import as_string, get_function, get_source
from core.lazy.graph.node import Node, ascend, depths, descend
from core.lazy.library import namespace_of
from core.lazy.namespace import Namespace, namespace
from core.typing import Array


class ArrayMethods(Node):
    """The methods of `LazyArray` that need no more than its namespace and its node."""

    __slots__ = ()

    def __array_namespace__(self, *, api_version: str | None = None) -> Namespace:
        """Return the array API namespace of traced arrays of this backend."""
        return namespace(self.backend, api_version=api_version)

    @property
    def T(self) -> Array:
        """The transposed array: its axes in reverse order."""
        ndim = self._spec.ndim
        if ndim != 2 and self._spec.strict:
            raise ValueError("x.T needs two axes; use xp.permute_dims or x.mT")
        return self.__array_namespace__().permute_dims(self, range(ndim)[::-1])

    @property
    def mT(self) -> Array:
        """The array with its last two axes exchanged."""
        return self.__array_namespace__().matrix_transpose(self)

    @property
    def H(self) -> Array:
        """The complex conjugate of the transposed array."""
        is_complex = self._spec.dtype.kind == "c"
        return self.__array_namespace__().conj(self.T) if is_complex else self.T

    @property
    def real(self) -> Array:
        """The real part."""
        is_complex = self._spec.dtype.kind == "c"
        return self.__array_namespace__().real(self) if is_complex else self

    @property
    def imag(self) -> Array:
        """The imaginary part."""
        xp = self.__array_namespace__()
        return xp.imag(self) if self._spec.dtype.kind == "c" else xp.zeros_like(self)

    def astype(self, dtype: object) -> Array:
        """Return the array in another dtype."""
        return self.__array_namespace__().astype(self, dtype)

    def reshape(self, *shape: Any) -> Array:
        """Return the same elements in another shape; one length may be -1."""
        return self.__array_namespace__().reshape(self, shape[0] if len(shape) == 1 else shape)

    # The graph.

    @property
    def fn(self) -> Callable[..., Any] | None:
        """The function that computes this array from `args` and `kwargs`; None for a leaf."""
        return None if self.is_leaf else self._op.function(namespace_of(self.backend))

    @property
    def depth(self) -> int:
        """The greatest distance to a leaf of the graph."""
        return depths(ascend(self))[id(self)]

    def ascend(self) -> Iterator[Node]:
        """Visit each node of the graph once, operands first; see `ascend`."""
        return ascend(self)

    def descend(self) -> Iterator[Node]:
        """Visit each node of the graph once, results first; see `descend`."""
        return descend(self)

    def show(
        self, filler: str = " ", max_lines: int | None = None, max_depth: int | None = None
    ) -> None:
        """Print the graph as a tree; see `tree_text`."""
        print(tree_text(self, filler, max_lines, max_depth))

    def to_nx_digraph(self, variables: Any = None) -> Any:
        """Return the graph as a ``networkx.DiGraph``; see `to_nx_digraph`."""
        return to_nx_digraph(self, variables)

    def compute(self) -> Array:
        """Return the concrete array; see `compute`."""
        return compute(self)

    def _materialize(self) -> Array:
        """Return the concrete array, as `compute` does; the name is autoray's."""
        return compute(self)

    def as_string(self, params: dict[str, Any]) -> str:
        """Return an assignment that computes this array from its operands; see `as_string`."""
        return as_string(self, params)

    def compute_constants(self, variables: Any) -> None:
        """Compute all parts that do not depend on `variables`; see `compute_constants`."""
        compute_constants(self, variables)

    def get_function(self, variables: Any, fold_constants: bool = True) -> Callable[..., Any]:
        """Return a Python function of concrete arrays; see `get_function`."""
        return get_function(variables, self, fold_constants)

    def get_source(self, params: dict[str, Any] | None = None) -> str:
        """Return the graph as Python source; see `get_source`."""
        return get_source(self, params)

    # Requests for values, which do not exist yet.

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Any = None,
        dl_device: Any = None,
        copy: bool | None = None,
    ) -> Any:
        refuse("DLPack export")

    def __format__(self, format_spec: str) -> str:
        if format_spec:
            refuse("format()")
        return repr(self)


def _refusing(operation: str) -> Callable[..., NoReturn]:
    """Return a method that needs values, which do not exist yet."""

    def method(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
        refuse(operation)

    method.__doc__ = "Raise `DataDependentError`."
    return method


_REFUSED = {
    **{f"__{name}__": f"{name}()" for name in ("bool", "float", "int", "complex")},
    "__index__": "operator.index()",
    "__contains__": "`in`",
    "__setitem__": "__setitem__",
    "__array__": "conversion to NumPy",
    "__dlpack_device__": "DLPack export",
    "item": ".item()",
    "tolist": ".tolist()",
}
for _name, _operation in _REFUSED.items():
    setattr(ArrayMethods, _name, _refusing(_operation))
