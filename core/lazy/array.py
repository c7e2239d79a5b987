"""The traced array: a node that stands for one array and has an array's operators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.lazy import dtypes
from core.lazy.dtypes import DType
from core.lazy.errors import refuse
from core.lazy.graph.node import Node, record
from core.lazy.history import History
from core.lazy.operation import DATA, VARIABLE, External, Operation
from core.lazy.operators import binary_operators, unary_operator
from core.lazy.pictures import Pictures
from core.lazy.rules.contraction import matmul_spec
from core.lazy.rules.indexing import getitem
from core.lazy.spec import Shape, as_shape, known_lengths, spec
from core.lazy.views import Views

if TYPE_CHECKING:
    from core.lazy.namespace import Namespace


class LazyArray(Views, History, Pictures, Node):
    """An array without values yet: a node of the graph of operations that computes it.

    It is made by `Variable` (a shape), `array` (an array that is there), a function of
    `core.lazy`, or an operator on another traced array, and conforms to the array API standard.

    Parameters
    ----------
    backend : str or None
        The library of the array once computed, such as ``"torch"``; None for any.
    fn : callable or str
        What computes it; a string names a function of the backend's namespace.
    args : tuple
        Positional arguments of `fn`, traced arrays among them, also in tuples, lists and dicts.
    kwargs : dict or None
        Keyword arguments of `fn`.
    shape : tuple of int or None
        The shape of the result; None for a length that is not known.
    dtype : dtype, optional
        The dtype of the result; that of the first traced argument by default.
    device : object, optional
        The device of the result; that of the first traced argument by default.

    Raises
    ------
    DataDependentError
        It is asked for its values: by ``bool``, ``float``, ``int``, ``len`` or iteration where
        the length is not known, NumPy, a boolean mask, or assignment to its elements.

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3, 1))
    >>> y = lazy.sqrt(x) + lazy.Variable((4,), dtype="float32")
    >>> y
    <LazyArray add, shape (3, 4), float64>
    >>> y.deps
    (<LazyArray sqrt, shape (3, 1), float64>, <LazyArray variable, shape (4,), float32>)
    """

    __slots__ = ()

    def __init__(
        self,
        backend: str | None,
        fn: Callable[..., Any] | str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None,
        shape: Sequence[int | None],
        dtype: object = None,
        device: object = None,
    ) -> None:
        self._op = Operation(fn, "external") if isinstance(fn, str) else External(fn)
        self._args = tuple(args)
        self._kwargs = dict(kwargs) if kwargs else None
        self._data = None
        like = next((dep for dep in self.deps if isinstance(dep, LazyArray)), None)
        if dtype is None:
            dtype = like.dtype if like is not None else dtypes.default(backend, "real floating")
        if device is None and like is not None and like.backend == backend:
            device = like._spec.device
        self._spec = spec(as_shape(shape), dtypes.as_dtype(dtype), backend, device)

    @classmethod
    def from_data(cls, data: Any) -> LazyArray:
        """Return a leaf that holds the concrete array `data`, of any library.

        Raises
        ------
        TypeError
            `data` is no array, or its dtype is not of the standard.
        """
        from core.lazy.library import backend_of, device_of

        if isinstance(data, LazyArray):
            return data
        backend = backend_of(data)
        if backend is None:
            raise TypeError(f"{type(data).__name__} is not an array of a known library")
        node = object.__new__(cls)
        node._op, node._args, node._kwargs, node._data = DATA, (), None, data
        node._spec = spec(
            known_lengths(data.shape), dtypes.as_dtype(data.dtype), backend, device_of(data)
        )
        return node

    @classmethod
    def from_shape(
        cls,
        shape: int | Sequence[int | None],
        backend: str | None = None,
        dtype: object = None,
        device: object = None,
    ) -> LazyArray:
        """Return a variable: a leaf of which only the shape, dtype and device are known."""
        known = dtypes.default(backend, "real floating") if dtype is None else dtype
        described = spec(as_shape(shape), dtypes.as_dtype(known), backend, device)
        node: LazyArray = record_leaf(cls, described)
        return node

    def to(
        self,
        fn: Callable[..., Any] | str,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        backend: str | None = None,
        shape: Sequence[int | None] | None = None,
        dtype: object = None,
        device: object = None,
    ) -> LazyArray:
        """Return the result of a function that the namespace does not have.

        Parameters
        ----------
        fn : callable or str
            Called with concrete arrays in place of the traced ones among its arguments. A string
            names a function of the backend's namespace.
        args : tuple, optional
            By default this array alone.
        kwargs : dict, optional
        backend, shape, dtype, device : optional
            Of the result; by default those of this array.

        Returns
        -------
        LazyArray

        Examples
        --------
        >>> import numpy as np
        >>> from core import lazy
        >>> x = lazy.array(np.asarray([3.0, 1.0, 2.0]))
        >>> x.to(np.partition, (x, 1)).compute()
        array([1., 2., 3.])
        """
        return type(self)(
            self.backend if backend is None else backend,
            fn,
            (self,) if args is None else args,
            kwargs,
            self.shape if shape is None else shape,
            self.dtype if dtype is None else dtype,
            self._spec.device if device is None else device,
        )

    # What is known of the array.

    @property
    def shape(self) -> Shape:
        """The lengths of the axes; None for one that is not known."""
        return self._spec.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> DType:
        """The dtype, as NumPy's object of the standard's name."""
        return self._spec.dtype  # type: ignore[no-any-return]

    @property
    def device(self) -> Any:
        """The device as the backend names it; None where it is not known."""
        known = self._spec.device
        return "cpu" if known is None and self._spec.backend == "numpy" else known

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._spec.shape)

    @property
    def size(self) -> int | None:
        """The number of elements; None where a length is not known."""
        return self._spec.size  # type: ignore[no-any-return]

    @property
    def data(self) -> Any:
        """The concrete array of a leaf that holds one; None for others."""
        return self._data

    def __array_namespace__(self, *, api_version: str | None = None) -> Namespace:
        """Return the array API namespace of traced arrays of this backend."""
        from core.lazy.namespace import namespace

        return namespace(self.backend, api_version=api_version)

    # Asking for values.

    def __bool__(self) -> bool:  # noqa: PLE0304 : it never returns
        refuse("bool()")

    def __float__(self) -> float:
        refuse("float()")

    def __int__(self) -> int:
        refuse("int()")

    def __complex__(self) -> complex:
        refuse("complex()")

    def __index__(self) -> int:  # noqa: PLE0305 : it never returns
        refuse("operator.index()")

    def __format__(self, format_spec: str) -> str:
        if format_spec:
            refuse("format()")
        return repr(self)

    def item(self) -> bool | int | float | complex:
        """Refuse to be a Python number."""
        refuse(".item()")

    def tolist(self) -> Any:
        """Refuse to be a list of Python numbers."""
        refuse(".tolist()")

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a 0-dimensional array has no len()")
        if self.shape[0] is None:
            refuse("len()")
        return self.shape[0]

    def __iter__(self) -> Iterator[LazyArray]:
        if not self.shape:
            raise TypeError("a 0-dimensional array cannot be iterated over")
        if self.shape[0] is None:
            refuse("iteration")
        return iter([self[i] for i in range(self.shape[0])])

    def __contains__(self, value: object) -> bool:
        refuse("`in`", "use xp.any(x == value) and keep the answer as an array")

    def __setitem__(self, key: Any, value: Any) -> None:
        refuse("__setitem__")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        refuse("conversion to NumPy")

    def __dlpack__(self, **options: Any) -> Any:
        refuse("DLPack export")

    def __dlpack_device__(self) -> Any:
        refuse("DLPack export")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Trace a NumPy ufunc, as NumPy would apply it to this backend's arrays."""
        from core.lazy.protocols import array_ufunc

        return array_ufunc(self, ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Trace a NumPy function that the standard has too."""
        from core.lazy.protocols import array_function

        return array_function(self, func, args, kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._op.name}, shape {self.shape}, {self.dtype}>"

    # Operators. Hashing by identity stays: a graph's nodes are keys of dicts.

    __hash__ = object.__hash__
    __add__, __radd__ = binary_operators("add")
    __sub__, __rsub__ = binary_operators("subtract")
    __mul__, __rmul__ = binary_operators("multiply")
    __truediv__, __rtruediv__ = binary_operators("divide")
    __floordiv__, __rfloordiv__ = binary_operators("floor_divide")
    __mod__, __rmod__ = binary_operators("remainder")
    __pow__, __rpow__ = binary_operators("pow")
    __and__, __rand__ = binary_operators("bitwise_and")
    __or__, __ror__ = binary_operators("bitwise_or")
    __xor__, __rxor__ = binary_operators("bitwise_xor")
    __lshift__, __rlshift__ = binary_operators("bitwise_left_shift")
    __rshift__, __rrshift__ = binary_operators("bitwise_right_shift")
    __matmul__, __rmatmul__ = binary_operators("matmul", matmul_spec)
    __lt__, __le__ = binary_operators("less")[0], binary_operators("less_equal")[0]
    __gt__, __ge__ = binary_operators("greater")[0], binary_operators("greater_equal")[0]
    __eq__, __ne__ = (
        binary_operators("equal")[0],
        binary_operators("not_equal")[0],
    )
    __neg__, __pos__ = unary_operator("negative"), unary_operator("positive")
    __abs__, __invert__ = unary_operator("abs"), unary_operator("bitwise_invert")
    __getitem__ = getitem


def record_leaf(cls: type[Any], described: Any) -> Any:
    """Make a variable. Unlike operations, two variables are never the same."""
    node = object.__new__(cls)
    node._op, node._args, node._kwargs, node._data = VARIABLE, (), None, None
    node._spec = described
    return node


def make(
    op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any] | None, described: Any
) -> LazyArray:
    """Record an operation that has one array as its result.

    Raises
    ------
    TypeError
        The operands' library refuses their dtypes.
    """
    if described.backend == "array-api-strict" and op.strict_kinds:
        for one in args:
            if isinstance(one, LazyArray):
                op.check(one.dtype, described.backend)
    node: LazyArray = record(LazyArray, op, args, kwargs, described)
    return node


def make_many(
    op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any] | None, described: tuple[Any, ...]
) -> list[LazyArray]:
    """Record an operation with several arrays as its result, and return these."""
    from core.lazy.operation import ITEM

    node = record(Node, op, args, kwargs, described)
    return [make(ITEM, (node, i), None, one) for i, one in enumerate(described)]


def Variable(
    shape: int | Sequence[int | None],
    backend: str | None = None,
    dtype: object = None,
    device: object = None,
) -> LazyArray:
    """Return a variable: an array of which only the shape, dtype and device are known.

    Parameters
    ----------
    shape : int or tuple of int or None
        None stands for a length that is not known.
    backend : str, optional
        The library of the arrays that will take its place; any by default.
    dtype : dtype, optional
        By default the backend's floating dtype; float64 where the backend is not known.
    device : object, optional
        The device as the backend names it.

    Returns
    -------
    LazyArray

    Examples
    --------
    >>> from core import lazy
    >>> lazy.Variable((2, None), dtype="int32").T.shape
    (None, 2)
    """
    return LazyArray.from_shape(shape, backend, dtype, device)
