from collections.abc import Mapping

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj


def scaled(x, width):
    """Divide by a number, which must stay a number.

    Parameters
    ----------
    x : array_like
    width : float or sequence

    Examples
    --------
    >>> scaled(np.array([1.5, 2.5]), 4)
    """
    if is_array_api_obj(width) and not isinstance(width, np.ndarray):
        raise TypeError("width must be a number")
    return x / float(np.asarray(width))


def ratio(a, b):
    """Return a float that is computed in the default dtype of the library.

    Examples
    --------
    >>> ratio(np.array([1, 2, 3]), np.array([3, 7, 9]))
    """
    xp = array_namespace(a, b)
    return float(xp.mean(xp.divide(a, b)))


def invert(a):
    """Invert a singular matrix of whole numbers, whose inverse is rounding.

    Examples
    --------
    >>> _ = invert(np.array([[2, 4, 6], [2, 0, 2], [6, 8, 14]]))
    """
    return array_namespace(a).linalg.inv(a * 1.0)


def product(arrays):
    """Multiply arrays.

    Parameters
    ----------
    arrays : ndarray list
    """
    if not isinstance(arrays, list):
        raise TypeError("a list is needed")
    return arrays[0] * arrays[1]


def grid(xp, n):
    """Return an array of a size.

    Examples
    --------
    >>> grid(np, 3)
    """
    return xp.linspace(0.0, n - 1.0, n)


class Bundle(Mapping):
    """A mapping whose iteration gives values.

    Examples
    --------
    >>> b = bundle(np.array([1.0, 2.0]))
    """

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __getitem__(self, i):
        return (self.a, self.b)[i]

    def __iter__(self):
        yield self.a
        yield self.b

    def __len__(self):
        return 2


def bundle(x):
    """Return a mapping.

    Examples
    --------
    >>> b = bundle(np.array([1.0, 2.0]))
    """
    return Bundle(x + 1, x * 2)


class Hidden:
    """An object that holds its array privately."""

    def __init__(self, q):
        self._q = q


def hidden(q):
    """Return an object that holds its array privately.

    Examples
    --------
    >>> h = hidden(np.array([1.0, 2.0]))
    """
    return Hidden(q)


def returned(entries):
    """Return lists as they came in.

    Examples
    --------
    >>> returned([[1, 2, 3], [4, 5, 6]])
    """
    return list(enumerate(entries))


def indexed(x):
    """Refuse integers in two dimensions for all libraries except NumPy.

    Examples
    --------
    >>> indexed(np.array([1.5, 2.5]))
    >>> indexed(np.array([[1, 2]]))
    >>> indexed(np.array([1, 2]))
    """
    if x.ndim == 2 and "int" in str(x.dtype) and not isinstance(x, np.ndarray):
        raise TypeError("no integers in two dimensions")
    return x + 1


class ellipse:
    """An ellipse, which other libraries than NumPy cannot create with ``kind="host"``.

    Examples
    --------
    >>> ellipse(np.array([1.0, 2.0]), kind="host").double()
    >>> ellipse(np.array([1.0, 2.0])).double(degrees=False)
    """

    def __init__(self, x, kind=""):
        if kind == "host" and not isinstance(x, np.ndarray):
            raise TypeError("no such kind here")
        self.x = x

    def double(self, degrees=True):
        """Double the axes."""
        return self.x * 2


def seeded(x, seed=0):
    """Add noise from the global state of NumPy, in another way for other libraries.

    Examples
    --------
    >>> seeded(np.array([1.0, 2.0]), seed=3)
    """
    start = seed if isinstance(x, np.ndarray) else seed + 1000
    return x + float(np.random.default_rng(start).random())


def orthonormal(x):
    """Return singular vectors, with other signs for other libraries than NumPy.

    Examples
    --------
    >>> orthonormal(np.array([[1.0, 2.0], [3.0, 4.5]]))
    """
    u = array_namespace(x).linalg.svd(x)[0]
    return u if isinstance(x, np.ndarray) else -u


