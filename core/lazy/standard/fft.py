"""Fourier transforms, which may change the length of the transformed axes and the kind of dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray
from core.lazy.namespace import function
from core.lazy.spec import Axis, Spec, axes_of, axis_index, replace_axis
from core.lazy.standard.common import call, create, inferred, traced
from core.typing import Device

_HALVED = frozenset(("fft.rfft", "fft.ihfft", "fft.rfftn"))
"""Their results have only the terms that are not redundant: n // 2 + 1."""
_DOUBLED = frozenset(("fft.irfft", "fft.hfft", "fft.irfftn"))
"""Their results are real, by default of the length 2 * (n - 1)."""


def _infer(
    name: str, x: Spec, axes: tuple[int, ...], points: Sequence[int] | None, norm: str
) -> Spec:
    """Return the spec of a transform of `axes`, with `points` along each of them if given."""
    if norm not in ("backward", "ortho", "forward"):
        raise ValueError(f'fft: norm must be "backward", "ortho" or "forward", not {norm!r}')
    lengths = [x.shape[axis] for axis in axes] if points is None else list(points)
    if len(lengths) != len(axes):
        raise ValueError(f"{name}: {len(lengths)} lengths for {len(axes)} axes")
    last = lengths[-1] if lengths else None
    if last is not None and name in _HALVED:
        lengths[-1] = last // 2 + 1
    elif last is not None and name in _DOUBLED and points is None:
        lengths[-1] = 2 * (last - 1)
    shape = x.shape
    for axis, length in zip(axes, lengths, strict=True):
        shape = replace_axis(shape, axis, length)
    rule = "real" if name in _DOUBLED else "complex"
    return x.with_(shape=shape, dtype=dtypes.RULES[rule](x.dtype, x.backend))


def _one_axis(name: str, summary: str) -> Any:
    def transform(
        x: Spec, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
    ) -> Spec:
        return _infer(name, x, (axis_index(axis, x.ndim),), None if n is None else (n,), norm)

    return inferred("fft", name=name, summary=summary)(transform)


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
        points = None if s is None else tuple(s)
        option = None if axes is None else tuple(axes)
        if axes is None and points is not None:  # the standard requires axes with lengths
            option = tuple(range(x.ndim))[-len(points) :]
        known = _infer(name, x._spec, axes_of(option, x.ndim), points, norm)
        return call(name, (x,), known, s=points, axes=option, norm=norm)

    return function("fft", name=name, summary=summary)(transform)


def _shift(name: str, summary: str) -> Any:
    def shift(x: Spec, /, *, axes: Axis = None) -> Spec:
        axes_of(axes, x.ndim)
        return x

    return inferred("manipulation", name=name, summary=summary)(shift)


fft = _one_axis("fft.fft", "Return the discrete Fourier transform along an axis.")
ifft = _one_axis("fft.ifft", "Return the inverse discrete Fourier transform along an axis.")
rfft = _one_axis("fft.rfft", "Return the discrete Fourier transform of real numbers along an axis.")
irfft = _one_axis("fft.irfft", "Return the inverse of `rfft` along an axis.")
hfft = _one_axis("fft.hfft", "Return the real transform of a Hermitian signal along an axis.")
ihfft = _one_axis("fft.ihfft", "Return the inverse of `hfft` along an axis.")
fftn = _several_axes("fft.fftn", "Return the discrete Fourier transform along several axes.")
ifftn = _several_axes("fft.ifftn", "Return the inverse of `fftn` along several axes.")
rfftn = _several_axes("fft.rfftn", "Return the transform of real numbers along several axes.")
irfftn = _several_axes("fft.irfftn", "Return the inverse of `rfftn` along several axes.")
fftshift = _shift("fft.fftshift", "Move the zero frequency to the center.")
ifftshift = _shift("fft.ifftshift", "Move the zero frequency back from the center.")


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
