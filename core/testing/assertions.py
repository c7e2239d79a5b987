"""Assertions on two arrays of any library: namespace, device, dtype, shape and values."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypedDict, Unpack

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from core.backends import Backend, backends, get_backend, library_of
from core.testing.targets import current_target, expected_namespace
from core.typing import Array, Device, Namespace

_EPS = {"bfloat16": 2.0**-7}
"""The machine epsilon of dtypes that NumPy does not have."""


class Checks(TypedDict, total=False):
    """Options of the assertions: what is compared besides the values.

    Parameters
    ----------
    check_namespace : bool, default: True
        Whether both must be arrays of the expected library.
    check_device : bool, default: True
        Whether both must be on the same device.
    check_dtype : bool, default: True
        Whether both must have the same dtype. The computed values of a graph must then have the
        dtype of the graph.
    check_shape : bool, default: True
        Whether both must have the same shape. Otherwise `desired` is broadcast to the shape of
        `actual`.
    check_scalar : bool, default: False
        Whether NumPy scalars differ from zero-dimensional arrays.
    xp : namespace, optional
        The expected library. Default: that of `default_xp`, else that of the fixture ``xp`` in
        the running test, else that of `desired`.
    """

    check_namespace: bool
    check_device: bool
    check_dtype: bool
    check_shape: bool
    check_scalar: bool
    xp: Namespace


def assert_close(
    actual: Array,
    desired: Array,
    *,
    rtol: float | None = None,
    atol: float = 0.0,
    equal_nan: bool = True,
    err_msg: str = "",
    verbose: bool = True,
    **checks: Unpack[Checks],
) -> None:
    """Raise unless two arrays are equal within ``atol + rtol * abs(desired)``.

    Parameters
    ----------
    actual : array
        What the tested function returned.
    desired : array
        What it should return.
    rtol : float, optional
        Relative tolerance. Default: ``4 * sqrt(eps)`` of the dtype of `actual`, or 1e-7 if that
        is not a floating dtype.
    atol : float
        Absolute tolerance.
    equal_nan : bool
        Whether NaN equals NaN.
    err_msg : str
        The message if the assertion fails.
    verbose : bool
        Whether the message shows the values.
    **checks
        What else is compared: `Checks`.

    Raises
    ------
    AssertionError
        If the arrays differ. The message names the difference.

    See Also
    --------
    assert_equal : Raise unless the values are equal.
    assert_close_nulp : Compare with a tolerance in units in the last place.

    Notes
    -----
    Each graph is computed once for the comparison; the graphs themselves do not change. Of arrays
    without values, as on PyTorch's device ``meta``, everything but the values is compared.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_close
    >>> assert_close(np.asarray([1.0, 2.0]) / 3 * 3, np.asarray([1.0, 2.0]))
    """
    __tracebackhide__ = True
    compared = _compared_values(actual, desired, **checks)
    if compared is None:
        return
    found, expected, target = compared
    if rtol is None:
        rtol = 4 * _eps(actual, found) ** 0.5 if found.dtype.kind in "fc" else 1e-7
    np.testing.assert_allclose(
        found,
        expected,
        rtol=float(rtol),
        atol=float(atol),
        equal_nan=equal_nan,
        err_msg=err_msg or target,
        verbose=verbose,
    )


def assert_equal(
    actual: Array,
    desired: Array,
    *,
    err_msg: str = "",
    verbose: bool = True,
    **checks: Unpack[Checks],
) -> None:
    """Raise unless two arrays are equal; NaN equals NaN.

    Parameters and errors are those of `assert_close`.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_equal
    >>> assert_equal(np.arange(3), np.asarray([0, 1, 2]))
    """
    __tracebackhide__ = True
    compared = _compared_values(actual, desired, **checks)
    if compared is None:
        return
    found, expected, target = compared
    np.testing.assert_array_equal(found, expected, err_msg=err_msg or target, verbose=verbose)


def assert_less(
    actual: Array,
    desired: Array,
    *,
    err_msg: str = "",
    verbose: bool = True,
    **checks: Unpack[Checks],
) -> None:
    """Raise unless each element of `actual` is less than that of `desired`.

    Other parameters and errors are those of `assert_close`.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_less
    >>> assert_less(np.asarray([1, 2]), np.asarray([3, 3]))
    """
    __tracebackhide__ = True
    compared = _compared_values(actual, desired, **checks)
    if compared is None:
        return
    found, expected, target = compared
    np.testing.assert_array_less(found, expected, err_msg=err_msg or target, verbose=verbose)


def assert_close_nulp(
    actual: Array,
    desired: Array,
    *,
    nulp: int = 1,
    err_msg: str = "",
    **checks: Unpack[Checks],
) -> None:
    """Raise unless two arrays differ by at most `nulp` units in the last place.

    The unit is `numpy.spacing` of the larger of the two values. NaN equals NaN.
    Other parameters and errors are those of `assert_close`.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_close_nulp
    >>> assert_close_nulp(np.asarray([0.1 + 0.2]), np.asarray([0.3]))
    """
    __tracebackhide__ = True
    compared = _compared_values(actual, desired, **checks)
    if compared is None:
        return
    found, expected, target = compared
    # NumPy's function subtracts, and the difference of infinities or NaNs is NaN.
    differ = ~np.isclose(found, expected, rtol=0, atol=0, equal_nan=True)
    try:
        np.testing.assert_array_almost_equal_nulp(found[differ], expected[differ], nulp=nulp)
    except AssertionError as error:
        raise AssertionError(f"{err_msg or target}: {str(error).strip()}") from None


def _compared_values(
    actual: Array,
    desired: Array,
    *,
    check_namespace: bool = True,
    check_device: bool = True,
    check_dtype: bool = True,
    check_shape: bool = True,
    check_scalar: bool = False,
    xp: Namespace = None,
) -> tuple[NDArray[Any], NDArray[Any], str] | None:
    """Return the values of both as NumPy arrays and the target for messages, after all checks.

    Return None if one of them has no values, as on PyTorch's device ``meta``.
    """
    __tracebackhide__ = True
    library = _expected_library(desired, xp)
    if isinstance(desired, list | tuple) and library == _reference().name:
        desired = np.asarray(desired)
    if check_namespace:
        is_given = xp is not None or expected_namespace() is not None
        _check_libraries(actual, desired, library, is_given=is_given)
    if (
        check_scalar
        and library == _reference().name
        and np.isscalar(actual) != np.isscalar(desired)
    ):
        raise AssertionError(
            f"array-ness does not match: actual is {_description(actual)} and desired is "
            f"{_description(desired)}"
        )
    if check_dtype:
        _check_equal("dtypes", _dtype(actual), _dtype(desired))
    if check_device and _library(actual) == _library(desired):
        _check_equal("Devices", _device(actual), _device(desired))
    if not (_has_values(actual) and _has_values(desired)):
        _check_shapes(tuple(actual.shape), tuple(desired.shape), check_shape=check_shape)
        return None
    found, expected = _to_numpy(actual), _to_numpy(desired)
    if check_dtype:
        _check_computed_dtype(actual, found)
    _check_shapes(found.shape, expected.shape, check_shape=check_shape)
    return found, np.broadcast_to(expected, found.shape), f"{library} on {_device(actual)}"


def library_of_namespace(xp: Namespace) -> str:
    """Return the name of the adapter for `xp`, which may be a namespace of array-api-compat.

    For a library without an adapter, return the first part of the name of its namespace.

    Examples
    --------
    >>> import array_api_compat.numpy
    >>> library_of_namespace(array_api_compat.numpy)
    'numpy'
    """
    name = str(xp.__name__).rpartition("array_api_compat.")[2]
    try:
        return get_backend(name).name
    except ValueError:
        return name.partition(".")[0]


def _expected_library(desired: Array, xp: Namespace) -> str:
    """Return the name of the library that both arrays must belong to."""
    xp = expected_namespace() if xp is None else xp
    if xp is not None:
        return library_of_namespace(xp)
    target = current_target()
    return target.backend.name if target is not None else _library(desired)


def _library(x: Any) -> str:
    """Return the name of the library of `x`; for Python's numbers that of the reference."""
    if library := library_of(type(x)):
        return library
    return _reference().name if isinstance(x, bool | int | float | complex) else ""