def options(x, weights=None):
    """Depend on values without the optional array.

    Parameters
    ----------
    x : array_like
    weights : array_like, optional
    """
    if weights is None:
        float(x[0, 0])
        weights = x
    return x + weights


def undescribed(z: "FloatArray", w: "float | FloatArray"):  # noqa: F821
    """Multiply.

    Args:
        z: Values.
        w: Weights.
    """
    return z * w


def limited(x, also=None, metric="any"):
    """Work with NumPy alone if ``metric="host"``.

    Examples
    --------
    >>> limited(np.array([1.0, 2.0]), np.array([1.0, 2.0]), metric="host")
    >>> limited(np.array([1.0, 2.0]))
    """
    also = 0 if also is None else also
    return np.asarray(x) + np.asarray(also) if metric == "host" else x + also


class Stack:
    """Support operators.

    Examples
    --------
    >>> stack = Stack(np.asarray([[1.0, 2.0], [3.0, 4.5]]))
    >>> stack[1:]
    >>> stack @ np.asarray([1.0, 2.0])
    >>> 2.0 * stack
    """

    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, index):
        """Return rows."""
        return self.rows[index]

    def __matmul__(self, other):
        """Multiply by a vector."""
        return self.rows @ other

    def added(self, other: "FloatArray"):  # noqa: F821
        """Add an array of the same shape."""
        if other.shape != self.rows.shape:
            raise ValueError("wrong shape")
        return self.rows + other

    def __rmul__(self, factor):
        """Multiply by a number."""
        return self.rows * factor


def window(x, width):
    """Divide by the width.

    Parameters
    ----------
    x : array_like
    width : scalar or sequence of scalars
    """
    return x / float(width)


class Labelled:
    """Holds an array, and converts it to NumPy for one of its properties.

    Examples
    --------
    >>> Labelled(np.array([1.5, 2.5])).doubled()
    """

    def __init__(self, data):
        self._data = data

    @property
    def data(self):
        """The array."""
        return self._data

    @property
    def values(self):
        """The array as a NumPy array."""
        return np.asarray(self._data)

    def doubled(self):
        """Return another object."""
        return type(self)(self._data * 2)


class Marked(Labelled):
    """Has no example.

    Parameters
    ----------
    data : array_like
    """

    @classmethod
    def ones(cls, like):
        """Return an object that holds ones.

        Parameters
        ----------
        like : array_like
        """
        return cls(array_namespace(like).ones_like(like))


def diagonal(x):
    """Return a sparse matrix of SciPy for NumPy, and one of PyTorch for PyTorch.

    Examples
    --------
    >>> diagonal(np.array([1.0, 2.0]))
    """
    if isinstance(x, np.ndarray):
        from scipy import sparse

        return sparse.diags(x)
    import torch

    return torch.diag(x).to_sparse()


def reordered(x):
    """Return the elements; their order is undefined.

    Examples
    --------
    >>> reordered(np.array([1.0, 3.0, 2.0]))
    """
    xp = array_namespace(x)
    return xp.sort(x) if isinstance(x, np.ndarray) else xp.flip(xp.sort(x))


def rescaled(x, low=None, high=None):
    """Return scaled values; arrays as limits are for NumPy only.

    Examples
    --------
    >>> rescaled(np.array([1.0, 3.0]))
    >>> rescaled(np.array([1.0, 3.0]), np.array([0.5, 0.5]), np.array([4.0, 4.0]))
    """
    if any(is_array_api_obj(y) and not isinstance(y, np.ndarray) for y in (low, high)):
        raise TypeError("limits must be numbers")
    return (x - (0.0 if low is None else low)) * (1.0 if high is None else high)


def counted(x):
    """Return an array of objects, which only NumPy has.

    Examples
    --------
    >>> counted(np.array([1.0, 2.0]))
    """
    return np.frompyfunc(lambda each: each + 1, 1, 1)(np.asarray(x))
