"""Assertions on two arrays of any library: namespace, device, dtype, shape and values."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from core.backends import Backend, backends
from core.backends.registry import library_of
from core.testing.current import running, wanted
from core.testing.namespaces import library_of_namespace

_EPS = {"bfloat16": 2.0**-7}
"""The spacing at one of dtypes that NumPy does not have."""


class Checks(TypedDict, total=False):
    """What has to agree beside the values.

    Parameters
    ----------
    check_namespace : bool, default: True
        Both must be arrays of the expected library.
    check_device : bool, default: True
        Both must be on the same device.
    check_dtype : bool, default: True
        Both must have the same dtype. What a graph computes to must have the dtype that it
        announced.
    check_shape : bool, default: True
        Both must have the same shape. If not, `desired` is broadcast to that of `actual`.
    check_scalar : bool, default: False
        NumPy's scalars differ from its arrays without axes.
    xp : namespace, optional
        Whose arrays both must be. Default: that of `default_xp`, else that of the fixture ``xp``
        in the running test, else that of `desired`.
    """

    check_namespace: bool
    check_device: bool
    check_dtype: bool
    check_shape: bool
    check_scalar: bool
    xp: Any


def assert_close(
    actual: Any,
    desired: Any,
    *,
    rtol: float | None = None,
    atol: float = 0.0,
    equal_nan: bool = True,
    err_msg: str = "",
    verbose: bool = True,
    **checks: Unpack[Checks],
) -> None:
    """Check that two arrays are the same up to ``atol + rtol * abs(desired)``.

    Parameters
    ----------
    actual : array
        What the tested function returned.
    desired : array
        What it should return.
    rtol : float, optional
        Relative tolerance. Default: ``4 * sqrt(eps)`` of the dtype of `actual`, and 1e-7 where
        that is not floating.
    atol : float
        Absolute tolerance.
    equal_nan : bool
        Whether NaN equals NaN.
    err_msg : str
        What to say where the assertion fails.
    verbose : bool
        Whether to show the values as well.
    **checks
        What else has to agree: `Checks`.

    Raises
    ------
    AssertionError
        They differ; the message says in what.

    See Also
    --------
    assert_equal : Check for the same values.
    assert_close_nulp : Measure the difference in units in the last place.

    Notes
    -----
    Graphs are computed for the comparison, each once, and stay as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_close
    >>> assert_close(np.asarray([1.0, 2.0]) / 3 * 3, np.asarray([1.0, 2.0]))
    """
    __tracebackhide__ = True
    found, expected, where = _values(actual, desired, **checks)
    if rtol is None:
        rtol = 4 * _eps(actual, found) ** 0.5 if found.dtype.kind in "fc" else 1e-7
    np.testing.assert_allclose(
        found,
        expected,
        rtol=float(rtol),
        atol=float(atol),
        equal_nan=equal_nan,
        err_msg=err_msg or where,
        verbose=verbose,
    )


def assert_equal(
    actual: Any,
    desired: Any,
    *,
    err_msg: str = "",
    verbose: bool = True,
    **checks: Unpack[Checks],
) -> None:
    """Check that two arrays are the same; NaN equals NaN.

    Parameters and errors are those of `assert_close`.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_equal
    >>> assert_equal(np.arange(3), np.asarray([0, 1, 2]))
    """
    __tracebackhide__ = True
    found, expected, where = _values(actual, desired, **checks)
    np.testing.assert_array_equal(found, expected, err_msg=err_msg or where, verbose=verbose)


def assert_less(
    actual: Any,
    desired: Any,
    *,
    err_msg: str = "",
    verbose: bool = True,
    **checks: Unpack[Checks],
) -> None:
    """Check that every element of `actual` is less than that of `desired`.

    Other parameters and errors are those of `assert_close`.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_less
    >>> assert_less(np.asarray([1, 2]), np.asarray([3, 3]))
    """
    __tracebackhide__ = True
    found, expected, where = _values(actual, desired, **checks)
    np.testing.assert_array_less(found, expected, err_msg=err_msg or where, verbose=verbose)


def assert_close_nulp(
    actual: Any,
    desired: Any,
    *,
    nulp: int = 1,
    err_msg: str = "",
    **checks: Unpack[Checks],
) -> None:
    """Check that two arrays differ by at most `nulp` units in the last place.

    A unit is the spacing of the dtype at the larger of the two: `numpy.spacing`. NaN equals NaN.
    Other parameters and errors are those of `assert_close`.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import assert_close_nulp
    >>> assert_close_nulp(np.asarray([0.1 + 0.2]), np.asarray([0.3]))
    """
    __tracebackhide__ = True
    found, expected, where = _values(actual, desired, **checks)
    # NumPy takes the difference, which is NaN between infinities and between NaNs.
    differ = ~np.isclose(found, expected, rtol=0, atol=0, equal_nan=True)
    try:
        np.testing.assert_array_almost_equal_nulp(found[differ], expected[differ], nulp=nulp)
    except AssertionError as error:
        raise AssertionError(f"{err_msg or where}: {str(error).strip()}") from None


def _values(
    actual: Any,
    desired: Any,
    *,
    check_namespace: bool = True,
    check_device: bool = True,
    check_dtype: bool = True,
    check_shape: bool = True,
    check_scalar: bool = False,
    xp: Any = None,
) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Return the values of both in host memory, and the place for a message, after all checks."""
    __tracebackhide__ = True
    library = _expected(desired, xp)
    if library == "numpy" and isinstance(desired, list | tuple):  # NumPy's own functions take them
        desired = np.asarray(desired)
    if check_namespace:
        _check_library("actual", actual, library)
        _check_library("desired", desired, library)
    if check_scalar and library == "numpy" and np.isscalar(actual) != np.isscalar(desired):
        raise AssertionError(f"actual is {_kind(actual)} and desired is {_kind(desired)}")
    if check_dtype:
        _check_same("dtype", _dtype(actual), _dtype(desired))
    device = _device(actual)
    if check_device and _library(actual) == _library(desired):
        _check_same("device", device, _device(desired))
    found, expected = _to_numpy(actual), _to_numpy(desired)
    if check_dtype:
        _check_announced(actual, found)
    if check_shape:
        _check_same("shape", found.shape, expected.shape)
    else:
        try:
            expected = np.broadcast_to(expected, found.shape)
        except ValueError:
            message = f"desired of shape {expected.shape} does not fit shape {found.shape}"
            raise AssertionError(message) from None
    return found, expected, f"{library} on {device}"


