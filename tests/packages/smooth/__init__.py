"""Functions of which a gradient can be asked, and mapping over an axis, and one graph."""

import numpy as np
from array_api_compat import array_namespace


def _detached(x):
    """Return `x` as what no gradient flows through."""
    if isinstance(x, np.ndarray):
        return x
    if hasattr(x, "detach"):
        return x.detach()
    from jax.lax import stop_gradient

    return stop_gradient(x)


def _is_mapped(x):
    if type(x).__name__ == "BatchTracer":
        return True
    if not hasattr(x, "detach"):
        return False
    import torch

    return torch._C._functorch.is_batchedtensor(x)


def square(x):
    """Be smooth.

    Examples
    --------
    >>> square(np.asarray([1.0, 4.0]))
    """
    return x * x


def of_integers(x):
    """Be smooth, with an example of integers.

    Examples
    --------
    >>> of_integers(np.asarray([1, 4]))
    """
    return x * x


def spectrum(x):
    """Return complex numbers.

    Examples
    --------
    >>> spectrum(np.asarray([1.0, 4.0, 2.0]))
    """
    return array_namespace(x).fft.fft(x)


def magnitude(x):
    """Have a kink where the example is.

    Examples
    --------
    >>> magnitude(np.asarray([-1.0, 0.0, 1.0]))
    """
    return array_namespace(x).abs(x)


def distance(x):
    """Have a slope without end where the example is.

    Examples
    --------
    >>> distance(np.asarray([0.0, 0.0]))
    """
    return array_namespace(x).sqrt(x)


def steps(x):
    """Be flat everywhere, and jump where the example is.

    Examples
    --------
    >>> steps(np.asarray([1.0, 2.0]))
    """
    return array_namespace(x).floor(x)


def balanced(x, y):
    """Refuse arrays that do not add up to the same.

    Examples
    --------
    >>> balanced(np.asarray([1.0, 4.0]), np.asarray([2.0, 3.0]))
    """
    xp = array_namespace(x)
    if bool(abs(xp.sum(x) - xp.sum(y)) > 1e-9):
        raise ValueError("the sums differ")
    return x * y


def positions(x):
    """Return integers.

    Examples
    --------
    >>> positions(np.asarray([3.0, 1.0, 2.0]))
    """
    return array_namespace(x).argsort(x)


def cut_off(x):
    """Let no gradient through.

    Examples
    --------
    >>> cut_off(np.asarray([1.0, 4.0]))
    """
    return _detached(x) * 2.0


def half(x):
    """Let through half of the gradient.

    Examples
    --------
    >>> half(np.asarray([1.0, 4.0]))
    """
    return x * _detached(x)


def guarded(x):
    """Look right, with a gradient that is no number where the guard holds.

    Examples
    --------
    >>> guarded(np.asarray([-1.0, 4.0]))
    """
    xp = array_namespace(x)
    return xp.where(x > 0, xp.sqrt(x), xp.zeros_like(x))


def through_numpy(x):
    """Convert to NumPy and back.

    Examples
    --------
    >>> through_numpy(np.asarray([1.0, 4.0]))
    """
    return array_namespace(x).asarray(np.asarray(x) * 2)


def branches(x):
    """Look at a value.

    Examples
    --------
    >>> branches(np.asarray([1.0, 4.0]))
    """
    return x if bool(x[0] > 0) else -x


def differs_when_mapped(x):
    """Give something else for each of several.

    Examples
    --------
    >>> differs_when_mapped(np.asarray([1.0, 4.0]))
    """
    return x + 1 if _is_mapped(x) else x


def noise(x):
    """Add noise.

    Examples
    --------
    >>> noise(np.asarray([1.0, 4.0]))
    """
    return x + np.random.random()
