"""Functions that hide from a trace what they do."""

import numpy as np
from array_api_compat import array_namespace


def item(x):
    return np.sort(x)


def ordered(x):
    """Call a function that has the name of one of ours.

    Examples
    --------
    >>> ordered(np.asarray([3.0, 1.0]))
    """
    from core import lazy_apply

    return lazy_apply(item, x, as_numpy=True) + 1


def lenient(x):
    """Ask for a value, and do something else where that is refused.

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
    """Put a value into an array of NumPy.

    Examples
    --------
    >>> filled(np.asarray([3.0, 1.0]))
    """
    result = np.zeros(3)
    result[0] = x[0]
    return result


def explained(x):
    """Raise an error of its own where a value is no number.

    Examples
    --------
    >>> explained(np.asarray([3.0, 1.0]))
    """
    try:
        shift = float(x[0])
    except TypeError as error:
        raise ValueError("the first element is no number") from error
    return x + shift


def gathered(first, *others, scale=1):
    """Take any number of arrays.

    Examples
    --------
    >>> gathered(np.asarray([3.0, 1.0]), np.asarray([1.0, 2.0]))
    """
    return first + sum(others) * scale


def refused(x):
    """Refuse a library, with or without the function that it lacks.

    Examples
    --------
    >>> refused(np.asarray([[3.0, 1.0], [1.0, 2.0]]))
    """
    if type(x).__module__.startswith("dask"):
        raise TypeError("dask arrays are not supported")
    return array_namespace(x).linalg.det(x)


def length(x):
    """Return a number that is known without values.

    Examples
    --------
    >>> length(np.asarray([3.0, 1.0]))
    """
    return x.shape[0] * 2