def _expected(desired: Any, xp: Any) -> str:
    """Return the name of the library that both arrays must belong to."""
    xp = wanted() if xp is None else xp
    if xp is not None:
        return library_of_namespace(xp)
    place = running()
    return place.backend.name if place is not None else _library(desired)


def _library(x: Any) -> str:
    """Return to which library `x` belongs; Python's numbers are NumPy's scalars."""
    return library_of(type(x)) or ("numpy" if isinstance(x, bool | int | float | complex) else "")


def _adapter(x: Any) -> Backend | None:
    return backends().get(_library(x))


def _check_library(name: str, x: Any, library: str) -> None:
    __tracebackhide__ = True
    if not library or _library(x) != library:
        wanted = f"an array of {library}" if library else "an array"
        raise AssertionError(f"{name} is {_kind(x)}, not {wanted}")


def _check_same(what: str, actual: Any, desired: Any) -> None:
    __tracebackhide__ = True
    if actual != desired:
        raise AssertionError(f"{what} differs: actual {actual}, desired {desired}")


def _check_announced(x: Any, values: NDArray[Any]) -> None:
    """Check that a graph computes to the dtype that it announces."""
    __tracebackhide__ = True
    announced, computed = _dtype(x), str(values.dtype)
    if announced not in (computed, *_EPS):
        raise AssertionError(f"actual announces dtype {announced} and computes to {computed}")


def _kind(x: Any) -> str:
    library = library_of(type(x))
    if not library:
        return f"a Python {type(x).__name__}"
    scalar = np.isscalar(x)
    return f"a scalar of {library}" if scalar else f"an array of {library}"


def _dtype(x: Any) -> str:
    dtype = x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
    return str(dtype).rpartition(".")[2]


def _device(x: Any) -> Any:
    if not array_api_compat.is_array_api_obj(x):
        return "cpu"
    return array_api_compat.device(x)


def _eps(x: Any, values: NDArray[Any]) -> float:
    return _EPS.get(_dtype(x)) or float(np.finfo(values.dtype).eps)


def _to_numpy(x: Any) -> NDArray[Any]:
    adapter = _adapter(x)
    if adapter is not None and adapter.owns(x):
        return adapter.to_numpy(x)
    return np.asarray(x.compute() if hasattr(x, "compute") else x)
