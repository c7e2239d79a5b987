"""Marks and parameters of tests, created from declared or measured capabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from core.backends import get_backend
from core.testing.declarations import Capabilities, Table, capabilities_table
from core.testing.lazy_functions import lazy_xp_function
from core.testing.limit import DTYPES, Limit

F = TypeVar("F")

_DEFAULT_TABLE = capabilities_table  # the functions' argument hides the other name


def make_marks(*funcs: Any, capabilities_table: Mapping[Any, Any] | None = None) -> list[Any]:
    """Return marks for tests of functions, and tag the functions with `lazy_xp_function`.

    Parameters
    ----------
    *funcs : callable or tuple of (class, str)
        Functions, or methods by their class and their name.
    capabilities_table : mapping, optional
        Their capabilities: a table of declarations, or `core.testing.measured`. Default:
        `core.testing.capabilities_table`.

    Returns
    -------
    list of pytest.MarkDecorator
        Marks ``uses_xp_capabilities``, ``skip_xp_backends`` and ``xfail_xp_backends``; can be
        assigned to ``pytestmark``.

    Raises
    ------
    KeyError
        If a function has no declared capabilities.

    See Also
    --------
    lazy_xp_function : Tag a function, so that tests on lazy libraries compile it.
    """
    import pytest

    table = _DEFAULT_TABLE if capabilities_table is None else capabilities_table
    marks: list[Any] = [pytest.mark.uses_xp_capabilities(True, funcs=list(funcs))]
    for func in funcs:
        declared = _declared(func, table)
        marks += _marks(declared)
        for one in _methods(func, declared):
            options = declared if one is func else _declared(one, table)
            lazy_xp_function(
                one, allow_dask_compute=options.allow_dask_compute, jax_jit=options.jax_jit
            )
    return marks


def make_test_case(
    *funcs: Any, capabilities_table: Mapping[Any, Any] | None = None
) -> Callable[[F], F]:
    """Return a decorator that adds the marks of `make_marks` to a test.

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
    ['uses_xp_capabilities', 'skip_xp_backends']
    """
    marks = make_marks(*funcs, capabilities_table=capabilities_table)

    def mark(test: F) -> F:
        for one in marks:
            test = one(test)
        return test

    return mark


def make_param(
    func: Any, *args: Any, capabilities_table: Mapping[Any, Any] | None = None
) -> Any:  # the class of `pytest.param(...)` is not public
    """Return a parameter for ``pytest.mark.parametrize``: the function, with its marks.

    Parameters
    ----------
    func : callable or tuple of (class, str)
        The function.
    *args
        Further values of the parameter.
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
    except (KeyError, TypeError):  # TypeError: in a plain dict, unhashable functions are no keys
        pass
    try:
        return Table(table)[func]
    except KeyError:
        name = func[1] if isinstance(func, tuple) else getattr(func, "__name__", repr(func))
        raise KeyError(f"{name} has no declared capabilities in {table!r:.60}") from None


def _methods(func: Any, declared: Capabilities) -> list[Any]:
    """Return what to tag: the function, or the methods of a class with declared capabilities."""
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
    """Return the condition of a limit's mark, or an empty list if it always applies."""
    version = get_backend(limit.backend).version()
    if version is not None and not Limit(limit.backend, versions=limit.versions).applies(version):
        return [False]
    names = sorted({name for kind in limit.dtypes for name in DTYPES[kind]})
    return [f"dtype in {names}"] if names else []


# SciPy's names
make_xp_test_case = make_test_case
make_xp_pytest_param = make_param
make_xp_pytest_marks = make_marks
