"""Fourier transforms: the length along transformed axes may change, and the kind of number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.lazy import dtypes
from core.lazy.array import LazyArray, make
from core.lazy.operation import Operation, define
from core.lazy.spec import axes_of, axis_index
from core.lazy.standard.inputs import traced
from core.lazy.standard.making import created, creation
from core.lazy.standard.registry import standard


def _half(n: int | None) -> int | None:
    return None if n is None else n // 2 + 1


def _double(n: int | None) -> int | None:
    return None if n is None else 2 * (n - 1)


def _result(x: LazyArray, real: bool) -> dtypes.DType:
    dtype = dtypes.floating(x.dtype, x.backend)
    return dtypes.real_of(dtype) if real else dtypes.complex_of(dtype)


def _one(name: str, summary: str) -> Any:
    """Make a transform along one axis."""
    op = define(Operation(f"fft.{name}", "fft"))
    real_result = name in ("irfft", "hfft")

    def function(
        x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
    ) -> LazyArray:
        x = traced(x)
        where = axis_index(axis, x.ndim)
        length = x.shape[where] if n is None else n
        if name in ("rfft", "ihfft"):
            length = _half(length)
        elif name in ("irfft", "hfft") and n is None:
            length = _double(length)
        kwargs: dict[str, Any] = {} if n is None else {"n": n}
        shape = (*x.shape[:where], length, *x.shape[where + 1 :])
        _options(kwargs, axis, -1, norm)
        return make(op, (x,), kwargs, x._spec.with_(shape=shape, dtype=_result(x, real_result)))

    return _named(function, name, summary)


def _many(name: str, summary: str) -> Any:
    """Make a transform along several axes."""
    op = define(Operation(f"fft.{name}", "fft"))

    def function(
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
        shape = list(x.shape)
        lengths = [shape[axis] for axis in where] if s is None else list(s)
        if len(lengths) != len(where):
            raise ValueError(f"fft.{name}: {len(lengths)} lengths for {len(where)} axes")
        if lengths and name == "rfftn":
            lengths[-1] = _half(lengths[-1])
        elif lengths and name == "irfftn" and s is None:
            lengths[-1] = _double(lengths[-1])
        for axis, length in zip(where, lengths, strict=True):
            shape[axis] = length
        kwargs: dict[str, Any] = {} if s is None else {"s": tuple(s), "axes": where}
        if axes is not None:
            kwargs["axes"] = tuple(axes)
        _options(kwargs, None, None, norm)
        result = x._spec.with_(shape=tuple(shape), dtype=_result(x, name == "irfftn"))
        return make(op, (x,), kwargs, result)

    return _named(function, name, summary)


def _options(kwargs: dict[str, Any], axis: Any, default: Any, norm: str) -> None:
    if norm not in ("backward", "ortho", "forward"):
        raise ValueError(f'fft: norm is "backward", "ortho" or "forward", not {norm!r}')
    if axis != default:
        kwargs["axis"] = axis
    if norm != "backward":
        kwargs["norm"] = norm


def _shift(name: str, summary: str) -> Any:
    op = define(Operation(f"fft.{name}", "manipulation"))

    def function(x: Any, /, *, axes: Any = None) -> LazyArray:
        x = traced(x)
        axes_of(axes, x.ndim)
        return make(op, (x,), None if axes is None else {"axes": axes}, x._spec)

    return _named(function, name, summary)


def _named(function: Any, name: str, summary: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = summary
    return standard("fft")(function)


fft = _one("fft", "Return the Fourier transform along an axis.")
ifft = _one("ifft", "Return the inverse Fourier transform along an axis.")
rfft = _one("rfft", "Return the Fourier transform of real numbers along an axis.")
irfft = _one("irfft", "Return the inverse of `rfft` along an axis.")
hfft = _one("hfft", "Return the real Fourier transform of a Hermitian signal along an axis.")
ihfft = _one("ihfft", "Return the inverse of `hfft` along an axis.")
fftn = _many("fftn", "Return the Fourier transform along several axes.")
ifftn = _many("ifftn", "Return the inverse Fourier transform along several axes.")
rfftn = _many("rfftn", "Return the Fourier transform of real numbers along several axes.")
irfftn = _many("irfftn", "Return the inverse of `rfftn` along several axes.")
fftshift = _shift("fftshift", "Move the zero frequency to the middle.")
ifftshift = _shift("ifftshift", "Move the zero frequency back from the middle.")


@creation("fft")
def fftfreq(
    backend: str | None, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None
) -> LazyArray:
    """Return the frequencies of `fft` of `n` points that are `d` apart."""
    return created("fft.fftfreq", backend, (n,), (n,), dtype, device, d=d)


@creation("fft")
def rfftfreq(
    backend: str | None, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None
) -> LazyArray:
    """Return the frequencies of `rfft` of `n` points that are `d` apart."""
    return created("fft.rfftfreq", backend, (n,), (n // 2 + 1,), dtype, device, d=d)
