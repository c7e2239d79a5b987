"""A package with functions that work with all, some or no array libraries."""

import numpy as np
from array_api_compat import array_namespace

LIMIT = 3
"""A number."""

square = np.square


def double(x):
    """Return each element multiplied by two.

    Parameters
    ----------
    x : array_like
        Numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from smallpkg import double
    >>> double(np.asarray([1.0, 2.0]))
    array([2., 4.])
    """
    return array_namespace(x).asarray(x) * 2


def through_numpy(x):
    """Return a NumPy array.

    Examples
    --------
    >>> import numpy as np
    >>> from smallpkg import through_numpy
    >>> through_numpy(np.asarray([1.0, 2.0]))
    array([1., 2.])
    """
    return np.asarray(x)


def without_example(*, hint):
    """Raise an error; the docstring has no example."""
    raise ValueError(hint)


class Scaler:
    """Scales arrays.

    Parameters
    ----------
    by : float
        The factor.
    """

    def __init__(self, by):
        self.by = by

    def apply(self, x):
        """Return the scaled array.

        Examples
        --------
        >>> import numpy as np
        >>> from smallpkg import Scaler
        >>> Scaler(3.0).apply(np.asarray([1.0, 2.0]))
        array([3., 6.])
        """
        return x * self.by
