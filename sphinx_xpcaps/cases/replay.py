"""Calls a case again, with its arguments' leaves replaced."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import Case, Path, Plan, Step
from sphinx_xpcaps.cases.trees import rebuild
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
        return _translate(leaf, namespace)

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


def _translate(leaf: Any, namespace: Any) -> Any:
    """Return what a leaf that is no array means for another library: its namespace and dtypes."""
    if inspect.ismodule(leaf) and _is_numpy(leaf):
        return namespace
    if isinstance(leaf, np.dtype) or (inspect.isclass(leaf) and issubclass(leaf, np.generic)):
        return getattr(namespace, np.dtype(leaf).name, leaf)
    if isinstance(leaf, types.FunctionType) and leaf.__module__ == EXAMPLE_MODULE:
        _rename_numpy(leaf, namespace)
    return leaf


def _is_numpy(module: types.ModuleType) -> bool:
    return module.__name__ in ("numpy", "array_api_compat.numpy")


class _Namespace:
    """A backend's namespace for code that was written for NumPy.

    What the backend has by the same name is its own; for anything else, such as ``np.newaxis`` or
    ``np.isscalar``, NumPy's serves.
    """

    def __init__(self, namespace: Any) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._namespace, name)
        except AttributeError:
            return getattr(np, name)


def _rename_numpy(function: types.FunctionType, namespace: Any) -> None:
    """Let a function of the example see the backend's namespace wherever it says NumPy's."""
    if not isinstance(namespace, _Namespace):
        namespace = _Namespace(namespace)
    for name, value in list(function.__globals__.items()):
        if inspect.ismodule(value) and _is_numpy(value):
            function.__globals__[name] = namespace
    for cell in function.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:
            continue
        if inspect.ismodule(value) and _is_numpy(value):
            cell.cell_contents = namespace
        elif isinstance(value, types.FunctionType) and value.__module__ == EXAMPLE_MODULE:
            _rename_numpy(value, namespace)
