"""Declared capabilities: on which array libraries a function works, and with which limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, fields
from types import MethodType
from typing import Any, TypeVar

from core.backends import backends, get_backend
from core.notes import Note
from core.testing.limit import Limit

F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The declared capabilities of one function, in the terms of SciPy's declarations.

    Parameters
    ----------
    skip_backends : tuple of Limit
        Backends that do not work and are not tested.
    xfail_backends : tuple of Limit
        Backends that are known to fail and are tested.
    cpu_only : bool
        Whether backends work on the CPU only, except for `exceptions`.
    np_only : bool
        Whether NumPy is the only backend that works, except for `exceptions`.
    out_of_scope : bool
        Whether `np_only` is intended to remain; implies `np_only`.
    exceptions : tuple of str
        Backends to which `cpu_only` and `np_only` do not apply.
    reason : str or None
        Why `cpu_only` or `np_only`.
    warnings : tuple of Limit
        Backends that work with a limit that readers should know.
    allow_dask_compute : bool or int
        Whether the function may compute graphs, or how many in each call.
    jax_jit : bool
        Whether the function works inside ``jax.jit``.
    extra_note : str or None
        A remark for the documentation.
    method_capabilities : mapping of str to Capabilities
        The declared capabilities of the methods of a class.
    """

    skip_backends: tuple[Limit, ...] = ()
    xfail_backends: tuple[Limit, ...] = ()
    cpu_only: bool = False
    np_only: bool = False
    out_of_scope: bool = False
    exceptions: tuple[str, ...] = ()
    reason: str | None = None
    warnings: tuple[Limit, ...] = ()
    allow_dask_compute: bool | int = False
    jax_jit: bool = True
    extra_note: str | None = None
    method_capabilities: Mapping[str, Capabilities] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, given: Capabilities | Mapping[str, Any]) -> Capabilities:
        """Return the capabilities for keywords, such as an entry of SciPy's table.

        Raises
        ------
        TypeError
            If a keyword is unknown.
        ValueError
            If a backend or a dtype is unknown.
        """
        if isinstance(given, Capabilities):
            return given
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(given) - known):
            raise TypeError(
                f"unknown capabilities {', '.join(unknown)}; known are {', '.join(sorted(known))}"
            )
        keywords = dict(given)
        for name in ("skip_backends", "xfail_backends", "warnings"):
            keywords[name] = tuple(Limit.of(limit) for limit in keywords.get(name) or ())
        exceptions = keywords.get("exceptions") or ()
        exceptions = (exceptions,) if isinstance(exceptions, str) else exceptions
        keywords["exceptions"] = tuple(get_backend(name).name for name in exceptions)
        keywords["np_only"] = bool(keywords.get("np_only") or keywords.get("out_of_scope"))
        methods = keywords.get("method_capabilities") or {}
        keywords["method_capabilities"] = {name: cls.of(of) for name, of in methods.items()}
        return cls(**keywords)

    def keywords(self) -> dict[str, Any]:
        """Return the arguments of the decorator that differ from its defaults, as literals."""
        keywords: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "method_capabilities":
                value = {name: of.keywords() for name, of in value.items()}
            elif f.name in ("skip_backends", "xfail_backends", "warnings"):
                value = [limit.literal() for limit in value]
            elif f.name == "exceptions":
                value = list(value)
            elif value == f.default or (f.name == "np_only" and self.out_of_scope):
                continue
            if value not in ([], {}):
                keywords[f.name] = value
        return keywords

    def obstacle(
        self,
        backend: str,
        device: str = "cpu",
        *,
        version: str | None = None,
        dtype: str | None = None,
    ) -> Limit | None:
        """Return the limit due to which the function does not work, or None if it works.

        Parameters
        ----------
        backend : str
            The name of the adapter.
        device : str
            The device; every device except ``"cpu"`` is an accelerator.
        version : str, optional
            The backend's version. Without it, limits of some versions apply.
        dtype : str, optional
            The dtype of the input, such as ``"float32"``. Without it, limits of some dtypes do
            not apply.
        """
        for limit in (*self.skip_backends, *self.xfail_backends):
            if limit.backend == backend and limit.applies(version, dtype):
                return limit
        if backend not in self.exceptions:
            if self.np_only and not _is_reference(backend):
                return Limit(backend, self.reason or str(Note.NUMPY_ONLY))
            if self.cpu_only and device != "cpu":
                return Limit(backend, self.reason or str(Note.CPU_ONLY))
        return None


