"""Functions to measure, one for each way in which measured functions behave."""

from collections import namedtuple

import numpy as np
from array_api_compat import array_namespace

# ruff: noqa: F401
from samples._classes import Fitted, Line, Opaque, Pair, Scaler, adds, hides
from samples._misbehaving import exits, exits_elsewhere, loops, loops_elsewhere, prints

Moments = namedtuple("Moments", ["mean", "spread"])


def portable(x):
    """Work with all libraries.

    Examples
    --------
    >>> import numpy as np
    >>> portable(np.asarray([1.0, 2.0]))
    array([2., 4.])
    """
    return x + x


def through_numpy(x):
    """Convert to NumPy and back.

    Examples
    --------
    >>> through_numpy(np.asarray([1.0, 4.0]))
    """
    xp = array_namespace(x)
    return xp.asarray(np.sqrt(np.asarray(x)))


def numpy_only(x):
    """Return a NumPy array for arrays of all libraries.

    Examples
    --------
    >>> numpy_only(np.asarray([1.0, 4.0]))
    """
    return np.sqrt(np.asarray(x))


def branches(x):
    """Depend on the value of an element.

    Examples
    --------
    >>> branches(np.asarray([1.0, 4.0]))
    """
    return x if bool(x[0] > 0) else -x


def mean(x):
    """Return the mean, which some libraries compute for floats only.

    Examples
    --------
    >>> mean(np.asarray([1, 4]))
    """
    return array_namespace(x).mean(x)


def widens(x):
    """Return float64 arrays for all libraries except NumPy.

    Examples
    --------
    >>> widens(np.asarray([1.0, 4.0]))
    """
    xp = array_namespace(x)
    return x if isinstance(x, np.ndarray) else xp.astype(x, xp.float64)


def off_by_one(x):
    """Return wrong values for all libraries except NumPy.

    Examples
    --------
    >>> off_by_one(np.asarray([1.0, 4.0]))
    """
    return x if isinstance(x, np.ndarray) else x + 1


def moments(x, *, scale=None):
    """Return a named tuple; accept a scale with NumPy only.

    Examples
    --------
    >>> moments(np.asarray([1.0, 4.0]))
    >>> moments(np.asarray([1.0, 4.0]), scale=2.0)
    """
    xp = array_namespace(x)
    if scale is not None and not isinstance(x, np.ndarray):
        raise NotImplementedError("no scale here")
    return Moments(xp.mean(x), xp.std(x))


def noise(x):
    """Add noise.

    Examples
    --------
    >>> noise(np.asarray([1.0, 4.0]))
    """
    return x + np.random.random()


def window(n, *, xp=None, device=None):
    """Return an array of a size.

    Examples
    --------
    >>> window(5)
    """
    xp = np if xp is None else xp
    return xp.ones(n, device=device)


def array_like(x, axis=None):
    """Accept lists.

    Parameters
    ----------
    x : array_like
        Values.
    axis : tuple of ints, optional
        Axes.

    Examples
    --------
    >>> array_like([[1.0, 2.0], [3.0, 4.0]], axis=(0, 1))
    """
    xp = array_namespace(x) if not isinstance(x, list) else np
    return xp.sum(xp.asarray(x), axis=axis)


def no_example(x):
    """Have no example, but a documented parameter.

    Parameters
    ----------
    x : array_like
        Values.
    """
    return x * 2


def no_case(path):
    """Have neither an example nor a documented parameter."""
    return path.read_text()


def applies(function, x):
    """Call a function that the example defines.

    Examples
    --------
    >>> applies(lambda t: np.cos(t), np.asarray([0.0, 1.0]))
    """
    return function(x)


def applies_numpy(function, x):
    """Call a function that not all libraries have.

    Examples
    --------
    >>> applies_numpy(np.nanpercentile, np.asarray([1.0, 2.0]))
    """
    return x * function(x, 50)


def real_only(x):
    """Refuse complex arrays of all libraries except NumPy.

    Examples
    --------
    >>> real_only(np.asarray([1.0 + 2.0j]))
    """
    if not isinstance(x, np.ndarray) and "complex" in str(x.dtype):
        raise TypeError("only real numbers")
    return x


def plain_only(x, *, fast=False):
    """Have an option that all examples give and only NumPy supports.

    Examples
    --------
    >>> plain_only(np.asarray([1.0]), fast=True)
    """
    if fast and not isinstance(x, np.ndarray):
        raise NotImplementedError("never fast here")
    return x


def numbers(a, b):
    """Accept floats and return one.

    Parameters
    ----------
    a, b : float
        Numbers.

    Examples
    --------
    >>> numbers(1.0, 2.0)
    """
    return a * b


def numbers_only(a):
    """Accept a float and return a Python float.

    Parameters
    ----------
    a : float
        A number.

    Examples
    --------
    >>> numbers_only(1.0)
    """
    return float(a) + 1


def in_place(x):
    """Double the argument in place and return nothing.

    Examples
    --------
    >>> in_place(np.asarray([1.0, 2.0]))
    """
    x *= 2


def forgets_in_place(x):
    """Double the argument in place for NumPy only.

    Examples
    --------
    >>> forgets_in_place(np.asarray([1.0, 2.0]))
    """
    if isinstance(x, np.ndarray):
        x *= 2


def roots(x):
    """Return real numbers with NumPy and complex numbers without imaginary part else.

    Examples
    --------
    >>> roots(np.asarray([1.0, 4.0]))
    """
    return x if isinstance(x, np.ndarray) else x + 0j


def draws(x, rng):
    """Use a random generator that is inside a container.

    Examples
    --------
    >>> draws(np.asarray([1.0, 2.0]), {"rng": np.random.default_rng(0)})
    """
    return x + float(rng["rng"].random())


def taller(x):
    """Accept a matrix of the documented shape only.

    Parameters
    ----------
    x : array_like, shape (n + 1, n)
        A matrix.
    """
    if x.shape[0] != x.shape[1] + 1:
        raise ValueError("wrong shape")
    return x


def determinant(x):
    """Call a function that some libraries do not have.

    Examples
    --------
    >>> determinant(np.asarray([[1.0, 4.0], [2.0, 3.0]]))
    """
    xp = array_namespace(x)
    return xp.sqrt(xp.abs(xp.linalg.det(x)))
