"""Calls a case again, with its arguments' leaves replaced."""

from __future__ import annotations

import functools
import inspect
import itertools
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import array_api_compat.numpy
import numpy as np

from sphinx_xpcaps.cases.model import Case, Method, Path, Plan, Result, Step
from sphinx_xpcaps.cases.payload import load_steps
from sphinx_xpcaps.cases.trees import is_numeric_array, rebuild
from sphinx_xpcaps.cases.watch import EXAMPLE_MODULE

_LONGEST = 1000
"""So much of what an iterator gives is compared."""


@dataclass(frozen=True, slots=True)
class Library:
    """What a replay has to know of the library whose arrays it passes."""

    namespace: Any
    """What ``np`` and ``xp`` mean for functions and arguments of the example."""
    convert: Callable[[Any], Any]
    """Makes an array of the library from a NumPy array."""
    to_numpy: Callable[[Any], Any]
    """Makes a NumPy array of an array of the library; anything else is returned as it is."""
    device: Any = None
    """What is passed as ``device=`` where the plan says so."""
    apart: Callable[[], AbstractContextManager[Any]] = nullcontext
    """A context for code that is the example's: what happens there is not held against a target."""


def _same(x: Any) -> Any:
    return x


REFERENCE = Library(array_api_compat.numpy, _same, _same)
"""NumPy, which a replay without a plan is run on."""


def prepare(
    case: Case,
    plan: Plan | None,
    dtypes: Mapping[Path, np.dtype[Any]],
    library: Library,
    *,
    adjust: Callable[[Any], Any] | None = None,
) -> list[Step]:
    """Return fresh steps with arguments converted.

    Parameters
    ----------
    case : Case
        What to call.
    plan : Plan or None
        Which leaves to convert; None converts nothing, which is a call under NumPy.
    dtypes : mapping
        Leaves that take another dtype first.
    library : Library
        Whose arrays are passed.
    adjust : callable, optional
        Changes leaves in a call under NumPy.
    """
    selected = plan.paths if plan else frozenset()
    translator = None if plan is None else _Translator(library, on_host=plan.on_host)

    def replace(path: Path, leaf: Any) -> Any:
        if path in dtypes:
            leaf = cast(leaf, dtypes[path])
        if translator is None:
            return adjust(leaf) if adjust else leaf
        if path in selected or path in dtypes:
            return library.convert(np.asarray(leaf))
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
    """Return a leaf as an array of `dtype`; a real one of a complex leaf is its real part."""
    array = np.asarray(leaf)
    real = array.dtype.kind == "c" and dtype.kind != "c"
    return (array.real if real else array).astype(dtype)


def perform(
    steps: list[Step],
    whole: bool,
    transform: Callable[[Callable[..., Any]], Callable[..., Any]],
    begin: Callable[[], None] | None = None,
) -> Any:
    """Call the steps; the transform, such as a jit, applies to what the case is about.

    That is the last call, or where every step counts, all of them as one function. A call that
    returns nothing is there for what it does to its arguments: these are its result.

    Parameters
    ----------
    steps : list of Step
        From `prepare`.
    whole : bool
        Whether every step counts.
    transform : callable
        Applied to what is called.
    begin : callable, optional
        Called when everything is made that the case is not about.
    """
    if whole:
        if begin is not None:
            begin()
        plain = [(step.callee, step.number) for step in steps]
        return transform(functools.partial(_all_steps, plain))(
            *[(step.args, step.kwargs) for step in steps]
        )
    *before, last = steps
    made: dict[int, Any] = {}
    for step in before:
        args, kwargs = _with_results((step.args, step.kwargs), made)
        made[step.number] = _bound(step.callee, made)(*args, **kwargs)
    args, kwargs = _with_results((last.args, last.kwargs), made)
    function = _bound(last.callee, made)
    if begin is not None:
        begin()
    result = transform(function)(*args, **kwargs)
    if isinstance(result, Iterator):  # what it does, it does when it is asked
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
    # What a method returns counts; the object itself often returns itself and says no more.
    said = [
        made[number]
        for callee, number in callees
        if isinstance(callee, Method) and callee.of.step == owner and made[number] is not first
    ]
    return said or [first]


def _subject(callees: list[tuple[Any, int]]) -> int:
    """Return the number of the step that makes the object which the case is about."""
    last, number = callees[-1]
    return last.of.step if isinstance(last, Method) else number


