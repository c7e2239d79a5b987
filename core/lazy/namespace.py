"""The array API namespace of traced arrays, one for each backend."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from core.lazy import dtypes
from core.lazy.array import LazyArray
from core.lazy.rules.indexing import masks_allowed
from core.lazy.standard import (
    creation,
    elementwise,
    fft,
    linalg,
    manipulation,
    reduction,
    searching,
)
from core.lazy.standard.registry import BY_BACKEND, FUNCTIONS, bind, by_backend, standard

VERSION = "2024.12"
FAMILIES = (creation, elementwise, fft, linalg, manipulation, reduction, searching)
"""The modules whose functions a namespace has; importing them fills the table of functions."""


@by_backend()
def result_type(backend: str | None, *arrays_and_dtypes: Any) -> Any:
    """Return the dtype of an operation on arrays, dtypes and numbers.

    Parameters
    ----------
    *arrays_and_dtypes : array, dtype or number

    Returns
    -------
    dtype

    Raises
    ------
    ValueError
        There is neither an array nor a dtype among them.
    """
    known: dtypes.DType | None = None
    for one in arrays_and_dtypes:
        if isinstance(one, LazyArray):
            backend = one.backend or backend
        if type(one) not in _SCALARS:
            own = dtypes.of(one)
            known = own if known is None else dtypes.promote(known, own, backend)
    if known is None:
        raise ValueError("result_type: at least one operand must be an array or a dtype")
    for one in arrays_and_dtypes:
        if type(one) in _SCALARS:
            known = dtypes.with_scalar(known, type(one), backend)
    return known


_SCALARS = (bool, int, float, complex)


@standard()
def can_cast(from_: Any, to: Any, /) -> bool:
    """Say whether promotion can turn one dtype into another.

    Parameters
    ----------
    from_ : dtype or array
    to : dtype

    Returns
    -------
    bool
    """
    source = dtypes.of(from_)
    target = dtypes.as_dtype(to)
    try:
        return dtypes.promote(source, target, "array-api-strict") == target
    except TypeError:
        return False


@standard()
def finfo(type: Any, /) -> Any:
    """Return the limits of a floating dtype, or of an array's.

    Parameters
    ----------
    type : dtype or array

    Returns
    -------
    numpy.finfo
    """
    return np.finfo(dtypes.of(type))


@standard()
def iinfo(type: Any, /) -> Any:
    """Return the limits of an integer dtype, or of an array's.

    Parameters
    ----------
    type : dtype or array

    Returns
    -------
    numpy.iinfo
    """
    return np.iinfo(dtypes.of(type))


FUNCTIONS["isdtype"] = dtypes.isdtype


class Info:
    """What a namespace says of itself: capabilities, devices and dtypes."""

    def __init__(self, backend: str | None) -> None:
        self.backend = backend

    def capabilities(self) -> dict[str, bool | int | None]:
        """Return whether masks index, whether lengths may depend on values, how many axes."""
        return {
            "boolean indexing": masks_allowed(),
            "data-dependent shapes": True,
            "max dimensions": 64,
        }

    def default_device(self) -> Any:
        """Return the device of new arrays; None where it is not known."""
        return "cpu" if self.backend == "numpy" else None

    def default_dtypes(self, *, device: Any = None) -> dict[str, dtypes.DType]:
        """Return the dtypes of new arrays by kind."""
        floating = dtypes.default(self.backend, "real floating")
        integral = dtypes.default(self.backend, "integral")
        return {
            "real floating": floating,
            "complex floating": dtypes.default(self.backend, "complex floating"),
            "integral": integral,
            "indexing": integral,
        }

    def dtypes(
        self, *, device: Any = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, dtypes.DType]:
        """Return the dtypes of a kind, by name; by default all."""
        kinds = tuple(dtypes.KINDS) if kind is None else kind
        return {name: one for name, one in dtypes.NAMES.items() if dtypes.isdtype(one, kinds)}

    def devices(self) -> list[Any]:
        """Return the devices that are known."""
        return [self.default_device()]


class Namespace:
    """The functions, dtypes and constants of the array API standard for traced arrays.

    New arrays are `backend`'s, with its default dtypes. There is one namespace per backend, so
    namespaces can be compared with ``is``.
    """

    float64: dtypes.DType

    def __init__(self, backend: str | None) -> None:
        self.__name__ = "core.lazy" if backend is None else f"core.lazy[{backend}]"
        self.__array_api_version__ = VERSION
        self.backend = backend
        self.linalg, self.fft = SimpleNamespace(), SimpleNamespace()
        self.e, self.pi, self.inf, self.nan = math.e, math.pi, math.inf, math.nan
        self.newaxis = None
        for name, dtype in dtypes.NAMES.items():
            setattr(self, name, dtype)
        made = {name: bind(one, backend) for name, one in BY_BACKEND.items()}
        for name, function in {**FUNCTIONS, **made}.items():
            extension, _, last = name.rpartition(".")
            setattr(getattr(self, extension) if extension else self, last, function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the array API standard {VERSION} has no {name!r}")

    def __array_namespace_info__(self) -> Info:
        return Info(self.backend)

    def __repr__(self) -> str:
        return f"<namespace {self.__name__}, array API {VERSION}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return namespace, (self.backend,)


_namespaces: dict[str | None, Namespace] = {}


def namespace(backend: str | None = None, *, api_version: str | None = None) -> Namespace:
    """Return the array API namespace whose arrays are traced.

    Parameters
    ----------
    backend : str, optional
        The library whose defaults new arrays follow, such as ``"torch"``.
    api_version : str, optional
        A version of the standard, up to 2024.12.

    Returns
    -------
    Namespace

    Raises
    ------
    ValueError
        The version is newer than what is implemented.

    Examples
    --------
    >>> from core import lazy
    >>> xp = lazy.namespace("numpy")
    >>> xp.linalg.svd(xp.ones((3, 2)), full_matrices=False).U.shape
    (3, 2)
    """
    if api_version is not None and api_version > VERSION:
        raise ValueError(f"traced arrays follow version {VERSION} of the standard")
    return _namespaces.get(backend) or _namespaces.setdefault(backend, Namespace(backend))
