"""The mode ``grad``: whether a function has a gradient that is finite and correct.

The result of a call is projected on random weights, which makes it one real number `F` of the real
floating-point arrays `x` among the arguments. The library's derivative of `F` at `x` in a random
direction `v` is compared with the central difference ``(F(x + h v) - F(x - h v)) / 2 h``.

Arguments of examples are often where functions have kinks: at zero, at ties, at whole numbers.
There the gradient is a convention and is not compared. At a kink the one-sided differences do not
approach each other when `h` decreases. Then the comparison is made at a point nearby.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends import Backend
from core.typing import Array
from sphinx_xpcaps.exceptions import exception_message
from sphinx_xpcaps.measure.modes.array_call import ArrayCall, InapplicableError, WrongResultError

_WIDE, _NARROW = 1e-4, 1e-5
"""Steps, relative to the arrays' elements."""
_NEARBY = 1e-2
"""Distance of the point nearby, relative to the arrays' elements."""
_TOLERANCE = 1e-3
"""Largest relative difference between a derivative and finite differences."""
_LONGEST_CALL = 2.0
"""A slower call, in seconds, is not made the dozen times that the comparison needs."""

Arrays = list[NDArray[Any]]


class NoGradientError(Exception):
    """The result changes with the arguments, but the gradient is zero or missing."""


@dataclass(frozen=True, slots=True)
class _Slope:
    """A derivative in a direction by finite differences, with its absolute tolerance."""

    value: float
    tolerance: float


