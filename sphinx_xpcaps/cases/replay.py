"""Replay a case with the leaves of its arguments replaced."""

from __future__ import annotations

import functools
import inspect
import itertools
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import array_api_compat.numpy
import numpy as np
from numpy.typing import NDArray

from core.backends import backends, get_backend
from core.typing import Array, Device, Namespace
from sphinx_xpcaps.cases.model import Case, LeafPath, Plan, Step, StepMethod, StepResult
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.trees import is_numeric_array, rebuild
from sphinx_xpcaps.cases.watch import EXAMPLE_MODULE

_LONGEST = 1000
"""The number of items of an iterator that are compared."""


class PreparationError(Exception):
    """A call that a case needs before the call of its target raised.

    Parameters
    ----------
    name : str
        The name of the callee.
    error : Exception
        What it raised.
    """

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(f"`{name}` fails: {type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Library:
    """The array library that a replay passes arrays of."""

    namespace: Namespace
    """The namespace that replaces ``np`` and ``xp`` in functions and arguments of the example."""
    convert: Callable[[NDArray[Any]], Array]
    """Converts a NumPy array to an array of the library."""
    to_numpy: Callable[[Any], Any]
    """Converts an array of the library to a NumPy array; returns any other object unchanged."""
    device: Device = None
    """The argument ``device=`` of plans that pass it."""
    uncounted: Callable[[], AbstractContextManager[Any]] = nullcontext
    """A context for code of the example, in which transfers and computations are not counted."""


def _same(x: Any) -> Any:
    return x


REFERENCE = Library(array_api_compat.numpy, _same, _same)
"""NumPy, for replays without a plan."""


def imported_libraries() -> list[str]:
    """Return the names of the backends other than NumPy whose libraries are imported."""
    return [
        backend.name
        for backend in backends().values()
        if not backend.is_reference and backend.module.partition(".")[0] in sys.modules
    ]


def library_of_reference(name: str) -> Library:
    """Return the library of a backend as it is used for reference results, on the CPU."""
    backend = get_backend(name)
    if backend.is_reference:
        return REFERENCE
    return Library(
        namespace=backend.namespace(),
        convert=lambda array: backend.from_numpy(array, "cpu"),
        to_numpy=lambda x: backend.to_numpy(x) if backend.owns(x) else x,
        device=backend.native_device("cpu"),
    )


def prepare(
    case: Case,
    plan: Plan | None,
    dtypes: Mapping[LeafPath, np.dtype[Any]],
    library: Library,
    *,
    adjust: Callable[[LeafPath, Any], Any] | None = None,
) -> list[Step]:
    """Return new copies of the steps with arguments converted.

    Parameters
    ----------
    case : Case
        The case.
    plan : Plan or None
        Which leaves to convert; None converts nothing, for a call with NumPy.
    dtypes : mapping
        Leaves to convert to another dtype first.
    library : Library
        The library of the arrays to pass.
    adjust : callable, optional
        Returns another value for the leaf at a path, in a call with NumPy.
    """
    selected = plan.paths if plan else frozenset()
    translator = None if plan is None else _Translator(library, on_host=plan.on_host)

    def replace(path: LeafPath, leaf: Any) -> Any:
        given = leaf
        if path in dtypes:
            leaf = cast(leaf, dtypes[path])
        if translator is None:
            return adjust(path, leaf) if adjust else leaf
        if adjust:
            leaf = adjust(path, leaf)
        if path in selected or (path in dtypes and is_numeric_array(given)):
            return library.convert(np.asarray(leaf))
        if path in dtypes:  # a list or number that the plan leaves as it is
            return tuple(leaf.tolist()) if isinstance(given, tuple) else leaf.tolist()
        return translator.leaf(leaf)

    steps = []
    for i, step in enumerate(load_steps(case.payload)):
        args = tuple(rebuild(value, replace, (i, n)) for n, value in enumerate(step.args))
        kwargs = {name: rebuild(value, replace, (i, name)) for name, value in step.kwargs.items()}
        callee = step.callee
        if isinstance(callee, types.MethodType) and not inspect.isclass(callee.__self__):
            callee = types.MethodType(
                callee.__func__, rebuild(callee.__self__, replace, (i, "self"))
            )
        steps.append(Step(callee, args, kwargs, step.number))
    if plan is not None and plan.pass_namespace:
        extra = {"xp": library.namespace}
        extra |= {"device": library.device} if plan.pass_device else {}
        last = steps[-1]
        steps[-1] = Step(last.callee, last.args, {**last.kwargs, **extra}, last.number)
    return steps


def cast(leaf: Any, dtype: np.dtype[Any]) -> Any:
    """Return a leaf as an array of `dtype`; to a real dtype, its real part."""
    array = np.asarray(leaf)
    real = array.dtype.kind == "c" and dtype.kind != "c"
    return (array.real if real else array).astype(dtype)


def run_steps(
    steps: list[Step],
    all_steps: bool,
    transform: Callable[[Callable[..., Any]], Callable[..., Any]],
    on_ready: Callable[[], None] | None = None,
) -> Any:
    """Call the steps and return the result.

    The transform, such as ``jit``, is applied to the last call, or to all steps as one function if
    the results of all steps are compared. The result of a call that returns None is its arguments,
    which it may have changed.

    Parameters
    ----------
    steps : list of Step
        From `prepare`.
    all_steps : bool
        Whether the results of all steps are compared.
    transform : callable
        Applied to the function that is called.
    on_ready : callable, optional
        Called after the preceding steps, just before the transform is applied.
    """
    if all_steps:
        if on_ready is not None:
            on_ready()
        plain = [(step.callee, step.number) for step in steps]
        return transform(functools.partial(_all_steps, plain))(
            *[(step.args, step.kwargs) for step in steps]
        )
    *before, last = steps
    made: dict[int, Any] = {}
    for step in before:
        args, kwargs = _with_results((step.args, step.kwargs), made)
        try:
            made[step.number] = _bound(step.callee, made)(*args, **kwargs)
        except Exception as error:
            raise PreparationError(_name(step.callee), error) from error
    args, kwargs = _with_results((last.args, last.kwargs), made)
    function = _bound(last.callee, made)
    if on_ready is not None:
        on_ready()
    result = transform(function)(*args, **kwargs)
    if isinstance(result, Iterator):  # run it: an iterator is lazy
        return list(itertools.islice(result, _LONGEST))
    return {"arguments": (args, kwargs)} if result is None else result


def _all_steps(
    callees: list[tuple[Any, int]], *arguments: tuple[tuple[Any, ...], dict[str, Any]]
) -> list[Any]:
    made: dict[int, Any] = {}
    for (callee, number), each in zip(callees, arguments, strict=True):
        args, kwargs = _with_results(each, made)
        made[number] = _bound(callee, made)(*args, **kwargs)
    owner = _subject(callees)
    first = made[owner]
    # The results of methods are compared, but not a method that returns the object itself.
    results = [
        made[number]
        for callee, number in callees
        if isinstance(callee, StepMethod) and callee.of.step == owner and made[number] is not first
    ]
    return results or [first]


def subject_step(steps: Sequence[Step]) -> Step:
    """Return the step that creates the object under test, if the results of all are compared."""
    number = _subject([(step.callee, step.number) for step in steps])
    return next(step for step in steps if step.number == number)


def _subject(callees: list[tuple[Any, int]]) -> int:
    """Return the number of the step that creates the object under test."""
    last, number = callees[-1]
    return last.of.step if isinstance(last, StepMethod) else number


def _with_results(
    arguments: tuple[tuple[Any, ...], dict[str, Any]], made: Mapping[int, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with the placeholders of results replaced."""
    found: tuple[tuple[Any, ...], dict[str, Any]] = rebuild(
        arguments,
        lambda _, leaf: made[leaf.step] if isinstance(leaf, StepResult) else leaf,
        is_leaf=lambda x: not isinstance(x, (tuple, list, dict)),
    )
    return found


def _name(callee: Any) -> str:
    return str(getattr(callee, "name", None) or getattr(callee, "__name__", callee))


def _bound(callee: Any, made: Mapping[int, Any]) -> Callable[..., Any]:
    bound: Callable[..., Any] = (
        getattr(made[callee.of.step], callee.name) if isinstance(callee, StepMethod) else callee
    )
    return bound


class _Translator:
    """Translates leaves that are not arrays, such as functions and dtypes, to another library.

    Parameters
    ----------
    library : Library
        The library.
    on_host : bool
        Whether functions stay NumPy functions and are called on the host.
    """

    def __init__(self, library: Library, *, on_host: bool) -> None:
        self.library = library
        self.on_host = on_host
        self.for_numpy_code = _Namespace(library.namespace)

    def leaf(self, leaf: Any) -> Any:
        """Return the equivalent namespace, dtype or function, or the leaf itself."""
        if isinstance(leaf, np.generic) and leaf.dtype.kind in "biufc":
            return leaf.item()  # a NumPy scalar would count as an array of another library
        if inspect.ismodule(leaf) and _is_numpy(leaf):
            return self.library.namespace
        if isinstance(leaf, np.dtype) or (inspect.isclass(leaf) and issubclass(leaf, np.generic)):
            return getattr(self.library.namespace, np.dtype(leaf).name, leaf)
        if is_function(leaf):
            return self._called_on_host(leaf) if self.on_host else self._function(leaf)
        return leaf

    def _function(self, function: Any) -> Any:
        """Return the function that a user of the library would pass instead."""
        name = getattr(function, "__name__", None)
        if isinstance(name, str) and getattr(np, name, None) is function:
            try:
                return getattr(self.library.namespace, name)
            except AttributeError:
                raise TypeError(f"the library has no counterpart of np.{name}") from None
        if isinstance(function, types.FunctionType) and function.__module__ == EXAMPLE_MODULE:
            self._replace_globals(function)
        if not isinstance(function, (types.FunctionType, types.MethodType, functools.partial)):
            return function

        @functools.wraps(function)
        def converting(*args: Any, **kwargs: Any) -> Any:
            with self.library.uncounted():
                result = function(*args, **kwargs)
                if any(isinstance(arg, np.ndarray) for arg in args):
                    return result  # called with NumPy arrays, as for the blocks of a lazy array
                return rebuild(result, lambda _, leaf: self._array(leaf))

        return converting

    def _called_on_host(self, function: Any) -> Any:
        """Return a function that converts to NumPy arrays, calls `function`, and converts back."""

        def on_host(*args: Any, **kwargs: Any) -> Any:
            with self.library.uncounted():
                given = (args, kwargs)
                host = rebuild(given, lambda _, leaf: self.library.to_numpy(leaf))
                result = function(*host[0], **host[1])
                if host is given and any(isinstance(arg, np.ndarray) for arg in args):
                    return result
                return rebuild(result, lambda _, leaf: self._array(leaf, scalars=True))

        return functools.update_wrapper(on_host, function) if _has_name(function) else on_host

    def _replace_globals(self, function: types.FunctionType) -> None:
        """Replace NumPy and its arrays in the scope of an example function."""
        for name, value in list(function.__globals__.items()):
            function.__globals__[name] = self._translated(value)
        for cell in function.__closure__ or ():
            try:
                cell.cell_contents = self._translated(cell.cell_contents)
            except ValueError:  # an unbound name
                continue

    def _translated(self, value: Any) -> Any:
        if inspect.ismodule(value) and _is_numpy(value):
            return self.for_numpy_code
        if isinstance(value, types.FunctionType) and value.__module__ == EXAMPLE_MODULE:
            if value.__globals__.get("np") is np:
                self._replace_globals(value)
            return value
        return self._array(value)

    def _array(self, value: Any, *, scalars: bool = False) -> Any:
        if scalars and isinstance(value, np.generic) and value.dtype.kind in "biufc":
            value = np.asarray(value)
        return self.library.convert(value) if is_numeric_array(value) else value


def is_function(leaf: Any) -> bool:
    """Return whether a leaf is a function that the target may call."""
    return callable(leaf) and not inspect.isclass(leaf) and not inspect.ismodule(leaf)


def _has_name(function: Any) -> bool:
    return isinstance(getattr(function, "__name__", None), str)


class _Namespace:
    """The namespace of a library for code that was written for NumPy.

    Names that the library lacks, such as ``np.newaxis`` or ``np.isscalar``, are those of NumPy.
    """

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._namespace, name)
        except AttributeError:
            return getattr(np, name)


def _is_numpy(module: types.ModuleType) -> bool:
    return module.__name__ in (np.__name__, array_api_compat.numpy.__name__)
