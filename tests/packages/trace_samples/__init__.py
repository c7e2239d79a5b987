"""Functions that are difficult to trace."""

import numpy as np
from array_api_compat import array_namespace


def item(x):
    return np.sort(x)


def ordered(x):
    """Call a function with the name of an internal function of `core`.

    Examples
    --------
    >>> ordered(np.asarray([3.0, 1.0]))
    """
    from core import lazy_apply

    return lazy_apply(item, x, as_numpy=True) + 1


def lenient(x):
    """Convert an element, and catch the error if that is impossible.

    Examples
    --------
    >>> lenient(np.asarray([3.0, 1.0]))
    """
    try:
        shift = int(x[0])
    except TypeError:
        shift = 1
    return x + shift


def filled(x):
    """Set an element of a NumPy array.

    Examples
    --------
    >>> filled(np.asarray([3.0, 1.0]))
    """
    result = np.zeros(3)
    result[0] = x[0]
    return result


def explained(x):
    """Raise another error if an element cannot be converted.

    Examples
    --------
    >>> explained(np.asarray([3.0, 1.0]))
    """
    try:
        shift = float(x[0])
    except TypeError as error:
        raise ValueError("the first element is not a number") from error
    return x + shift


def gathered(first, *others, scale=1):
    """Accept any number of arrays.

    Examples
    --------
    >>> gathered(np.asarray([3.0, 1.0]), np.asarray([1.0, 2.0]))
    """
    return first + sum(others) * scale


def refused(x):
    """Refuse a library, for another reason than a function that it lacks.

    Examples
    --------
    >>> refused(np.asarray([[3.0, 1.0], [1.0, 2.0]]))
    """
    if type(x).__module__.startswith("dask"):
        raise TypeError("dask arrays are not supported")
    return array_namespace(x).linalg.det(x)


def length(x):
    """Return a number that depends on the shape only.

    Examples
    --------
    >>> length(np.asarray([3.0, 1.0]))
    """
    return x.shape[0] * 2
