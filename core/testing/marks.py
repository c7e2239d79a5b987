"""Marks for tests, made from what functions declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from core.backends import get_backend
from core.testing.declared import Capabilities, Table, capabilities_table
from core.testing.lazy import lazy_xp_function
from core.testing.limit import DTYPES, Limit

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet  # the type of `pytest.param`, which has no public name

F = TypeVar("F")

_TABLE = capabilities_table  # an argument below has the same name


def make_marks(*funcs: Any, capabilities_table: Mapping[Any, Any] | None = None) -> list[Any]:
    """Return the marks of tests of the functions, and tag the functions as lazy ones.

    Parameters
    ----------
    *funcs : callable or tuple of (class, str)
        Functions, or methods by their class and their name.
    capabilities_table : mapping, optional
        What they declare. Default: `core.testing.capabilities_table`. What was measured serves
        as well: `core.testing.measured`.

    Returns
    -------
    list of pytest.MarkDecorator
        ``skip_xp_backends`` and ``xfail_xp_backends``, for a module's ``pytestmark``, too.

    Raises
    ------
    KeyError
        A function declares nothing.

    See Also
    --------
    lazy_xp_function : What tests on lazy libraries call instead of a tagged function.
    """
    table = _TABLE if capabilities_table is None else capabilities_table
    marks = []
    for func in funcs:
        declared = _declared(func, table)
        marks += _marks(declared)
        for one in _methods(func, declared):
            own = _declared(one, table) if one is not func else declared
            lazy_xp_function(one, allow_dask_compute=own.allow_dask_compute, jax_jit=own.jax_jit)
    return marks


def make_test_case(
    *funcs: Any, capabilities_table: Mapping[Any, Any] | None = None
) -> Callable[[F], F]:
    """Return a decorator that marks a test of the functions as they declare.

    Parameters are those of `make_marks`.

    Examples
    --------
    >>> from core.testing import capabilities, make_test_case
    >>> @capabilities(np_only=True)
    ... def ranks(x):
    ...     return x.argsort()
    >>> @make_test_case(ranks)
    ... def test_ranks(xp):
    ...     assert ranks(xp.asarray([3, 1])).tolist() == [1, 0]
    >>> [mark.name for mark in test_ranks.pytestmark]
    ['skip_xp_backends']
    """
    marks = make_marks(*funcs, capabilities_table=capabilities_table)

    def mark(test: F) -> F:
        for one in marks:
            test = one(test)
        return test

    return mark


def make_param(
    func: Any, *args: Any, capabilities_table: Mapping[Any, Any] | None = None
) -> ParameterSet:
    """Return a parameter for ``pytest.mark.parametrize``: the function, with its marks.

    Parameters
    ----------
    func : callable or tuple of (class, str)
        The function.
    *args
        What else belongs to the parameter.
    capabilities_table : mapping, optional
        As for `make_marks`.

    Examples
    --------
    >>> from core.testing import capabilities, make_param
    >>> @capabilities(cpu_only=True)
    ... def ranks(x):
    ...     return x.argsort()
    >>> make_param(ranks, "stable").id
    'ranks'
    """
    import pytest

    marks = make_marks(func, capabilities_table=capabilities_table)
    name = func[1] if isinstance(func, tuple) else getattr(func, "__name__", None)
    return pytest.param(func, *args, marks=marks, id=name)


def _declared(func: Any, table: Mapping[Any, Any]) -> Capabilities:
    try:
        return Capabilities.of(table[func])
    except (KeyError, TypeError):  # no key, or none in a plain dict, which wants hashes
        pass
    try:
        return Table(table)[func]
    except KeyError:
        name = func[1] if isinstance(func, tuple) else getattr(func, "__name__", repr(func))
        raise KeyError(f"{name} declares no capabilities in {table!r:.60}") from None


def _methods(func: Any, declared: Capabilities) -> list[Any]:
    """Return what to tag: the function, or those methods of a class that declare."""
    if isinstance(func, type):
        return [(func, name) for name in declared.method_capabilities]
    return [func]


def _marks(declared: Capabilities) -> list[Any]:
    import pytest

    category = {"exceptions": list(declared.exceptions), "reason": declared.reason}
    marks = []
    if declared.cpu_only:
        marks.append(pytest.mark.skip_xp_backends(cpu_only=True, **category))
    if declared.np_only:
        marks.append(pytest.mark.skip_xp_backends(np_only=True, **category))
    for mark, limits in (
        (pytest.mark.skip_xp_backends, declared.skip_backends),
        (pytest.mark.xfail_xp_backends, declared.xfail_backends),
    ):
        for limit in limits:
            arguments = [limit.backend, *_conditions(limit)]
            marks.append(mark(*arguments, reason=limit.reason or None))
    return marks


def _conditions(limit: Limit) -> list[str | bool]:
    """Return the condition of a limit's mark, if it has one."""
    version = get_backend(limit.backend).version()
    if version is not None and not Limit(limit.backend, versions=limit.versions).applies(version):
        return [False]
    names = sorted({name for kind in limit.dtypes for name in DTYPES[kind]})
    return [f"dtype in {names}"] if names else []
