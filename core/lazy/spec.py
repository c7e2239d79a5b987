"""What is known of an array before it has values: shape, dtype, backend and device."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from core.lazy.dtypes import DType

Shape: TypeAlias = "tuple[int | None, ...]"


class Spec:
    """Shape, dtype, backend and device of one array; one object for equal ones.

    Because equal specs are the same object, what an operation makes of its operands' specs can be
    looked up by identity: tracing an operation twice infers its shape and dtype once.
    """

    __slots__ = ("__weakref__", "backend", "device", "dtype", "nbytes", "shape", "size")

    shape: Shape
    dtype: DType
    backend: str | None
    device: Any
    size: int | None
    """The number of elements; None where a length is unknown."""
    nbytes: int
    """The size in bytes; unknown lengths count as one."""

    def __repr__(self) -> str:
        return f"Spec(shape={self.shape}, dtype={self.dtype}, backend={self.backend!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Some libraries' device objects stand for hardware and cannot be pickled.
        portable = isinstance(self.device, str) or self.backend == "torch"
        device = self.device if portable else None
        return spec, (self.shape, self.dtype, self.backend, device)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def with_(
        self,
        *,
        shape: Shape | None = None,
        dtype: DType | None = None,
        backend: str | None = None,
    ) -> Spec:
        """Return this with another shape, dtype or backend."""
        return spec(
            self.shape if shape is None else shape,
            self.dtype if dtype is None else dtype,
            self.backend if backend is None else backend,
            self.device if backend is None else None,
        )


_specs: WeakValueDictionary[tuple[Any, ...], Spec] = WeakValueDictionary()


def spec(shape: Shape, dtype: DType, backend: str | None = None, device: Any = None) -> Spec:
    """Return the one `Spec` of these facts."""
    key = (shape, dtype, backend, device)
    found = _specs.get(key)
    if found is None:
        found = Spec()
        found.shape, found.dtype, found.backend, found.device = key
        least = math.prod([n for n in shape if n is not None])
        found.size = None if None in shape else least
        found.nbytes = least * dtype.itemsize
        _specs[key] = found
    return found


def known_lengths(shape: Iterable[Any]) -> Shape:
    """Return a concrete array's shape, with None for the NaN that Dask has for unknown lengths."""
    return tuple(None if n is None or math.isnan(n) else int(n) for n in shape)


def as_shape(shape: Any) -> Shape:
    """Return `shape` as a tuple of ints and None.

    Raises
    ------
    TypeError
        A length is not an integer.
    ValueError
        A length is negative.
    """
    from operator import index

    lengths: Iterable[Any] = shape if isinstance(shape, Iterable) else (shape,)
    result = tuple(None if n is None else index(n) for n in lengths)
    if any(n is not None and n < 0 for n in result):
        raise ValueError(f"a shape has no negative lengths: {result}")
    return result


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape that arrays of these shapes broadcast to.

    An unknown length stays unknown beside 1 and takes the other's length beside more.

    Raises
    ------
    ValueError
        The shapes cannot be broadcast.
    """
    ndim = max(map(len, shapes), default=0)
    result: list[int | None] = []
    for axis in range(-ndim, 0):
        length: int | None = 1
        for shape in shapes:
            own = shape[axis] if -axis <= len(shape) else 1
            if length == 1 or (length is None and own != 1):
                length = own
            elif own not in (1, None, length):
                raise ValueError(
                    f"shapes {' and '.join(map(str, shapes))} cannot be broadcast together"
                )
        result.append(length)
    return tuple(result)


def common(*specs: Spec) -> tuple[str | None, Any]:
    """Return the one backend and device of operands.

    Raises
    ------
    TypeError
        They are of two libraries.
    ValueError
        They are on two devices.
    """
    backend, device, ndim = specs[0].backend, specs[0].device, specs[0].ndim
    for other in specs[1:]:
        if backend is None:
            backend, device, ndim = other.backend, other.device or device, other.ndim
        elif other.backend not in (None, backend):
            raise TypeError(f"arrays of {backend} and {other.backend} cannot be combined")
        elif device is None:
            device = other.device
        elif other.device is not None and not same_device(device, other.device):
            # PyTorch lets a single number of the processor join an accelerator's arrays.
            if backend == "torch" and 0 in (ndim, other.ndim):
                device = other.device if ndim == 0 else device
            else:
                raise ValueError(
                    f"arrays on {device} and on {other.device} cannot be combined: "
                    "move one with to_device"
                )
    return backend, device


def same_device(one: Any, other: Any) -> bool:
    """Say whether two devices are one; a library may take its name for the device itself."""
    return bool(one == other) or str(one) == str(other)


def axis_index(axis: int, ndim: int) -> int:
    """Return `axis` counted from the start.

    Raises
    ------
    ValueError
        There is no such axis. (It is an IndexError too, as in NumPy.)
    """
    from operator import index

    axis = index(axis)
    if not -ndim <= axis < ndim:
        raise AxisError(f"axis {axis} is out of bounds for an array of {ndim} dimensions")
    return axis % ndim


def axes_of(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Return the axes that `axis` names, counted from the start; None names all."""
    if axis is None:
        return tuple(range(ndim))
    given = axis if isinstance(axis, tuple | list) else (axis,)
    axes = tuple(axis_index(one, ndim) for one in given)
    if len(set(axes)) != len(axes):
        raise ValueError(f"an axis is named twice in {axis}")
    return axes


class AxisError(ValueError, IndexError):
    """An axis that the array does not have."""