def check_gradient(
    function: Callable[..., Any], backend: Backend, device: str
) -> Callable[..., Any]:
    """Return `function` with its gradient checked in each call.

    Raises
    ------
    InapplicableError
        The call has no real floating-point arrays among its arguments or none in its result, or
        it is not reproducible, or not smooth nearby.
    WrongResultError
        The function is smooth, and its gradient is not finite or differs from finite differences.
    NoGradientError
        The result changes with the arrays, and the gradient is zero.
    Exception
        Raised by the library when it computes the gradient.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        array_call = ArrayCall(function, args, kwargs, backend, _is_real)
        _Check(array_call, backend, device).run()
        return function(*args, **kwargs)

    return call


class _Check:
    """The comparison for one call."""

    def __init__(self, array_call: ArrayCall, backend: Backend, device: str) -> None:
        self.array_call = array_call
        self.backend = backend
        self.device = device
        self.random = np.random.default_rng(0)
        self.weights: Arrays = []

    def run(self) -> None:
        """Compare at the call's arrays; if these are at a kink or an extremum, nearby."""
        here = [self.backend.to_numpy(x).astype(np.float64) for x in self.array_call.arrays]
        if not here:
            raise InapplicableError("no argument is a real floating-point array")
        self.choose_weights(here)
        nearby = [x + _NEARBY * v for x, v in zip(here, self.direction(here), strict=True)]
        compared = False
        derivatives = self.gradient(here)  # at a kink too: it must not raise
        for point in (here, nearby):
            direction = self.direction(point)
            slope = self.slope(point, direction)
            if slope is None:
                continue
            _compare(derivatives if point is here else self.gradient(point), direction, slope)
            compared = True
            if abs(slope.value) > slope.tolerance:  # else a gradient of zero would agree too
                return
        if not compared:
            raise InapplicableError("it is not smooth near its arguments")

    def choose_weights(self, point: Arrays) -> None:
        """Choose the weights of the projection.

        Raises
        ------
        InapplicableError
            The call cannot be repeated, returns something else then, or takes too long.
        """
        began = time.monotonic()
        try:
            first = self.values(point)
            if time.monotonic() - began > _LONGEST_CALL:
                raise InapplicableError("a call takes too long to be repeated")
            second = self.values(point)
        except InapplicableError:
            raise
        except Exception as error:
            raise InapplicableError(
                f"it cannot be repeated in float64: {exception_message(error)}"
            ) from error
        if not first:
            raise InapplicableError("it returns no array of floating-point numbers")
        if len(first) != len(second) or not all(map(_equal, first, second)):
            raise InapplicableError("it is not reproducible")
        for value in first:
            weight = self.random.normal(size=value.shape)
            if value.dtype.kind == "c":
                weight = weight + 1j * self.random.normal(size=value.shape)
            self.weights.append(weight.astype(value.dtype))

    def direction(self, point: Arrays) -> Arrays:
        """Return a random direction in which each element changes by about its magnitude."""
        direction = []
        for x in point:
            largest = float(np.max(np.abs(x), initial=0.0, where=np.isfinite(x))) or 1.0
            size = np.where(np.isfinite(x), np.abs(x) + 1e-3 * largest, 0.0)
            direction.append(size * self.random.uniform(0.5, 1.0, x.shape) * self.signs(x.shape))
        return direction

    def signs(self, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return random signs."""
        return np.where(self.random.random(shape) < 0.5, -1.0, 1.0)

    def values(self, point: Arrays) -> Arrays:
        """Return the floating-point arrays in the result at a point."""
        return [self.backend.to_numpy(x) for x in self.inexact(self.array_call(self.arrays(point)))]

    def arrays(self, point: Arrays) -> list[Array]:
        """Return a point as new arrays of the library."""
        return [self.backend.from_numpy(x, self.device) for x in point]

    def inexact(self, found: Sequence[Array]) -> list[Array]:
        """Return the arrays that are floating-point, real or complex."""
        return [x for x in found if self.backend.dtype_name(x).startswith(("float", "complex"))]

    def gradient(self, point: Arrays) -> list[NDArray[Any] | None]:
        """Return the library's gradient of the projection at a point."""
        xp = self.backend.namespace()
        weights = self.arrays(self.weights)

        def projection(arrays: list[Array]) -> Array:
            found = self.inexact(self.array_call(arrays))
            if len(found) != len(weights):
                raise NoGradientError("it returns other arrays when it is differentiated")
            terms = [x * weight for x, weight in zip(found, weights, strict=True)]
            return sum(
                xp.sum(xp.real(term) if self.backend.dtype_name(term)[0] == "c" else term)
                for term in terms
            )

        derivatives = self.backend.gradient(projection, self.arrays(point))
        return [None if x is None else self.backend.to_numpy(x) for x in derivatives]

    def slope(self, point: Arrays, direction: Arrays) -> _Slope | None:
        """Return the derivative by finite differences, or None at a kink."""
        try:
            terms = self.terms(self.values(point))
            wide, narrow = (self.around(point, direction, step) for step in (_WIDE, _NARROW))
        except Exception:  # outside the domain of the function
            return None
        middle = float(np.sum(terms))
        if not np.all(np.isfinite([middle, *wide, *narrow])):
            return None
        kink_wide, kink_narrow = (
            abs(up - 2 * middle + down) / step
            for (up, down), step in ((wide, _WIDE), (narrow, _NARROW))
        )
        rough, fine = (
            (up - down) / (2 * step) for (up, down), step in ((wide, _WIDE), (narrow, _NARROW))
        )
        rounding = 64 * np.finfo(np.float64).eps * float(np.sum(np.abs(terms))) / _NARROW
        size = max(abs(rough), abs(fine))
        if kink_narrow > max(0.3 * kink_wide, _TOLERANCE * size) + rounding:
            return None
        if abs(rough - fine) > 10 * _TOLERANCE * size + rounding:
            return None
        return _Slope(fine, _TOLERANCE * size + 10 * abs(rough - fine) + rounding)

    def around(self, point: Arrays, direction: Arrays, step: float) -> tuple[float, float]:
        """Return the projection one step forward and one step backward."""
        forward, backward = (
            [x + sign * step * v for x, v in zip(point, direction, strict=True)] for sign in (1, -1)
        )
        up, down = (float(np.sum(self.terms(self.values(x)))) for x in (forward, backward))
        return up, down

    def terms(self, values: Arrays) -> NDArray[Any]:
        """Return the terms of the projection, which is their sum."""
        pairs = zip(values, self.weights, strict=True)
        return np.concatenate([np.real(value * weight).ravel() for value, weight in pairs])


def _compare(derivatives: list[NDArray[Any] | None], direction: Arrays, slope: _Slope) -> None:
    pairs = list(zip(derivatives, direction, strict=True))
    along = float(sum(np.sum(d * v) for d, v in pairs if d is not None))
    if not np.isfinite(along):
        raise WrongResultError("the gradient is not finite where the function is smooth")
    if abs(along - slope.value) <= slope.tolerance:
        return
    if not any(d is not None and np.any(d) for d in derivatives):
        raise NoGradientError(
            "the result changes with the arguments, but the gradient is zero or missing"
        )
    raise WrongResultError(
        f"a derivative is {along:.3g} where finite differences give {slope.value:.3g}"
    )


def _is_real(dtype: str) -> bool:
    return dtype.startswith("float")


def _equal(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
