"""Watches a target while example code runs, whatever name the code calls it by.

Nothing is patched. The example's syntax tree is changed instead: every call goes through `call`,
which compares the callee with the target. So ufuncs, compiled functions and names imported long
before are seen alike, and calls that the library makes inside are not.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import array_api_compat.numpy
import cloudpickle

from core.backends import backends
from sphinx_xpcaps.cases.model import Named, Path, Step
from sphinx_xpcaps.cases.resolve import resolve
from sphinx_xpcaps.cases.standins import data_set, unpacked
from sphinx_xpcaps.cases.trees import rebuild

EXAMPLE_MODULE = "__xpcaps_example__"
"""The ``__module__`` of functions that example code defines."""

HOOK = "__xpcaps_call__"
UNPACK = "__xpcaps_unpack__"
_FRAME_READERS = {"super", "locals", "globals", "vars", "dir", "eval", "exec"}
_MOST_CALLS = 40
_LARGEST = 64 * 2**20

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


class Watcher:
    """Keeps deep copies of the arguments of a target's calls.

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
        self._wants_objects = self._is_method or inspect.isclass(target)
        self._package = (getattr(target, "__module__", None) or "").partition(".")[0]
        self._made: dict[int, tuple[Any, str, list[bytes]]] = {}
        self._own: set[int] = set()  # ids of what calling the target itself made

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
        if not is_target and not self._wants_objects:
            return self._call(function, args, kwargs)
        owner = getattr(function, "__self__", None)
        if owner is None and is_target and self._is_method and self.name == "__call__":
            owner = function
        made = self._made.get(id(owner)) if owner is not None else None
        name = getattr(function, "__name__", self.name) if owner is not function else "__call__"
        named = is_target and owner is None
        step = self._step(name if made else self._named if named else function, args, kwargs)
        if is_target:
            self.heard(text)
        result = function(*args, **kwargs) if is_target else self._call(function, args, kwargs)
        if step is None:
            return result
        if is_target and not inspect.isclass(self.target) and len(self.calls) < _MOST_CALLS:
            before = made[2] if made else []
            self.calls.append((text, _join([*before, step]), False))
        if made:
            made[2].append(step)
        elif self._wants_objects and self._is_object(result) and id(result) not in self._made:
            self._made[id(result)] = (result, text, [step])
            if is_target:
                self._own.add(id(result))
        return result

    def finish(self) -> list[tuple[str, bytes, bool]]:
        """Return the calls as (text, pickled steps, whether every step counts)."""
        if inspect.isclass(self.target):
            for thing, text, steps in self._made.values():
                if type(thing) is self.target or id(thing) in self._own:
                    self.calls.append((text, _join(steps), True))
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

    def _is_object(self, result: object) -> bool:
        module = type(result).__module__ or ""
        return module.partition(".")[0] == self._package or type(result) is self.target

    def _step(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes | None:
        try:
            args, kwargs = neutral(args, kwargs)
            payload: bytes = cloudpickle.dumps(Step(callee, args, kwargs))
        except Exception as error:
            self.problem = f"an argument cannot be copied: {error}"
            return None
        if len(payload) > _LARGEST:
            self.problem = "an argument is larger than 64 MiB"
            return None
        return payload


def neutral(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with NumPy's arrays in the place of any other library's."""
    found: tuple[tuple[Any, ...], dict[str, Any]] = rebuild((args, kwargs), _neutral)
    return found


def _neutral(path: Path, leaf: Any) -> Any:
    """Return NumPy's equivalent of an array or namespace, where an example uses another library."""
    for backend in backends().values():
        if backend.module not in sys.modules or backend.name == "numpy":
            continue
        if backend.owns(leaf):
            return backend.to_numpy(leaf)
        if inspect.ismodule(leaf) and leaf is backend.namespace():
            return array_api_compat.numpy
    return leaf


def load_steps(payload: bytes) -> list[Step]:
    """Return fresh copies of the steps of a case."""
    return [_located(cloudpickle.loads(step)) for step in cloudpickle.loads(payload)]


def dump_call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """Return the pickled steps of one call of the target called `name`."""
    return _join([cloudpickle.dumps(Step(Named(name), args, kwargs))])


def _located(step: Step) -> Step:
    if isinstance(step.callee, Named):
        return replace(step, callee=resolve(step.callee.name)[1])
    return step


def _join(steps: list[bytes]) -> bytes:
    joined: bytes = cloudpickle.dumps(list(steps))
    return joined


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
