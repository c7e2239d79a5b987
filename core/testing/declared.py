"""What a function declares: on which array libraries it works, and with which limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, fields
from types import MethodType
from typing import Any, TypeVar

from core.backends.registry import get_backend
from core.testing.limit import Limit

F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a function declares about array libraries, in SciPy's words.

    Parameters
    ----------
    skip_backends : tuple of Limit
        Backends that the function must not be tried with.
    xfail_backends : tuple of Limit
        Backends that fail, as is known.
    cpu_only : bool
        On other devices no backend works, but for the `exceptions`.
    np_only : bool
        No backend but NumPy works, but for the `exceptions`.
    out_of_scope : bool
        That is so and will remain so; implies `np_only`.
    exceptions : tuple of str
        Backends that `cpu_only` and `np_only` leave out.
    reason : str or None
        Why `cpu_only` or `np_only`.
    warnings : tuple of Limit
        Backends that work, with what a reader should know.
    allow_dask_compute : bool or int
        Whether a lazy graph may be computed inside the function, or how often.
    jax_jit : bool
        Whether the function works inside ``jax.jit``.
    extra_note : str or None
        A remark for the documentation.
    method_capabilities : mapping of str to Capabilities
        What the methods of a class declare.
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
        """Read a mapping of keywords, such as an entry of SciPy's table.

        Raises
        ------
        TypeError
            There is a keyword that is not known.
        ValueError
            A backend or a dtype is not known.
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
        """Return the arguments of the decorator that differ from the defaults, as literals."""
        found: dict[str, Any] = {}
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
                found[f.name] = value
        return found

    def obstacle(
        self,
        backend: str,
        device: str = "cpu",
        *,
        version: str | None = None,
        dtype: str | None = None,
    ) -> Limit | None:
        """Return what keeps the function from working, or None if it is declared to work.

        Parameters
        ----------
        backend : str
            The name of the adapter.
        device : str
            The device; every one but ``"cpu"`` is an accelerator.
        version : str, optional
            The backend's version. Without one, limits of some versions hold.
        dtype : str, optional
            The dtype of the input, such as ``"float32"``. Without one, limits of some dtypes do
            not hold.
        """
        for limit in (*self.skip_backends, *self.xfail_backends):
            if limit.backend == backend and limit.applies(version, dtype):
                return limit
        if backend not in self.exceptions:
            if self.np_only and backend != "numpy":
                return Limit(backend, self.reason or "works with NumPy only")
            if self.cpu_only and device != "cpu":
                return Limit(backend, self.reason or "works on a CPU only")
        return None


class Table(MutableMapping[Any, Capabilities]):
    """Declared capabilities by function, or by ``(class, "method")``.

    Functions are told apart by identity and kept alive, so those that have no hash and cannot be
    weakly referenced, such as multimethods, have their place as well. A look-up goes through
    ``__wrapped__`` from a wrapper to the function that declares, and from a method to what its
    class says in `method_capabilities`.

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
        """Return what `function` declares, itself or through what it wraps."""
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
        """Declare, in place of what was declared before."""
        self._entries[_identity(function)] = (function, capabilities)

    def __delitem__(self, function: Any) -> None:
        """Forget what `function` itself declares."""
        try:
            del self._entries[_identity(function)]
        except KeyError:
            raise KeyError(function) from None

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the functions in the order of their declaration."""
        return (function for function, _ in self._entries.values())

    def __len__(self) -> int:
        """Return how many functions declare."""
        return len(self._entries)

    def __repr__(self) -> str:
        """Say how large it is: entries are long and many."""
        return f"<Table of {len(self)} declared capabilities>"


capabilities_table = Table()
"""What was declared in this process with `capabilities` and no table of one's own."""

_TABLE = capabilities_table  # the decorator's argument has the same name


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

    The function itself stays as it is, docstring included.

    Parameters
    ----------
    skip_backends, xfail_backends : iterable of tuple
        Backends that do not work: ``(backend, reason)``. A backend may have versions,
        ``"torch<2.6"``, and a third item names the dtypes of the input to which this applies, by
        names and kinds of the standard: ``("torch", "no sums of integers", "integral")``. Those
        of `skip_backends` are never tried; those of `xfail_backends` are, and are reported once
        they work.
    cpu_only : bool
        The function works on the CPU alone, but for the `exceptions`.
    np_only : bool
        The function works with NumPy alone, but for the `exceptions`.
    reason : str, optional
        Why `cpu_only` or `np_only`.
    out_of_scope : bool
        It works with NumPy alone and is meant to.
    exceptions : iterable of str
        Backends to which `cpu_only` and `np_only` do not apply.
    warnings : iterable of tuple
        Backends that work with a limit which a reader should know: ``(backend, limit)``.
    allow_dask_compute : bool or int
        Whether the function may compute a lazy graph, or how many times per call.
    jax_jit : bool
        Whether the function works inside ``jax.jit``.
    extra_note : str, optional
        A remark for the documentation.
    method_capabilities : mapping of str to mapping, optional
        For a class: from names of methods to such keywords.
    capabilities_table : mapping, optional
        Where to keep the declaration. Default: `core.testing.capabilities_table`.

    Returns
    -------
    callable
        A decorator for functions, classes, ufuncs, and any other callable.

    Raises
    ------
    ValueError
        A backend or a dtype is not known.

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
    table = _TABLE if capabilities_table is None else capabilities_table

    def declare(function: F) -> F:
        table[function] = declared
        return function

    return declare


def _identity(function: Any) -> tuple[int | str, ...]:
    """Return what is the same for the same function alone, hashable or not."""
    if isinstance(function, tuple):
        cls, name = function
        return (id(cls), name)
    if isinstance(function, MethodType):  # made anew at each access
        return (id(function.__self__), id(function.__func__))
    return (id(function),)
