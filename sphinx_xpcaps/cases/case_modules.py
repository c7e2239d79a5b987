"""Origins "cases" and "tests": modules with ``@cases_for``, and files of recorded calls."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import Any, TypeVar

import array_api_compat.numpy

from sphinx_xpcaps.cases import case_file
from sphinx_xpcaps.cases.model import FoundCall, FoundCalls, Origin
from sphinx_xpcaps.cases.payload import dump_call, dump_step, join
from sphinx_xpcaps.cases.resolve import TargetError, resolve
from sphinx_xpcaps.exceptions import CaseModuleError, describe_exception

F = TypeVar("F", bound=Callable[..., Iterable["call"]])

_registered: dict[str, list[Callable[..., Iterable[call]]]] = {}


class call:
    """The arguments of one call of a target.

    Parameters
    ----------
    *args, **kwargs
        Arguments of the call. Arrays are NumPy arrays; they are converted for each library.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs


def cases_for(target: str) -> Callable[[F], F]:
    """Define the cases of a target, in a module that ``xpcaps_cases`` lists.

    Parameters
    ----------
    target : str
        Dotted name of a callable.

    Returns
    -------
    callable
        A decorator for a function that takes the NumPy namespace and yields `call` objects.

    Examples
    --------
    >>> from sphinx_xpcaps.cases.case_modules import call, cases_for
    >>> @cases_for("mypkg.smooth")
    ... def smooth_cases(xp):
    ...     yield call(xp.asarray([1.0, 2.0, 4.0]), 3)
    ...     yield call(xp.ones((4, 4)), 3, mode="wrap")
    """

    def register(function: F) -> F:
        _registered.setdefault(target, []).append(function)
        return function

    return register


def from_case_modules(
    name: str,
    sources: Sequence[str],
    origins: Set[Origin] = frozenset({Origin.CASES, Origin.TESTS}),
) -> FoundCalls:
    """Return the calls that the modules define for a target, or else those in the files.

    Parameters
    ----------
    name : str
        The target.
    sources : sequence of str
        Names of modules with ``@cases_for``, and paths of files written by the pytest plugin.
    origins : set of Origin
        The origins that may be used: modules are `Origin.CASES`, and files are `Origin.TESTS`.
    """
    modules = [source for source in sources if not _is_file(source)]
    for module in modules if Origin.CASES in origins else ():
        try:
            importlib.import_module(module)
        except BaseException as error:
            problem = f"the module of cases {module} failed: {describe_exception(error)}"
            return FoundCalls(Origin.CASES, (), problem, CaseModuleError.__name__)
    try:
        calls = list(_calls(name)) if Origin.CASES in origins else []
    except BaseException as error:
        problem = f"the cases of {name} failed: {describe_exception(error)}"
        return FoundCalls(Origin.CASES, (), problem, CaseModuleError.__name__)
    if calls or Origin.TESTS not in origins:
        return FoundCalls(Origin.CASES, tuple(calls))
    try:
        files = [source for source in sources if _is_file(source)]
        recorded = [call for source in files for call in _recorded(source, name)]
    except case_file.CaseFileError as error:
        return FoundCalls(Origin.TESTS, (), str(error), type(error).__name__)
    return FoundCalls(Origin.TESTS, tuple(recorded))


def _is_file(source: str) -> bool:
    return source.endswith(".cases")


def _calls(name: str) -> Iterator[FoundCall]:
    for function in _registered.get(name, ()):
        for each in function(array_api_compat.numpy):
            shown = [*map(_show, each.args), *(f"{k}={_show(v)}" for k, v in each.kwargs.items())]
            text = f"{name.rpartition('.')[2]}({', '.join(shown)})"
            yield FoundCall(text, dump_call(name, each.args, each.kwargs), False)


def _show(value: Any) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"<{value.dtype} {tuple(value.shape)}>"
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _recorded(source: str, name: str) -> Iterator[FoundCall]:
    package = name.partition(".")[0]
    for target in case_file.read(Path(source)):
        if name not in target.names and not _is_same(name, target.names[0]):
            continue
        for each in target.calls:
            steps = [case_file.decode(step, package) for step in each.steps]
            yield FoundCall(each.text, join(map(dump_step, steps)), each.all_steps)


def _is_same(name: str, other: str) -> bool:
    """Return whether two names of a package refer to the same object."""
    if name.partition(".")[0] != other.partition(".")[0]:
        return False
    try:
        return bool(resolve(name)[1] is resolve(other)[1])
    except TargetError:
        return False