def _with_results(
    arguments: tuple[tuple[Any, ...], dict[str, Any]], made: Mapping[int, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with objects in the place of what stands for them."""
    found: tuple[tuple[Any, ...], dict[str, Any]] = rebuild(
        arguments,
        lambda _, leaf: made[leaf.step] if isinstance(leaf, Result) else leaf,
        is_leaf=lambda x: not isinstance(x, (tuple, list, dict)),
    )
    return found


def _bound(callee: Any, made: Mapping[int, Any]) -> Callable[..., Any]:
    bound: Callable[..., Any] = (
        getattr(made[callee.of.step], callee.name) if isinstance(callee, Method) else callee
    )
    return bound


class _Translator:
    """Says what a leaf that is no array means for another library.

    Parameters
    ----------
    library : Library
        The library.
    on_host : bool
        Whether functions stay NumPy's and are called on the host.
    """

    def __init__(self, library: Library, *, on_host: bool) -> None:
        self.library = library
        self.on_host = on_host
        self.for_numpy_code = _Namespace(library.namespace)

    def leaf(self, leaf: Any) -> Any:
        """Return the leaf's counterpart: a namespace, a dtype, a function, or itself."""
        if isinstance(leaf, np.generic) and leaf.dtype.kind in "biufc":
            return leaf.item()  # a scalar of NumPy's would be an array of another library
        if inspect.ismodule(leaf) and _is_numpy(leaf):
            return self.library.namespace
        if isinstance(leaf, np.dtype) or (inspect.isclass(leaf) and issubclass(leaf, np.generic)):
            return getattr(self.library.namespace, np.dtype(leaf).name, leaf)
        if is_function(leaf):
            return self._called_on_host(leaf) if self.on_host else self._function(leaf)
        return leaf

    def _function(self, function: Any) -> Any:
        """Return what a user of the library would pass in the place of a function."""
        name = getattr(function, "__name__", None)
        if isinstance(name, str) and getattr(np, name, None) is function:
            try:
                return getattr(self.library.namespace, name)
            except AttributeError:
                raise TypeError(f"the library has no counterpart of np.{name}") from None
        if isinstance(function, types.FunctionType) and function.__module__ == EXAMPLE_MODULE:
            self._rename(function)
        if not isinstance(function, (types.FunctionType, types.MethodType, functools.partial)):
            return function

        @functools.wraps(function)
        def answering(*args: Any, **kwargs: Any) -> Any:
            with self.library.apart():
                result = function(*args, **kwargs)
                if any(isinstance(arg, np.ndarray) for arg in args):
                    return result  # asked with NumPy's arrays, as for the blocks of a lazy array
                return rebuild(result, lambda _, leaf: self._array(leaf))

        return answering

    def _called_on_host(self, function: Any) -> Any:
        """Return a function that takes the library's arrays, calls NumPy's and returns such."""

        def on_host(*args: Any, **kwargs: Any) -> Any:
            with self.library.apart():
                given = (args, kwargs)
                host = rebuild(given, lambda _, leaf: self.library.to_numpy(leaf))
                result = function(*host[0], **host[1])
                if host is given and any(isinstance(arg, np.ndarray) for arg in args):
                    return result
                return rebuild(result, lambda _, leaf: self._array(leaf, scalars=True))

        return functools.update_wrapper(on_host, function) if _has_name(function) else on_host

    def _rename(self, function: types.FunctionType) -> None:
        """Let a function of the example see the library where it says NumPy, and its arrays."""
        for name, value in list(function.__globals__.items()):
            function.__globals__[name] = self._seen(value)
        for cell in function.__closure__ or ():
            try:
                cell.cell_contents = self._seen(cell.cell_contents)
            except ValueError:  # a name that is not bound yet
                continue

    def _seen(self, value: Any) -> Any:
        if inspect.ismodule(value) and _is_numpy(value):
            return self.for_numpy_code
        if isinstance(value, types.FunctionType) and value.__module__ == EXAMPLE_MODULE:
            if value.__globals__.get("np") is np:
                self._rename(value)
            return value
        return self._array(value)

    def _array(self, value: Any, *, scalars: bool = False) -> Any:
        if scalars and isinstance(value, np.generic) and value.dtype.kind in "biufc":
            value = np.asarray(value)
        return self.library.convert(value) if is_numeric_array(value) else value


def is_function(leaf: Any) -> bool:
    """Say whether a leaf is a function that a target calls."""
    return callable(leaf) and not inspect.isclass(leaf) and not inspect.ismodule(leaf)


def _has_name(function: Any) -> bool:
    return isinstance(getattr(function, "__name__", None), str)


class _Namespace:
    """A library's namespace for code that was written for NumPy.

    What the library has by the same name is its own; for anything else, such as ``np.newaxis`` or
    ``np.isscalar``, NumPy's serves.
    """

    def __init__(self, namespace: Any) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._namespace, name)
        except AttributeError:
            return getattr(np, name)


def _is_numpy(module: types.ModuleType) -> bool:
    return module.__name__ in ("numpy", "array_api_compat.numpy")
