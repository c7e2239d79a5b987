"""Functions to measure in the modes grad, vmap and jit."""

import numpy as np
from array_api_compat import array_namespace


def _detached(x):
    """Return `x` without its gradient."""
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
    """Be differentiable.

    Examples
    --------
    >>> square(np.asarray([1.0, 4.0]))
    """
    return x * x


def of_integers(x):
    """Be differentiable, with an example of integers.

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
    """Have a kink at the arguments of the example.

    Examples
    --------
    >>> magnitude(np.asarray([-1.0, 0.0, 1.0]))
    """
    return array_namespace(x).abs(x)


def distance(x):
    """Have an infinite derivative at the arguments of the example.

    Examples
    --------
    >>> distance(np.asarray([0.0, 0.0]))
    """
    return array_namespace(x).sqrt(x)


def steps(x):
    """Be constant except for jumps at the arguments of the example.

    Examples
    --------
    >>> steps(np.asarray([1.0, 2.0]))
    """
    return array_namespace(x).floor(x)


def balanced(x, y):
    """Refuse arrays with different sums.

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
    """Have no gradient.

    Examples
    --------
    >>> cut_off(np.asarray([1.0, 4.0]))
    """
    return _detached(x) * 2.0


def half(x):
    """Have half of the right gradient.

    Examples
    --------
    >>> half(np.asarray([1.0, 4.0]))
    """
    return x * _detached(x)


def guarded(x):
    """Have a gradient that is NaN at some arguments where the function is smooth.

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
    """Depend on the value of an element.

    Examples
    --------
    >>> branches(np.asarray([1.0, 4.0]))
    """
    return x if bool(x[0] > 0) else -x


def differs_when_mapped(x):
    """Return other values when mapped over an axis.

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
