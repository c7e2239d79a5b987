"""Functions with right and wrong declarations, written in different ways."""

import numpy as np

from core.testing import Table, capabilities

table = Table()

NAMED = [("jax", "the list has a name"), ("torch", "never tried")]


def declares(**keywords):
    """Declare in the table of this package."""
    return capabilities(capabilities_table=table, **keywords)


unsupported = declares(np_only=True)


@declares(jax_jit=False, allow_dask_compute=True)
def honest(x):
    """Depend on the value of an element.

    Examples
    --------
    >>> honest(np.asarray([1.0, 4.0]))
    """
    return x if bool(x[0] > 0) else -x


@declares(
    cpu_only=True,  # nobody tried
    exceptions=["cupy"],
)
def looks(x):
    """Depend on the value of an element, and be declared lazy.

    Examples
    --------
    >>> looks(np.asarray([1.0, 4.0]))
    """
    return x if bool(x[0] > 0) else -x


@declares(np_only=True, reason='compiled code', exceptions=['torch'])  # fmt: skip
def works(x):
    """Work with all libraries.

    Examples
    --------
    >>> works(np.asarray([1.0, 4.0]))
    """
    return x + x


@declares(
    skip_backends=[
        ("torch", "slow"),
        ("jax", "réductions"),  # once there were none
        ("array-api-strict", "no such dtype"),
    ],
    allow_dask_compute=2,
)
def skips(x):
    """Work with all libraries, with a declared list of exceptions.

    Examples
    --------
    >>> skips(np.asarray([1.0, 4.0]))
    """
    return x * x


@declares()
def to_numpy(x):
    """Return a NumPy array for arrays of all libraries.

    Examples
    --------
    >>> to_numpy(np.asarray([1.0, 4.0]))
    """
    return np.sqrt(np.asarray(x))


@declares()
def sometimes(x, *, raising=False):
    """Work in some cases.

    Examples
    --------
    >>> sometimes(np.asarray([1.0, 4.0]))
    >>> sometimes(np.asarray([1.0, 4.0]), raising=True)
    """
    if raising and not isinstance(x, np.ndarray):
        raise TypeError("not with raising")
    return x + x


def undeclared(x):
    """Work with all libraries, without a declaration.

    Examples
    --------
    >>> undeclared(np.asarray([1.0, 4.0]))
    """
    return x + x


@declares(out_of_scope=True)
def out_of_scope(x):
    """Work with all libraries, and be declared out of scope.

    Examples
    --------
    >>> out_of_scope(np.asarray([1.0, 4.0]))
    """
    return x + x


@unsupported
def shares(x):
    """Work with all libraries, with a decorator that other functions share.

    Examples
    --------
    >>> shares(np.asarray([1.0, 4.0]))
    """
    return x + x


@declares(skip_backends=NAMED)
def names(x):
    """Work with all libraries, with a declaration that is a name.

    Examples
    --------
    >>> names(np.asarray([1.0, 4.0]))
    """
    return x + x


@declares()
def without_case(x):
    """Have no example and no documented parameter."""
    return x.nothing_has_this()


plain = {
    looks: {"jax_jit": True, "cpu_only": True},
    works: {"skip_backends": [("jax.numpy", "no reason")], "allow_dask_compute": True},
}
"""A table of keywords in which backends have the names of their namespaces."""

broken = {works: {"skip_backends": [("theano", "gone")]}}