@functools.cache
def _reference() -> Backend:
    return next(backend for backend in backends().values() if backend.is_reference)


class _NotAnArrayError(AssertionError, TypeError):
    """Something that is compared is not an array."""


def _check_libraries(actual: Any, desired: Any, library: str, *, is_given: bool) -> None:
    """Raise unless both are arrays of `library`; `is_given` if the caller named its namespace."""
    __tracebackhide__ = True
    for name, x in (("actual", actual), ("desired", desired)):
        if library and _library(x) == library:
            continue
        wanted = f"an array of {library}" if library else "an array"
        difference = f"{name} is {_description(x)}, not {wanted}"
        for value in (actual, desired):
            try:
                library_of(type(value)) or array_api_compat.array_namespace(value)
            except TypeError as error:
                raise _NotAnArrayError(f"{difference}: {error}") from None
        mismatch = f"Namespace of {name} array does not match the `xp` argument"
        if not is_given:
            mismatch = "Namespaces of actual and desired arrays do not match"
        raise AssertionError(f"{mismatch}: {difference}")


def _check_shapes(actual: tuple[int, ...], desired: tuple[int, ...], *, check_shape: bool) -> None:
    """Raise unless the shapes agree, or `desired` can be broadcast if they need not agree."""
    __tracebackhide__ = True
    if check_shape:
        _check_equal("shapes", actual, desired)
        return
    try:
        fits = np.broadcast_shapes(actual, desired) == actual
    except ValueError:
        fits = False
    if not fits:
        raise AssertionError(
            f"sizes do not match: {math.prod(actual)} != {math.prod(desired)}; desired of shape "
            f"{desired} cannot be broadcast to shape {actual}"
        )