class Table(MutableMapping[Any, Capabilities]):
    """Declared capabilities by function, or by ``(class, "method")``.

    Functions are compared by identity and kept alive, so functions without a hash and without weak
    references, such as multimethods, can be keys too. A wrapper has the capabilities of the
    function in its ``__wrapped__``, and a method those in the `method_capabilities` of its class.

    Parameters
    ----------
    entries : mapping, optional
        From functions to `Capabilities` or mappings of keywords, such as
        ``scipy._lib._array_api.xp_capabilities_table``.
    """

    def __init__(self, entries: Mapping[Any, Capabilities | Mapping[str, Any]] = {}) -> None:
        self._entries: dict[tuple[int | str, ...], tuple[Any, Capabilities]] = {}
        for function, given in entries.items():
            self[function] = Capabilities.of(given)

    def __getitem__(self, function: Any) -> Capabilities:
        """Return the capabilities of `function` or of the function that it wraps."""
        found = self._entries.get(_identity(function))
        if found is not None:
            return found[1]
        if isinstance(function, tuple):
            cls, name = function
            for base in cls.__mro__:
                for key in ((base, name), base, vars(base).get(name)):
                    entry = self._entries.get(_identity(key))
                    if entry is not None and key is not base:
                        return entry[1]
                    if entry is not None and name in entry[1].method_capabilities:
                        return entry[1].method_capabilities[name]
        elif (wrapped := getattr(function, "__wrapped__", None)) is not None:
            return self[wrapped]
        raise KeyError(function)

    def __setitem__(self, function: Any, capabilities: Capabilities) -> None:
        """Declare the capabilities of `function`, replacing an earlier declaration."""
        self._entries[_identity(function)] = (function, capabilities)

    def __delitem__(self, function: Any) -> None:
        """Remove the declaration of `function` itself."""
        try:
            del self._entries[_identity(function)]
        except KeyError:
            raise KeyError(function) from None

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the functions in the order of their declaration."""
        return (function for function, _ in self._entries.values())

    def __len__(self) -> int:
        """Return the number of declarations."""
        return len(self._entries)

    def __repr__(self) -> str:
        """Return a short representation, without the entries."""
        return f"<Table of {len(self)} declared capabilities>"


capabilities_table = Table()
"""The default table of declarations with `capabilities`."""

_DEFAULT_TABLE = capabilities_table  # the decorator's argument hides the other name


def capabilities(
    *,
    skip_backends: Iterable[Any] = (),
    xfail_backends: Iterable[Any] = (),
    cpu_only: bool = False,
    np_only: bool = False,
    reason: str | None = None,
    out_of_scope: bool = False,
    exceptions: Iterable[str] = (),
    warnings: Iterable[Any] = (),
    allow_dask_compute: bool | int = False,
    jax_jit: bool = True,
    extra_note: str | None = None,
    method_capabilities: Mapping[str, Any] | None = None,
    capabilities_table: MutableMapping[Any, Any] | None = None,
) -> Callable[[F], F]:
    """Declare on which array libraries a function works, and with which limits.

    The function itself and its docstring do not change.

    Parameters
    ----------
    skip_backends, xfail_backends : iterable of tuple
        Backends that do not work, each as ``(backend, reason)``. A backend may have versions,
        such as ``"torch<2.6"``. A third item gives the dtypes of the input to which this applies,
        by names and kinds of the standard: ``("torch", "no sums of integers", "integral")``. Tests
        skip backends in `skip_backends`; they run on those in `xfail_backends` and fail if these
        work.
    cpu_only : bool
        Whether the function works on the CPU only, except for `exceptions`.
    np_only : bool
        Whether the function works with NumPy only, except for `exceptions`.
    reason : str, optional
        Why `cpu_only` or `np_only`.
    out_of_scope : bool
        Whether the function works with NumPy only and is intended to.
    exceptions : iterable of str
        Backends to which `cpu_only` and `np_only` do not apply.
    warnings : iterable of tuple
        Backends that work with a limit that readers should know: ``(backend, limit)``.
    allow_dask_compute : bool or int
        Whether the function may compute graphs, or how many in each call.
    jax_jit : bool
        Whether the function works inside ``jax.jit``.
    extra_note : str, optional
        A remark for the documentation.
    method_capabilities : mapping of str to mapping, optional
        For a class: these keywords by names of methods.
    capabilities_table : mapping, optional
        Where to store the declaration. Default: `core.testing.capabilities_table`.

    Returns
    -------
    callable
        A decorator for functions, classes, ufuncs and any other callable.

    Raises
    ------
    ValueError
        If a backend or a dtype is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from core.testing import capabilities, capabilities_table
    >>> @capabilities(cpu_only=True, exceptions=["jax"], skip_backends=[("dask", "needs sorting")])
    ... def median(x):
    ...     return np.median(x)
    >>> capabilities_table[median].obstacle("dask").reason
    'needs sorting'
    """
    declared = Capabilities.of(
        {
            "skip_backends": skip_backends,
            "xfail_backends": xfail_backends,
            "cpu_only": cpu_only,
            "np_only": np_only,
            "reason": reason,
            "out_of_scope": out_of_scope,
            "exceptions": exceptions,
            "warnings": warnings,
            "allow_dask_compute": allow_dask_compute,
            "jax_jit": jax_jit,
            "extra_note": extra_note,
            "method_capabilities": method_capabilities,
        }
    )
    table = _DEFAULT_TABLE if capabilities_table is None else capabilities_table

    def declare(function: F) -> F:
        table[function] = declared
        return function

    return declare


def _is_reference(name: str) -> bool:
    backend = backends().get(name)  # None for a backend of a record that is not known here
    return backend is not None and backend.is_reference


def _identity(function: Any) -> tuple[int | str, ...]:
    """Return a key that is unique to a function, whether it is hashable or not."""
    if isinstance(function, tuple):
        cls, name = function
        return (id(cls), name)
    if isinstance(function, MethodType):  # each access creates another one
        return (id(function.__self__), id(function.__func__))
    return (id(function),)


# SciPy's names
xp_capabilities = capabilities
xp_capabilities_table = capabilities_table
