"""Record the calls of a target while example code runs, under any name.

Nothing is patched. Instead, the syntax tree of the example is rewritten: each call goes through
`call`, which compares the callee with the target. So calls of ufuncs, of compiled functions and of
names that were imported earlier are recorded, and calls inside the library are not.
"""

from __future__ import annotations

import ast
import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sphinx_xpcaps.cases.instrument import (
    HOOK,
    METHODS,
    OPERATE,
    UNPACK,
    CallInstrumenter,
    activate,
    call,
    operate,
)
from sphinx_xpcaps.cases.model import DottedName, FoundCall, LeafPath, Step, StepMethod, StepResult
from sphinx_xpcaps.cases.payload import LoggedCall, PayloadError, dump_step, join_logged
from sphinx_xpcaps.cases.plot_stub import made_up_data_set, unpacked
from sphinx_xpcaps.cases.trees import rebuild

EXAMPLE_MODULE = "__xpcaps_example__"
"""The ``__module__`` of functions that example code defines."""

_MOST_CALLS = 40


@dataclass(frozen=True, slots=True)
class _Created:
    """An object that the example created, and the calls that created and changed it."""

    value: Any
    text: str
    history: list[int]
    by_target: bool


class Watcher:
    """Records copies of the arguments of the calls of a target.

    An argument that is an object of the target's package is recorded as the calls that created
    it, since a user of another library creates it by the same calls.

    Parameters
    ----------
    owner, target : object
        What `sphinx_xpcaps.cases.resolve.resolve` returned.
    name : str
        The target's dotted name.
    on_target_call : callable
        Called as ``on_target_call(text)`` before each call of the target.
    """

    def __init__(
        self, owner: Any, target: Any, name: str, on_target_call: Callable[[str], None]
    ) -> None:
        self.owner = owner
        self.target = target
        self.name = name.rpartition(".")[2]
        self._named = DottedName(name)
        self._on_target_call = on_target_call
        self.calls: list[FoundCall] = []
        self.problem = ""
        self.made_up_data = False
        self._is_method = inspect.isclass(owner)
        self._packages = {name.partition(".")[0], _top(getattr(target, "__module__", None))}
        self._log: list[LoggedCall] = []
        self._created: dict[int, _Created] = {}

    def run(self, source: str, scope: dict[str, Any]) -> None:
        """Execute `source` in `scope` and record the calls of the target.

        Raises
        ------
        Exception
            Any exception that the code raises.
        """
        instrumenter = CallInstrumenter(operators=self._is_method)
        tree = ast.fix_missing_locations(instrumenter.visit(ast.parse(source)))
        scope[HOOK] = call
        scope[OPERATE] = operate
        scope[UNPACK] = unpacked
        previous = activate(self)
        try:
            exec(compile(tree, "<example>", "exec"), scope)
        finally:
            activate(previous)

    def on_call(
        self, text: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call `function`; record the call if it is of the target or creates an object."""
        if isinstance(function, types.BuiltinFunctionType) and function in METHODS:
            return self._on_operator(text, function, args)
        descriptor = _static(self.owner, self.name) if self._is_method else None
        is_partial = _is_of_partialmethod(function, descriptor)
        if not is_partial:
            function, args, kwargs = _unpartial(function, args, kwargs)
        is_target = is_partial or _is_of_dispatch(function, descriptor) or self._matches(function)
        owner = getattr(function.func if is_partial else function, "__self__", None)
        if is_target and owner is None and self._is_method:
            owner = self._dispatching_object(function)
        is_call = is_target and owner is None and self._is_method and self.name == "__call__"
        if is_call or id(function) in self._created:
            owner = function  # a callable object
        made = self._created.get(id(owner)) if owner is not None else None
        if not is_target and made is None and not self._is_of_package(function):
            args = tuple(self._recorded(text, arg) for arg in args)
            return self._call(function, args, kwargs)
        callee: Any = self._named if is_target and owner is None else function
        if made is not None:
            name = (
                "__call__" if owner is function else self.name if is_target else function.__name__
            )
            callee = StepMethod(StepResult(made.history[0]), name)
        logged = self._logged(callee, args, kwargs, made)
        if is_target:
            self._on_target_call(text)
        result = function(*args, **kwargs) if is_target else self._call(function, args, kwargs)
        if logged is None:
            return result
        if is_target and not inspect.isclass(self.target) and len(self.calls) < _MOST_CALLS:
            self.calls.append(FoundCall(text, join_logged(self._log, logged), False))
        is_new = self._is_object(result) and id(result) not in self._created
        if made is not None or is_new:
            self._log.append(logged)
            number = len(self._log) - 1
            if made is not None:
                made.history.append(number)
            if is_new:
                self._created[id(result)] = _Created(result, text, [number], is_target)
        return result

    def _on_operator(self, text: str, function: Any, operands: tuple[Any, ...]) -> Any:
        """Apply an operator, by the method of an operand that the example created."""
        for name, position in zip(METHODS[function], range(len(operands)), strict=False):
            own = operands[position]
            method = getattr(type(own), name, None) if id(own) in self._created else None
            if inspect.isfunction(method):
                others = operands[:position] + operands[position + 1 :]
                result = self.on_call(text, types.MethodType(method, own), others, {})
                if result is not NotImplemented:
                    return result
        return function(*operands)

    def finish(self) -> list[FoundCall]:
        """Return the recorded calls."""
        if inspect.isclass(self.target):
            for made in self._created.values():
                if type(made.value) is self.target or made.by_target:
                    *before, last = made.history
                    needs = self._log[last].needs | set(before)
                    steps = join_logged(self._log, LoggedCall(self._log[last].step, needs))
                    self.calls.append(FoundCall(made.text, steps, True))
        unique = {call.payload: call for call in self.calls}
        return list(unique.values())

    def _dispatching_object(self, function: Any) -> Any:
        """Return the object of which a `functools.singledispatchmethod` was looked up."""
        cells = (cell.cell_contents for cell in getattr(function, "__closure__", None) or ())
        parts = [*cells, *getattr(function, "__dict__", {}).values()]
        return next((part for part in parts if id(part) in self._created), None)

    def _recorded(self, text: str, arg: Any) -> Any:
        """Return the target as a function whose calls are recorded, and anything else unchanged.

        The target may be called by a function of another package, such as `map`.
        """
        if arg is not self.target or inspect.isclass(arg) or isinstance(arg, np.ufunc):
            return arg

        @functools.wraps(arg)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            return self.on_call(text, arg, args, kwargs)

        return recorded

    def _call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function other than the target; replace data that cannot be loaded."""
        try:
            return function(*args, **kwargs)
        except (OSError, ImportError):
            made_up = made_up_data_set(function, args, kwargs)
            if made_up is None:
                raise
            self.made_up_data = True
            return made_up

    def _matches(self, function: Any) -> bool:
        if function is self.target:
            return True
        if isinstance(function, types.MethodType | types.BuiltinMethodType):
            owner = function.__self__
            if not self._is_method:
                return bool(function == self.target)
            of = owner if inspect.isclass(owner) else type(owner)
            # The example of an inherited method may create an object of the base class.
            if not issubclass(of, self.owner) and not issubclass(self.owner, of):
                return False
            return function.__name__ == self.name and _static(of, self.name) is _static(
                self.owner, self.name
            )
        if self._is_method and self.name == "__call__":
            return isinstance(function, self.owner)
        return False

    def _is_of_package(self, function: Any) -> bool:
        return _top(getattr(function, "__module__", None) or type(function)) in self._packages

    def _is_object(self, result: object) -> bool:
        if isinstance(result, np.ndarray | np.generic):
            return False
        return _top(type(result)) in self._packages or type(result) is self.target

    def _logged(
        self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any], made: _Created | None
    ) -> LoggedCall | None:
        """Return a call with the calls it depends on, or None if it cannot be copied."""
        needs = set(made.history) if made else set()

        def refer(path: LeafPath, leaf: Any) -> Any:
            found = self._created.get(id(leaf))
            if found is None:
                return leaf
            needs.update(found.history)
            return StepResult(found.history[0])

        args, kwargs = rebuild((args, kwargs), refer, is_leaf=lambda x: id(x) in self._created)
        try:
            step = dump_step(Step(callee, args, kwargs, number=len(self._log)))
        except PayloadError as error:
            self.problem = str(error)
            return None
        return LoggedCall(step, frozenset(needs))


def _top(module: str | type | None) -> str:
    """Return the top-level package of a module, or of the module of a class."""
    name = module.__module__ if isinstance(module, type) else module
    return (name or "").partition(".")[0]


def _static(cls: type, name: str) -> object:
    return inspect.getattr_static(cls, name, None)


def _is_of_partialmethod(function: Any, descriptor: object) -> bool:
    """Return whether a function is a `functools.partialmethod` of an object."""
    return (
        isinstance(descriptor, functools.partialmethod)
        and type(function) is functools.partial
        and getattr(function.func, "__func__", None) is descriptor.func
        and (function.args, function.keywords) == (descriptor.args, descriptor.keywords)
    )


def _is_of_dispatch(function: Any, descriptor: object) -> bool:
    """Return whether a function is a `functools.singledispatchmethod` of an object."""
    return (
        isinstance(descriptor, functools.singledispatchmethod)
        and getattr(function, "__wrapped__", None) is descriptor.func
    )


def _unpartial(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    while type(function) is functools.partial:
        args, kwargs = (*function.args, *args), {**function.keywords, **kwargs}
        function = function.func
    return function, args, kwargs
