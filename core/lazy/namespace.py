"""The table of functions for traced arrays, and the array API namespaces made from it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any, TypeVar

from core.backends.promotion import DefaultKind
from core.lazy import dtypes
from core.lazy.docstrings import complete_docstring
from core.lazy.indexing import masks_allowed
from core.lazy.operation import Operation, define
from core.typing import Device

VERSION = "2024.12"
F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""The functions of the standard by name; those of extensions as ``"linalg.svd"``."""
BY_BACKEND: dict[str, Callable[..., Any]] = {}
"""Those of them whose result depends on the backend, which is their first argument here."""
EXTRAS: dict[str, Callable[..., Any]] = {}
"""Functions of `core.lazy` that the standard does not have."""
DEFAULTS: dict[str, dict[str, Any]] = {}
"""The default values of the parameters of each function."""


def function(
    family: str | None = None,
    *,
    name: str | None = None,
    summary: str = "",
    extra: bool = False,
    by_backend: bool = False,
) -> Callable[[F], F]:
    """Register a function of `core.lazy` and complete its docstring.

    With a `family`, an operation of that family and of the same name is also defined. The name is
    that of the Python function by default, and the docstring is `summary` or its own. `extra`
    functions are not in the standard. The first argument of those `by_backend` is the backend; the
    function returned has no such argument and is for any backend.
    """

    def register(given: F) -> F:
        full = name or given.__name__
        if family is not None:
            define(Operation(full, family))
        given.__name__ = given.__qualname__ = full.rpartition(".")[2]
        given.__doc__ = summary or given.__doc__
        made = bind(given, None) if by_backend else given
        given.__doc__ = made.__doc__ = complete_docstring(made, full, extra)
        parameters = inspect.signature(given).parameters.values()
        DEFAULTS[full] = {one.name: one.default for one in parameters}
        if by_backend:
            BY_BACKEND[full] = given
        (EXTRAS if extra else FUNCTIONS)[full] = made
        return made

    return register


def bind(given: F, backend: str | None) -> F:
    """Return a function whose first argument is the backend without that argument."""

    @wraps(given)
    def bound(*args: Any, **kwargs: Any) -> Any:
        return given(backend, *args, **kwargs)

    own = inspect.signature(given)
    parameters = list(own.parameters.values())[1:]
    bound.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return bound  # type: ignore[return-value]


class Info:
    """The inspection functions of a namespace: capabilities, devices and dtypes."""

    def __init__(self, backend: str | None) -> None:
        self.backend = backend

    def capabilities(self) -> dict[str, bool | int | None]:
        """Return whether masks may be indices and shapes depend on values, and the most axes."""
        return {
            "boolean indexing": masks_allowed.get(),
            "data-dependent shapes": True,
            "max dimensions": 64,
        }

    def default_device(self) -> Device:
        """Return the device of new arrays; None if it is not known."""
        return dtypes.promotion(self.backend).only_device

    def default_dtypes(self, *, device: Device = None) -> dict[str, dtypes.DType]:
        """Return the dtypes of new arrays by kind."""
        kinds: tuple[DefaultKind, ...] = ("real floating", "complex floating", "integral")
        found: dict[str, dtypes.DType] = {k: dtypes.default(self.backend, k) for k in kinds}
        return {**found, "indexing": found["integral"]}

    def dtypes(
        self, *, device: Device = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, dtypes.DType]:
        """Return the dtypes of a kind, by name; by default all."""
        isdtype = FUNCTIONS["isdtype"]
        kinds = tuple(dtypes.KINDS) if kind is None else kind
        return {name: one for name, one in dtypes.NAMES.items() if isdtype(one, kinds)}

    def devices(self) -> list[Device]:
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
        bound = {name: bind(one, backend) for name, one in BY_BACKEND.items()}
        for name, one in {**FUNCTIONS, **bound}.items():
            extension, _, last = name.rpartition(".")
            setattr(getattr(self, extension) if extension else self, last, one)

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
    """Return the array API namespace of traced arrays.

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
        `api_version` is newer than the one implemented.

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
