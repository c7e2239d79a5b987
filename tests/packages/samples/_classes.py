"""Classes to measure, and functions of their instances."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace


@dataclass
class Fitted:
    """The result of fitting."""

    center: object


class Scaler:
    """Centre and scale data.

    Examples
    --------
    >>> scaler = Scaler(2.0)
    >>> scaler.fit(np.asarray([1.0, 3.0])).center
    2.0
    >>> scaler.transform(np.asarray([4.0, 5.0]))
    """

    def __init__(self, factor):
        self.factor = factor
        self.center = None

    def fit(self, x):
        """Compute the centre."""
        self.center = array_namespace(x).mean(x)
        return Fitted(self.center)

    def transform(self, x):
        """Move and scale."""
        return (x - self.center) * self.factor


class Pair:
    """Two arrays of one library."""

    def __init__(self, first, second):
        self.namespace = array_namespace(first, second)
        self.first, self.second = first, second


class Line:
    """A callable object that accepts NumPy arrays only.

    Examples
    --------
    >>> line = Line(np.asarray([1.0, 2.0]))
    >>> line(np.asarray([3.0, 4.0]))
    """

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, x):
        if not isinstance(x, np.ndarray):
            raise TypeError("only NumPy's arrays")
        return self.slope * x


def adds(pair):
    """Accept an object with the namespace of the arrays that it was created with.

    Examples
    --------
    >>> pair = Pair(np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0]))
    >>> adds(pair)
    """
    return pair.namespace.add(pair.first, pair.second)


class Opaque:
    """An object without public attributes."""

    __slots__ = ("_x",)

    def __init__(self, x):
        self._x = lambda: x


def hides(x):
    """Return an object that shows no arrays.

    Examples
    --------
    >>> hides(np.asarray([1.0]))
    """
    return Opaque(x)
