"""What is known of an array before it is computed: shape, dtype, backend and device."""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import index
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from core.lazy.dtypes import DType, promote, promotion
from core.typing import Device

Shape: TypeAlias = "tuple[int | None, ...]"
Axis: TypeAlias = "int | tuple[int, ...] | None"


class Spec:
    """Shape, dtype, backend and device of one array; equal specs are the same object.

    The spec of an operation's result is therefore cached by the identity of the operands' specs:
    shapes and dtypes are inferred only when an operation is first traced with them.
    """

    __slots__ = ("__weakref__", "backend", "device", "dtype", "nbytes", "shape", "size", "strict")

    shape: Shape
    dtype: DType
    backend: str | None
    device: Device
    size: int | None
    """The number of elements; None if a length is unknown."""
    nbytes: int
    """The size in bytes; unknown lengths count as one."""
    strict: bool
    """Whether the backend refuses what the standard does not define."""

    def __repr__(self) -> str:
        return f"Spec(shape={self.shape}, dtype={self.dtype}, backend={self.backend!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        portable = isinstance(self.device, str) or promotion(self.backend).devices_pickle
        return spec, (self.shape, self.dtype, self.backend, self.device if portable else None)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def with_(
        self,
        *,
        shape: Shape | None = None,
        dtype: DType | None = None,
        device: Device = None,
    ) -> Spec:
        """Return this with another shape, dtype or device."""
        return spec(
            self.shape if shape is None else shape,
            self.dtype if dtype is None else dtype,
            self.backend,
            self.device if device is None else device,
        )


_specs: WeakValueDictionary[tuple[Any, ...], Spec] = WeakValueDictionary()


def spec(shape: Shape, dtype: DType, backend: str | None = None, device: Device = None) -> Spec:
    """Return the `Spec` with these values."""
    key = (shape, dtype, backend, device)
    found = _specs.get(key)
    if found is None:
        found = Spec()
        found.shape, found.dtype, found.backend, found.device = key
        least = math.prod([n for n in shape if n is not None])
        found.size = None if None in shape else least
        found.nbytes = least * dtype.itemsize
        found.strict = promotion(backend).strict
        _specs[key] = found
    return found


def joint_spec(*specs: Spec, shape: Shape | None = None, dtype: DType | None = None) -> Spec:
    """Return the spec of the result of an operation on several arrays.

    By default the shape is the one that the arrays broadcast to, and the dtype the one that they
    promote to.
    """
    backend, device = common(*specs)
    if dtype is None:
        dtype = specs[0].dtype
        for other in specs[1:]:
            dtype = promote(dtype, other.dtype, backend)
    if shape is None:
        shape = broadcast(*[one.shape for one in specs])
    return spec(shape, dtype, backend, device)


def common(*specs: Spec) -> tuple[str | None, Device]:
    """Return the backend and the device that operands share, or raise if they differ."""
    backend, device, ndim = specs[0].backend, specs[0].device, specs[0].ndim
    for other in specs[1:]:
        if backend is None:
            backend, device, ndim = other.backend, other.device or device, other.ndim
        elif other.backend not in (None, backend):
            raise TypeError(f"arrays of {backend} and {other.backend} cannot be combined")
        elif device is None:
            device = other.device
        elif other.device is not None and not same_device(device, other.device):
            if 0 not in (ndim, other.ndim) or not promotion(backend).scalars_join_devices:
                raise ValueError(
                    f"arrays on {device} and on {other.device} cannot be combined: "
                    "move one with to_device"
                )
            device = other.device if ndim == 0 else device
    return backend, device


def same_device(one: Device, other: Device) -> bool:
    """Return whether two devices are the same; either may be given by name."""
    return bool(one == other) or str(one) == str(other)


def known_lengths(shape: Iterable[Any]) -> Shape:
    """Return the shape of a concrete array, with None for unknown lengths, NaN in Dask."""
    return tuple(None if n is None or math.isnan(n) else int(n) for n in shape)


def as_shape(shape: Any) -> Shape:
    """Return `shape` as a tuple of non-negative ints and None."""
    lengths: Iterable[Any] = shape if isinstance(shape, Iterable) else (shape,)
    result = tuple(None if n is None else index(n) for n in lengths)
    if any(n is not None and n < 0 for n in result):
        raise ValueError(f"a shape has no negative lengths: {result}")
    return result


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape that arrays of these shapes broadcast to.

    An unknown length and 1 give an unknown length; an unknown one and any other give the other.
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


class AxisError(ValueError, IndexError):
    """An axis that the array does not have."""


def axis_index(axis: int, ndim: int) -> int:
    """Return `axis` counted from the start, or raise `AxisError`."""
    axis = index(axis)
    if not -ndim <= axis < ndim:
        raise AxisError(f"axis {axis} is out of bounds for an array of {ndim} dimensions")
    return axis % ndim


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the start; None means all."""
    if axis is None:
        return tuple(range(ndim))
    given = axis if isinstance(axis, tuple | list) else (axis,)
    axes = tuple(axis_index(one, ndim) for one in given)
    if len(set(axes)) != len(axes):
        raise ValueError(f"an axis is given twice in {axis}")
    return axes


def replace_axis(shape: Shape, axis: int, *lengths: int | None) -> Shape:
    """Return `shape` with the length of a non-negative axis replaced by `lengths`, or removed."""
    return (*shape[:axis], *lengths, *shape[axis + 1 :])


def explicit_device(device: Device, backend: str | None) -> Device:
    """Return the device to record; None for the only one, so that other libraries can run it."""
    only = promotion(backend).only_device
    if only is None:
        return device
    if device not in (None, only):
        raise ValueError(f"{backend} has only the device {only!r}, not {device!r}")
    return None