def _check_equal(attributes: str, actual: Any, desired: Any) -> None:
    __tracebackhide__ = True
    if actual != desired:
        raise AssertionError(f"{attributes} do not match: actual {actual}, desired {desired}")


def _check_computed_dtype(x: Array, values: NDArray[Any]) -> None:
    """Raise unless the values computed from a graph have the dtype of the graph."""
    __tracebackhide__ = True
    dtype, computed = _dtype(x), str(values.dtype)
    if dtype not in (computed, *_EPS):
        raise AssertionError(f"actual has dtype {dtype}, but its computed values have {computed}")


def _description(x: Any) -> str:
    library = library_of(type(x))
    if not library:
        return f"a Python {type(x).__name__}"
    return f"a scalar of {library}" if np.isscalar(x) else f"an array of {library}"


def _dtype(x: Array) -> str:
    dtype = x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
    return str(dtype).rpartition(".")[2]


def _device(x: Array) -> Device:
    if not array_api_compat.is_array_api_obj(x):
        return "cpu"
    return array_api_compat.device(x)


def _eps(x: Array, values: NDArray[Any]) -> float:
    return _EPS.get(_dtype(x)) or float(np.finfo(values.dtype).eps)


def _has_values(x: Array) -> bool:
    backend = backends().get(_library(x))
    return backend is None or not backend.owns(x) or backend.has_values(x)


def _to_numpy(x: Array) -> NDArray[Any]:
    backend = backends().get(_library(x))
    if backend is not None and backend.owns(x):
        return backend.to_numpy(x)
    for conversion in ("compute", "todense"):  # of graphs, and of arrays that store no zeros
        if hasattr(x, conversion):
            x = getattr(x, conversion)()
    return np.asarray(x)


def _checking_scalars(assertion: Callable[..., None]) -> Callable[..., None]:
    """Return `assertion` under SciPy's name and with SciPy's ``check_0d``, by default True."""

    @functools.wraps(assertion)
    def xp_assert(
        actual: Array, desired: Array, *args: Any, check_0d: bool = True, **options: Any
    ) -> None:
        __tracebackhide__ = True
        assertion(actual, desired, *args, check_scalar=check_0d, **options)

    xp_assert.__name__ = xp_assert.__qualname__ = f"xp_{assertion.__name__}"
    return xp_assert


xp_assert_close = _checking_scalars(assert_close)
xp_assert_close_nulp = _checking_scalars(assert_close_nulp)
xp_assert_equal = _checking_scalars(assert_equal)
xp_assert_less = _checking_scalars(assert_less)
