"""Calls a case again, with its arguments' leaves replaced."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import Case, Path, Plan, Step
from sphinx_xpcaps.cases.trees import is_numeric_array, rebuild
from sphinx_xpcaps.cases.watch import EXAMPLE_MODULE, load_steps

Convert = Callable[[Path, Any], Any]
"""Turns a leaf that a plan selects into an array of the backend."""


def prepare(
    case: Case,
    plan: Plan | None,
    dtypes: Mapping[Path, np.dtype[Any]],
    convert: Convert,
    namespace: Any,
    device: Any = None,
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
    convert : callable
        Makes the backend's array of a NumPy array.
    namespace : module
        What ``np`` and ``xp`` mean for functions and arguments of the example.
    device : object, optional
        What is passed as ``device=`` where the plan says so.
    adjust : callable, optional
        Changes leaves in a call under NumPy.
    """
    selected = plan.paths if plan else frozenset()
    foreign = plan is not None

    def replace(path: Path, leaf: Any) -> Any:
        if path in dtypes:
            leaf = np.asarray(leaf).astype(dtypes[path])
        if path in selected or (foreign and path in dtypes):
            return convert(path, np.asarray(leaf))
        if not foreign:
            return adjust(leaf) if adjust else leaf
        return translator.leaf(path, leaf)

    translator = _Translator(namespace, convert)
    steps = []
    for i, step in enumerate(load_steps(case.payload)):
        args = tuple(rebuild(value, replace, (i, n)) for n, value in enumerate(step.args))
        kwargs = {name: rebuild(value, replace, (i, name)) for name, value in step.kwargs.items()}
        callee = step.callee
        if isinstance(callee, types.MethodType) and not inspect.isclass(callee.__self__):
            callee = types.MethodType(
                callee.__func__, rebuild(callee.__self__, replace, (i, "self"))
            )
        steps.append(Step(callee, args, kwargs))
    if plan is not None and plan.pass_namespace:
        extra = {"xp": namespace} | ({"device": device} if plan.pass_device else {})
        last = steps[-1]
        steps[-1] = Step(last.callee, last.args, {**last.kwargs, **extra})
    return steps


def perform(
    steps: list[Step], whole: bool, transform: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Any:
    """Call the steps; the transform, such as a jit, applies to what the case is about.

    That is the last call, or where every step counts, all of them as one function.
    """
    if whole:
        return transform(functools.partial(_all_steps, [s.callee for s in steps]))(
            *[(step.args, step.kwargs) for step in steps]
        )
    made = None
    for step in steps[:-1]:
        result = _bound(step.callee, made)(*step.args, **step.kwargs)
        made = result if made is None else made
    last = steps[-1]
    return transform(_bound(last.callee, made))(*last.args, **last.kwargs)


def _all_steps(callees: list[Any], *arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> list[Any]:
    made, results = None, []
    for callee, (args, kwargs) in zip(callees, arguments, strict=True):
        result = _bound(callee, made)(*args, **kwargs)
        made = result if made is None else made
        results.append(result)
    # What a method returns counts; the object itself often returns itself and says no more.
    return [result for result in results[1:] if result is not made] or results


def _bound(callee: Any, made: Any) -> Callable[..., Any]:
    bound: Callable[..., Any] = getattr(made, callee) if isinstance(callee, str) else callee
    return bound


class _Translator:
    """Says what a leaf that is no array means for another library.

    Parameters
    ----------
    namespace : module
        The library's namespace.
    convert : callable
        Makes the library's array of a NumPy array.
    """

    def __init__(self, namespace: Any, convert: Convert) -> None:
        self.namespace = namespace
        self.for_numpy_code = _Namespace(namespace)
        self.convert = convert

    def leaf(self, path: Path, leaf: Any) -> Any:
        """Return the leaf's counterpart: a namespace, a dtype, a function, or itself."""
        if isinstance(leaf, np.generic) and leaf.dtype.kind in "biufc":
            return leaf.item()  # a scalar of NumPy's would be an array of another library
        if inspect.ismodule(leaf) and _is_numpy(leaf):
            return self.namespace
        if isinstance(leaf, np.dtype) or (inspect.isclass(leaf) and issubclass(leaf, np.generic)):
            return getattr(self.namespace, np.dtype(leaf).name, leaf)
        if callable(leaf) and not inspect.isclass(leaf) and not inspect.ismodule(leaf):
            return self._function(path, leaf)
        return leaf

    def _function(self, path: Path, function: Any) -> Any:
        """Return what a user of the library would pass in the place of a function."""
        name = getattr(function, "__name__", None)
        if isinstance(name, str) and getattr(np, name, None) is function:
            return getattr(self.for_numpy_code, name)
        if isinstance(function, types.FunctionType) and function.__module__ == EXAMPLE_MODULE:
            self._rename(path, function)
        if not isinstance(function, (types.FunctionType, types.MethodType, functools.partial)):
            return function

        @functools.wraps(function)
        def answering(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            if any(isinstance(arg, np.ndarray) for arg in args):
                return result  # asked with NumPy's arrays, as for the blocks of a lazy array
            return rebuild(result, lambda _, leaf: self._array(path, leaf))

        return answering

    def _rename(self, path: Path, function: types.FunctionType) -> None:
        """Let a function of the example see the library where it says NumPy, and its arrays."""
        for name, value in list(function.__globals__.items()):
            function.__globals__[name] = self._seen(path, value)
        for cell in function.__closure__ or ():
            try:
                cell.cell_contents = self._seen(path, cell.cell_contents)
            except ValueError:  # a name that is not bound yet
                continue

    def _seen(self, path: Path, value: Any) -> Any:
        if inspect.ismodule(value) and _is_numpy(value):
            return self.for_numpy_code
        if isinstance(value, types.FunctionType) and value.__module__ == EXAMPLE_MODULE:
            if value.__globals__.get("np") is np:
                self._rename(path, value)
            return value
        return self._array(path, value)

    def _array(self, path: Path, value: Any) -> Any:
        return self.convert(path, value) if is_numeric_array(value) else value


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
