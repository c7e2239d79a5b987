"""Fourier transforms, which may change the length of the transformed axes and the kind of dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray
from core.lazy.namespace import function
from core.lazy.spec import Axis, Spec, axes_of, axis_index, replace_axis
from core.lazy.standard.common import call, create, traced
from core.typing import Device

_HALVED = frozenset(("rfft", "ihfft", "rfftn"))
"""Their results have only the terms that are not redundant: n // 2 + 1."""
_DOUBLED = frozenset(("irfft", "hfft", "irfftn"))
"""Their results are real, by default of the length 2 * (n - 1)."""


def _transform(
    name: str, x: LazyArray, axes: Sequence[int], given: Sequence[int] | None, norm: str
) -> tuple[Spec, str | None]:
    """Return the spec of a transform, and `norm` unless it is the default.

    Parameters
    ----------
    axes : sequence of int
        The transformed axes, the last one of which may be halved or doubled.
    given : sequence of int or None
        The number of points along each of them.
    """
    if norm not in ("backward", "ortho", "forward"):
        raise ValueError(f'fft: norm must be "backward", "ortho" or "forward", not {norm!r}')
    lengths = [x.shape[axis] for axis in axes] if given is None else list(given)
    if len(lengths) != len(axes):
        raise ValueError(f"fft.{name}: {len(lengths)} lengths for {len(axes)} axes")
    last = lengths[-1] if lengths else None
    if last is not None and name in _HALVED:
        lengths[-1] = last // 2 + 1
    elif last is not None and name in _DOUBLED and given is None:
        lengths[-1] = 2 * (last - 1)
    shape = x.shape
    for axis, length in zip(axes, lengths, strict=True):
        shape = replace_axis(shape, axis, length)
    dtype = dtypes.floating(x.dtype, x.backend)
    dtype = dtypes.real_of(dtype) if name in _DOUBLED else dtypes.complex_of(dtype)
    return x._spec.with_(shape=shape, dtype=dtype), None if norm == "backward" else norm


def _one_axis(name: str, summary: str) -> Any:
    def transform(
        x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
    ) -> LazyArray:
        x = traced(x)
        where = axis_index(axis, x.ndim)
        known, norm_option = _transform(name, x, [where], None if n is None else [n], norm)
        axis_option = None if axis == -1 else axis
        return call(f"fft.{name}", (x,), known, n=n, axis=axis_option, norm=norm_option)

    return function("fft", name=f"fft.{name}", summary=summary)(transform)


def _several_axes(name: str, summary: str) -> Any:
    def transform(
        x: Any,
        /,
        *,
        s: Sequence[int] | None = None,
        axes: Sequence[int] | None = None,
        norm: str = "backward",
    ) -> LazyArray:
        x = traced(x)
        if axes is not None:
            where = axes_of(tuple(axes), x.ndim)
        else:
            where = tuple(range(x.ndim))[-len(s) if s is not None else 0 :]
        known, norm_option = _transform(name, x, where, s, norm)
        # With lengths the standard requires the axes, too.
        axes_option = tuple(axes) if axes is not None else None if s is None else where
        lengths = None if s is None else tuple(s)
        return call(f"fft.{name}", (x,), known, s=lengths, axes=axes_option, norm=norm_option)

    return function("fft", name=f"fft.{name}", summary=summary)(transform)


def _shift(name: str, summary: str) -> Any:
    def shift(x: Any, /, *, axes: Axis = None) -> LazyArray:
        x = traced(x)
        axes_of(axes, x.ndim)
        return call(f"fft.{name}", (x,), x._spec, axes=axes)

    return function("manipulation", name=f"fft.{name}", summary=summary)(shift)


fft = _one_axis("fft", "Return the discrete Fourier transform along an axis.")
ifft = _one_axis("ifft", "Return the inverse discrete Fourier transform along an axis.")
rfft = _one_axis("rfft", "Return the discrete Fourier transform of real numbers along an axis.")
irfft = _one_axis("irfft", "Return the inverse of `rfft` along an axis.")
hfft = _one_axis("hfft", "Return the real Fourier transform of a Hermitian signal along an axis.")
ihfft = _one_axis("ihfft", "Return the inverse of `hfft` along an axis.")
fftn = _several_axes("fftn", "Return the discrete Fourier transform along several axes.")
ifftn = _several_axes("ifftn", "Return the inverse discrete Fourier transform along several axes.")
rfftn = _several_axes("rfftn", "Return the Fourier transform of real numbers along several axes.")
irfftn = _several_axes("irfftn", "Return the inverse of `rfftn` along several axes.")
fftshift = _shift("fftshift", "Move the zero frequency to the center.")
ifftshift = _shift("ifftshift", "Move the zero frequency back from the center.")


@function("creation", name="fft.fftfreq", by_backend=True)
def fftfreq(
    backend: str | None, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Device = None
) -> LazyArray:
    """Return the sample frequencies of `fft` of `n` points."""
    return create("fft.fftfreq", backend, (n,), (n,), dtype, device, d=d)


@function("creation", name="fft.rfftfreq", by_backend=True)
def rfftfreq(
    backend: str | None, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Device = None
) -> LazyArray:
    """Return the sample frequencies of `rfft` of `n` points."""
    return create("fft.rfftfreq", backend, (n,), (n // 2 + 1,), dtype, device, d=d)
