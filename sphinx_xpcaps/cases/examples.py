"""Origins "docstring" and "directive": run example code and record the calls of the target."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import sys
import traceback
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import array_api_compat.numpy
import numpy as np

from sphinx_xpcaps.cases.example_code import prompts, statements
from sphinx_xpcaps.cases.model import CodeKind, CodePiece, FoundCall, FoundCalls, Origin
from sphinx_xpcaps.cases.plot_stub import provide_plots
from sphinx_xpcaps.cases.resolve import doctexts
from sphinx_xpcaps.cases.watch import EXAMPLE_MODULE, Watcher
from sphinx_xpcaps.exceptions import exception_message, exception_name


class OnStart(Protocol):
    """Called before code runs, so that the parent knows what was running if a worker is lost."""

    def __call__(self, piece: CodePiece, limit: float | None = None, /) -> None:
        """Start `piece`, which may take `limit` seconds or, by default, the worker's limit."""


class SkippedError(Exception):
    """Part of an example is skipped, since it timed out or crashed before."""


def from_docstrings(
    name: str, owner: Any, target: Any, on_start: OnStart, skip: Collection[str]
) -> FoundCalls:
    """Run the examples of a target's docstring, or else of its class's.

    If an example fails, only that example and those that depend on it are lost.
    """
    problem, problem_type = "its docstring has no examples", None
    provide_plots()
    for text in doctexts(owner, target):
        groups = (prompts(text), list(statements(text, name.rpartition(".")[2])))
        if not any(groups):
            continue
        watcher = _watcher(name, owner, target, on_start, skip)
        scope = _module_scope(name, target)
        failed: BaseException | None = None
        calls: list[FoundCall] = []
        for group in groups:  # code without prompts is used if that with prompts has no call
            for source in group if not calls else ():
                if source in skip:
                    continue
                on_start(CodePiece(CodeKind.LINE, source))
                try:
                    scope.update(_missing_modules(source, scope, name))
                    watcher.run(source, scope)
                except BaseException as error:
                    failed = failed or error
            calls = watcher.finish()
        if calls:
            return FoundCalls(Origin.DOCSTRING, tuple(calls), made_up_data=watcher.made_up_data)
        problem = watcher.problem or "no example calls it"
        if failed is not None and not watcher.problem:
            problem_type = exception_name(failed)
            problem = f"its example raises {problem_type}: {_first_line(failed)}"
    return FoundCalls(Origin.DOCSTRING, problem=problem, problem_type=problem_type)


def from_bodies(
    name: str,
    owner: Any,
    target: Any,
    bodies: Sequence[str],
    on_start: OnStart,
    skip: Collection[str],
) -> FoundCalls:
    """Run the bodies of directives; an error in a body is reported to the author."""
    calls: list[FoundCall] = []
    for body in bodies:
        watcher = _watcher(name, owner, target, on_start, skip)
        on_start(CodePiece(CodeKind.LINE, body))
        try:
            watcher.run(body, _body_scope(name, target))
        except BaseException as error:
            kind, line = exception_name(error), _line(error)
            problem = f"line {line}: {kind}: {_first_line(error)}"
            return FoundCalls(Origin.DIRECTIVE, (), problem, kind, line)
        found = watcher.finish()
        if not found:
            problem = watcher.problem or f"the body does not call {name}"
            return FoundCalls(Origin.DIRECTIVE, (), problem, None)
        calls.extend(found)
    return FoundCalls(Origin.DIRECTIVE, tuple(calls))


def _watcher(
    name: str, owner: Any, target: Any, on_start: OnStart, skip: Collection[str]
) -> Watcher:
    def on_target_call(text: str) -> None:
        if text in skip:
            raise SkippedError(text)
        on_start(CodePiece(CodeKind.CALL, text))

    return Watcher(owner, target, name, on_target_call)


def _module_scope(name: str, target: Any) -> dict[str, Any]:
    """Return the global names of an example, as in doctest: those of its module, and NumPy."""
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    scope = dict(vars(module)) if module else {}
    scope.update(_body_scope(name, target), __name__=EXAMPLE_MODULE)
    scope.pop("xp")
    return scope


def _missing_modules(source: str, scope: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return modules for the names that an example uses without importing them.

    Projects provide such names while they test their examples. They are what the package's own
    modules import under this name, or an abbreviation of the package's name.
    """
    tree = ast.parse(source)
    used = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_store(n)}
    package = name.partition(".")[0]
    found = {}
    for unknown in dict.fromkeys(used):
        if unknown in scope or unknown in stored or hasattr(builtins, unknown):
            continue
        module = _imported_as(unknown, package)
        if module is not None:
            found[unknown] = module
    return found


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _imported_as(name: str, package: str) -> Any:
    """Return the module that a package imports under a name, or None."""
    for home, module in sorted(sys.modules.items()):
        if home.partition(".")[0] == package:
            found = getattr(module, "__dict__", {}).get(name)
            if inspect.ismodule(found):
                return found
    letters = iter(package)
    is_abbreviation = name[:1] == package[:1] and all(letter in letters for letter in name)
    return sys.modules.get(package) if len(name) > 1 and is_abbreviation else None


def _body_scope(name: str, target: Any) -> dict[str, Any]:
    package = name.partition(".")[0]
    return {
        "__name__": EXAMPLE_MODULE,
        "np": np,
        "xp": array_api_compat.numpy,
        package: importlib.import_module(package),
    }


def _first_line(error: BaseException) -> str:
    return (exception_message(error).strip().splitlines() or [""])[0]


def _line(error: BaseException) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    lines = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == "<example>"
    ]
    return (lines[-1] if lines else 1) or 1
