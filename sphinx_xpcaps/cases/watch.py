"""Watches a target while example code runs, whatever name the code calls it by.

Nothing is patched. The example's syntax tree is changed instead: every call goes through `call`,
which compares the callee with the target. So ufuncs, compiled functions and names imported long
before are seen alike, and calls that the library makes inside are not.
"""

from __future__ import annotations

import ast
import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sphinx_xpcaps.cases.model import Method, Named, Path, Result, Step
from sphinx_xpcaps.cases.payload import Logged, PayloadError, dump_step, join_logged
from sphinx_xpcaps.cases.plot_stub import data_set, unpacked
from sphinx_xpcaps.cases.trees import rebuild

EXAMPLE_MODULE = "__xpcaps_example__"
"""The ``__module__`` of functions that example code defines."""

HOOK = "__xpcaps_call__"
UNPACK = "__xpcaps_unpack__"
_FRAME_READERS = {"super", "locals", "globals", "vars", "dir", "eval", "exec"}
_MOST_CALLS = 40

_active: Sees | None = None


def call(text: str, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Call `function`; let the watcher, if one is active, see the call.

    A module-level function, so that functions of an example can be pickled and called elsewhere.
    """
    if _active is None:
        return function(*args, **kwargs)
    return _active.see(text, function, args, kwargs)


class Sees(Protocol):
    """What may stand behind the hook."""

    def see(self, text: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call `function` and return its result."""


def activate(watcher: Sees | None) -> Sees | None:
    """Put a watcher behind the hook, or none; return the one that was there."""
    global _active
    previous, _active = _active, watcher
    return previous


@dataclass(frozen=True, slots=True)
class _Made:
    """An object that the example made, and the calls that made and changed it."""

    thing: Any
    text: str
    history: list[int]
    by_target: bool


class Watcher:
    """Keeps deep copies of the arguments of a target's calls.

    An argument that is an object of the target's package is kept as the calls that made it, since
    that is how a user of another library would come by it.

    Parameters
    ----------
    holder, target : object
        What `sphinx_xpcaps.cases.resolve.resolve` returned.
    name : str
        The target's dotted name.
    heard : callable
        Called as ``heard(text)`` before each call of the target.
    """

    def __init__(self, holder: Any, target: Any, name: str, heard: Callable[[str], None]) -> None:
        self.holder = holder
        self.target = target
        self.name = name.rpartition(".")[2]
        self._named = Named(name)
        self.heard = heard
        self.calls: list[tuple[str, bytes, bool]] = []
        self.problem = ""
        self.made_up_data = False
        self._is_method = inspect.isclass(holder)
        self._packages = {name.partition(".")[0], _top(getattr(target, "__module__", None))}
        self._log: list[Logged] = []
        self._made: dict[int, _Made] = {}

    def run(self, source: str, scope: dict[str, Any]) -> None:
        """Execute `source` in `scope` while watching.

        Raises
        ------
        Exception
            What the code raises.
        """
        tree = ast.fix_missing_locations(Instrument().visit(ast.parse(source)))
        scope[HOOK] = call
        scope[UNPACK] = unpacked
        previous = activate(self)
        try:
            exec(compile(tree, "<example>", "exec"), scope)
        finally:
            activate(previous)

    def see(self, text: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call `function`, keeping the call if it is the target's or makes an object."""
        function, args, kwargs = _unpartial(function, args, kwargs)
        is_target = self._matches(function)
        owner = getattr(function, "__self__", None)
        is_call = is_target and owner is None and self._is_method and self.name == "__call__"
        if is_call or id(function) in self._made:
            owner = function  # an object that is called itself
        made = self._made.get(id(owner)) if owner is not None else None
        if not is_target and made is None and not self._is_of_package(function):
            return self._call(function, args, kwargs)
        callee: Any = self._named if is_target and owner is None else function
        if made is not None:
            name = function.__name__ if owner is not function else "__call__"
            callee = Method(Result(made.history[0]), name)
        logged = self._logged(callee, args, kwargs, made)
        if is_target:
            self.heard(text)
        result = function(*args, **kwargs) if is_target else self._call(function, args, kwargs)
        if logged is None:
            return result
        if is_target and not inspect.isclass(self.target) and len(self.calls) < _MOST_CALLS:
            self.calls.append((text, join_logged(self._log, logged), False))
        is_new = self._is_object(result) and id(result) not in self._made
        if made is not None or is_new:
            self._log.append(logged)
            number = len(self._log) - 1
            if made is not None:
                made.history.append(number)
            if is_new:
                self._made[id(result)] = _Made(result, text, [number], is_target)
        return result

    def finish(self) -> list[tuple[str, bytes, bool]]:
        """Return the calls as (text, pickled steps, whether every step counts)."""
        if inspect.isclass(self.target):
            for made in self._made.values():
                if type(made.thing) is self.target or made.by_target:
                    *before, last = made.history
                    needs = self._log[last].needs | set(before)
                    steps = join_logged(self._log, Logged(self._log[last].step, needs))
                    self.calls.append((made.text, steps, True))
        unique = {payload: (text, payload, whole) for text, payload, whole in self.calls}
        return list(unique.values())

    def _call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call what is not the target; data that cannot be loaded is made up."""
        try:
            return function(*args, **kwargs)
        except (OSError, ImportError):
            made_up = data_set(function, args, kwargs)
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
            if not isinstance(owner, self.holder) and owner is not self.holder:
                return False
            of = owner if inspect.isclass(owner) else type(owner)
            return function.__name__ == self.name and _static(of, self.name) is _static(
                self.holder, self.name
            )
        if self._is_method and self.name == "__call__":
            return isinstance(function, self.holder)
        return False

    def _is_of_package(self, function: Any) -> bool:
        return _top(getattr(function, "__module__", None) or type(function)) in self._packages

    def _is_object(self, result: object) -> bool:
        if isinstance(result, np.ndarray | np.generic):
            return False
        return _top(type(result)) in self._packages or type(result) is self.target

    def _logged(
        self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any], made: _Made | None
    ) -> Logged | None:
        """Return a call with what it depends on, or None where it cannot be kept."""
        needs = set(made.history) if made else set()

        def refer(path: Path, leaf: Any) -> Any:
            found = self._made.get(id(leaf))
            if found is None:
                return leaf
            needs.update(found.history)
            return Result(found.history[0])

        args, kwargs = rebuild((args, kwargs), refer, is_leaf=lambda x: id(x) in self._made)
        try:
            step = dump_step(Step(callee, args, kwargs, number=len(self._log)))
        except PayloadError as error:
            self.problem = str(error)
            return None
        return Logged(step, frozenset(needs))


def _top(module: str | type | None) -> str:
    """Return the package that a module, or a class's module, belongs to."""
    name = module.__module__ if isinstance(module, type) else module
    return (name or "").partition(".")[0]


def _static(cls: type, name: str) -> object:
    return inspect.getattr_static(cls, name, None)


def _unpartial(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    while type(function) is functools.partial:
        args, kwargs = (*function.args, *args), {**function.keywords, **kwargs}
        function = function.func
    return function, args, kwargs


class Instrument(ast.NodeTransformer):
    """Sends every call through the hook, with the call's own text.

    Parameters
    ----------
    unpacks : bool
        Whether assignments that unpack go through `unpacked`, for stand-ins of plots.
    """

    def __init__(self, *, unpacks: bool = True) -> None:
        self.unpacks = unpacks

    def visit_Call(self, node: ast.Call) -> ast.AST:
        text = ast.unparse(node)
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _FRAME_READERS:
            return node
        hook = ast.Name(id=HOOK, ctx=ast.Load())
        shown = ast.Constant(value=text)
        called = ast.Call(func=hook, args=[shown, node.func, *node.args], keywords=node.keywords)
        return ast.copy_location(called, node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        shape = _unpacking(node.targets[0])
        if shape is not None and self.unpacks:
            unpack = ast.Name(id=UNPACK, ctx=ast.Load())
            node.value = ast.Call(func=unpack, args=[node.value, shape], keywords=[])
        return node


def _unpacking(target: ast.expr) -> ast.expr | None:
    """Return the shape of an unpacking assignment as a nested tuple, or None for a plain one."""
    if not isinstance(target, ast.Tuple | ast.List):
        return None
    inner = [_unpacking(each) or ast.Constant(value=None) for each in target.elts]
    return ast.Tuple(elts=inner, ctx=ast.Load())
