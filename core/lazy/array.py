"""The traced array: a node of the graph with the operators and methods of an array."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, ClassVar

from array_api_compat import to_device

from core.lazy import dtypes
from core.lazy.array_methods import ArrayMethods
from core.lazy.contraction import matmul_spec
from core.lazy.display.methods import DisplayMethods
from core.lazy.dtypes import DType
from core.lazy.errors import refuse
from core.lazy.graph.node import Node, record
from core.lazy.graph.pickling import in_graph
from core.lazy.in_place import VIEWS, all_current, as_view, current, in_place_operator, is_scalar
from core.lazy.indexing import getitem
from core.lazy.lazy_call import deferred
from core.lazy.library import backend_of, device_of
from core.lazy.numpy_protocols import array_function, array_ufunc
from core.lazy.operation import DATA, ITEM, VARIABLE, External, Operation, define
from core.lazy.operators import binary_operators, unary_operator
from core.lazy.spec import Shape, Spec, as_shape, explicit_device, known_lengths, same_device, spec
from core.typing import Array, Device

TO_DEVICE = define(Operation("to_device", "elementwise", lambda xp: to_device))


class LazyArray(ArrayMethods, DisplayMethods):
    """An array that is not computed yet: a node of the graph of operations that computes it.

    `Variable` makes one from a shape and `array` from a concrete array; functions of `core.lazy`
    and operators make one from others. It conforms to the array API standard.

    Parameters
    ----------
    backend : str or None
        The library of the array once computed, such as ``"torch"``; None for any.
    fn : callable or str
        The function that computes it; a string is a name in the backend's namespace.
    args : tuple
        Positional arguments of `fn`, with traced arrays, also in tuples, lists and dicts.
    kwargs : dict or None
        Keyword arguments of `fn`.
    shape : tuple of int or None
        The shape of the result; None for an unknown length.
    dtype : dtype, optional
        The dtype of the result. Default: that of the first traced argument.
    device : object, optional
        The device of the result. Default: that of the first traced argument.

    Raises
    ------
    DataDependentError
        The values are needed: by ``bool``, ``float``, ``int``, by ``len`` or iteration if the
        length is unknown, by NumPy, by a boolean mask, or by assignment to elements.

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

    plain: ClassVar[type[LazyArray]]
    modified_class: ClassVar[type[LazyArray]]

    def __init__(
        self,
        backend: str | None,
        fn: Callable[..., Any] | str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None,
        shape: Sequence[int | None],
        dtype: object = None,
        device: Device = None,
    ) -> None:
        self._op = Operation(fn, "external") if isinstance(fn, str) else External(fn)
        self._args = tuple(all_current(args))
        self._kwargs = all_current(dict(kwargs)) if kwargs else None
        self._data = None
        like = next((dep for dep in self.deps if isinstance(dep, LazyArray)), None)
        if dtype is None:
            dtype = like.dtype if like is not None else dtypes.default(backend, "real floating")
        if device is None and like is not None and like.backend == backend:
            device = like._spec.device
        self._spec = spec(as_shape(shape), dtypes.as_dtype(dtype), backend, device)

    @classmethod
    def from_data(cls, data: Array) -> LazyArray:
        """Return a leaf that holds the concrete array `data`, of any library.

        Raises
        ------
        TypeError
            `data` is not an array, or the standard does not have its dtype.
        """
        if isinstance(data, LazyArray):
            return current(data)  # type: ignore[no-any-return]
        backend = backend_of(data)
        if backend is None:
            raise TypeError(f"{type(data).__name__} is not an array of a known library")
        dtype = dtypes.as_dtype(data.dtype)
        return cls._leaf(
            DATA, data, spec(known_lengths(data.shape), dtype, backend, device_of(data))
        )

    @classmethod
    def from_shape(
        cls,
        shape: int | Sequence[int | None],
        backend: str | None = None,
        dtype: object = None,
        device: Device = None,
    ) -> LazyArray:
        """Return a variable: a leaf with a shape, dtype and device, but without values."""
        known = dtypes.default(backend, "real floating") if dtype is None else dtype
        return cls._leaf(
            VARIABLE, None, spec(as_shape(shape), dtypes.as_dtype(known), backend, device)
        )

    @classmethod
    def _leaf(cls, op: Operation, data: Array, known: Spec) -> LazyArray:
        # Leaves are not recorded by `record`: two variables are never the same.
        node = object.__new__(cls)
        node._op, node._args, node._kwargs, node._data, node._spec = op, (), None, data, known
        return node

    def to(
        self,
        fn: Callable[..., Any] | str,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        backend: str | None = None,
        shape: Sequence[int | None] | None = None,
        dtype: object = None,
        device: Device = None,
    ) -> LazyArray:
        """Return the result of a function that the namespace does not have.

        Parameters
        ----------
        fn : callable or str
            Called with concrete arrays in place of the traced ones among its arguments. A string
            is a name in the backend's namespace.
        args : tuple, optional
            Default: this array.
        kwargs : dict, optional
        backend, shape, dtype, device : optional
            Those of the result. Default: those of this array.

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

    # What is known without values.

    @property
    def shape(self) -> Shape:
        """The lengths of the axes; None for an unknown one."""
        return self._spec.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> DType:
        """The dtype, as NumPy's object of the standard's name."""
        return self._spec.dtype  # type: ignore[no-any-return]

    @property
    def device(self) -> Device:
        """The device as the backend represents it; None if it is unknown."""
        known = self._spec.device
        return dtypes.promotion(self.backend).only_device if known is None else known

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._spec.shape)

    @property
    def size(self) -> int | None:
        """The number of elements; None if a length is unknown."""
        return self._spec.size  # type: ignore[no-any-return]

    @property
    def data(self) -> Array:
        """The concrete array of a leaf that holds one, else None."""
        return self._data

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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._op.name}, shape {self.shape}, {self.dtype}>"

    def to_device(self, device: Device, /, *, stream: Any = None) -> LazyArray:
        """Return the array on another device."""
        if device is None or same_device(device, self.device):
            return self
        device = explicit_device(device, self.backend)
        known = spec(self.shape, self.dtype, self.backend, device)
        return make(TO_DEVICE, (self, device), None, known)

    # Protocols of other packages.

    __array_ufunc__ = array_ufunc
    __array_function__ = array_function

    def __lazy_apply__(self, call: Any) -> Any:
        """Record a call of `core.lazy_apply`."""
        op, known, multiple = deferred(call, self.__array_namespace__().result_type)
        args, kwargs = all_current((call.args, dict(call.kwargs)))
        if multiple:
            return tuple(make_many(op, args, kwargs, known))
        return make(op, args, kwargs, known[0])

    # Operators. Arrays are hashed by identity, as the nodes of a graph are keys of dicts.

    __hash__ = object.__hash__
    __add__, __radd__ = binary_operators("add")
    __sub__, __rsub__ = binary_operators("subtract")
    __mul__, __rmul__ = binary_operators("multiply")
    __truediv__, __rtruediv__ = binary_operators("divide")
    __floordiv__, __rfloordiv__ = binary_operators("floor_divide")
    __mod__, __rmod__ = binary_operators("remainder")
    _power, __rpow__ = binary_operators("pow")
    _square = unary_operator("square")

    def __pow__(self, other: Any, /) -> Any:
        # Libraries compute the second power of an array as a square, which matters for the dtype of
        # booleans.
        if other.__class__ is int and other == 2 and self._spec.dtype.kind == "b":
            return self._power(other) if is_scalar(self) else self._square()
        return self._power(other)

    __and__, __rand__ = binary_operators("bitwise_and")
    __or__, __ror__ = binary_operators("bitwise_or")
    __xor__, __rxor__ = binary_operators("bitwise_xor")
    __lshift__, __rlshift__ = binary_operators("bitwise_left_shift")
    __rshift__, __rrshift__ = binary_operators("bitwise_right_shift")
    __matmul__, __rmatmul__ = binary_operators("matmul", matmul_spec)
    __lt__, __gt__ = binary_operators("less")[0], binary_operators("greater")[0]
    __le__, __ge__ = binary_operators("less_equal")[0], binary_operators("greater_equal")[0]
    __eq__, __ne__ = binary_operators("equal")[0], binary_operators("not_equal")[0]
    __neg__, __pos__ = unary_operator("negative"), unary_operator("positive")
    __abs__, __invert__ = unary_operator("abs"), unary_operator("bitwise_invert")
    __getitem__ = getitem
    __iadd__, __isub__ = in_place_operator(__add__), in_place_operator(__sub__)
    __imul__, __itruediv__ = in_place_operator(__mul__), in_place_operator(__truediv__)
    __ifloordiv__, __imod__ = in_place_operator(__floordiv__), in_place_operator(__mod__)
    __ipow__, __imatmul__ = in_place_operator(__pow__), in_place_operator(__matmul__)
    __iand__, __ior__ = in_place_operator(__and__), in_place_operator(__or__)
    __ixor__ = in_place_operator(__xor__)
    __ilshift__, __irshift__ = in_place_operator(__lshift__), in_place_operator(__rshift__)


class ModifiedArray(LazyArray):
    """A traced array after an in-place operation changed its values.

    As a node of the graph it still has the earlier values, which operations recorded before the
    change use. Whatever a user does with it is done with the present version.
    """

    __slots__ = ()
    modified = True

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if in_graph():
            return super().__reduce_ex__(protocol)
        raise TypeError(
            "an array that was modified in place cannot be pickled or copied: use the array that "
            "the in-place operation returned"
        )


LazyArray.plain = LazyArray
LazyArray.modified_class = ModifiedArray


def _on_current(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(current(self), *args, **kwargs)

    return method


# What is not listed here is the same for all versions, or concerns the node of the graph.
_UNCHANGED = frozenset(
    ["__array_namespace__", "__init__", "device", "dtype", "ndim", "shape", "size"]
)
for _class in (LazyArray, ArrayMethods, DisplayMethods):
    for _name, _given in vars(_class).items():
        if _name in _UNCHANGED or _name in vars(ModifiedArray):
            continue
        if isinstance(_given, property) and _given.fget is not None:
            setattr(ModifiedArray, _name, property(_on_current(_given.fget)))
        elif inspect.isfunction(_given):
            setattr(ModifiedArray, _name, _on_current(_given))


def make(
    op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any] | None, known: Spec
) -> LazyArray:
    """Record an operation with one array as its result."""
    if known.strict and op.strict_kinds:
        for one in args:
            if isinstance(one, LazyArray):
                op.check(one.dtype, known.backend)
    node: LazyArray = record(LazyArray, op, args, kwargs, known)
    return as_view(node) if op.name in VIEWS or op is ITEM else node


def make_many(
    op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any] | None, known: tuple[Spec, ...]
) -> list[LazyArray]:
    """Record an operation with several arrays as its results."""
    node = record(Node, op, args, kwargs, known)
    return [make(ITEM, (node, i), None, one) for i, one in enumerate(known)]


def Variable(
    shape: int | Sequence[int | None],
    backend: str | None = None,
    dtype: object = None,
    device: Device = None,
) -> LazyArray:
    """Return a variable: an array with a shape, dtype and device, but without values.

    Parameters
    ----------
    shape : int or tuple of int or None
        None for an unknown length.
    backend : str, optional
        The library of the arrays that will replace it. Default: any.
    dtype : dtype, optional
        Default: the backend's floating-point dtype; float64 for any backend.
    device : object, optional
        The device as the backend represents it.

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
