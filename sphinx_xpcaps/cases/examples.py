"""Runs the examples of docstrings and the bodies of directives while their target is watched."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import array_api_compat.numpy
import numpy as np

from sphinx_xpcaps.cases.plot_stub import provide_plots
from sphinx_xpcaps.cases.resolve import doctexts
from sphinx_xpcaps.cases.watch import EXAMPLE_MODULE, Watcher

At = Callable[..., None]
"""Called with ``("call" or "line", code)`` before code runs, so that who waits knows where it is;
maybe with the seconds that this may take at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """The calls that an origin gave, as (text, pickled steps, whether every step counts)."""

    origin: str
    calls: tuple[tuple[str, bytes, bool], ...] = ()
    problem: str = ""
    problem_type: str | None = None
    made_up_data: bool = False


class SkippedError(Exception):
    """A piece of an example that was left out because it never came back."""


def from_docstrings(name: str, holder: Any, target: Any, at: At, skip: Collection[str]) -> Found:
    """Run the examples of a target's docstring, or else of its class's.

    An example that fails loses itself and what depends on it, nothing else.
    """
    problem = "its docstring has no examples"
    provide_plots()
    for origin, text in doctexts(holder, target):
        examples = _examples(text)
        if not examples:
            continue
        watcher = _watcher(name, holder, target, at, skip)
        scope = _module_scope(name, target)
        failed = ""
        for example in examples:
            source = example.source
            if example.options.get(doctest.OPTIONFLAGS_BY_NAME["SKIP"]) or source in skip:
                continue
            at(("line", source))
            try:
                watcher.run(source, scope)
            except BaseException as error:
                failed = failed or f"{type(error).__name__}: {_first_line(error)}"
        calls = watcher.finish()
        if calls:
            return Found(origin, tuple(calls), made_up_data=watcher.made_up_data)
        problem = watcher.problem or "no example calls it"
        if failed and not watcher.problem:
            problem += f" (an example failed with {failed})"
    return Found("docstring", problem=problem)


def from_bodies(
    name: str, holder: Any, target: Any, bodies: Sequence[str], at: At, skip: Collection[str]
) -> Found:
    """Run the code that directives give; here a failure is the author's and is reported."""
    calls: list[tuple[str, bytes, bool]] = []
    for body in bodies:
        watcher = _watcher(name, holder, target, at, skip)
        at(("line", body))
        try:
            watcher.run(body, _body_scope(name, target))
        except BaseException as error:
            problem = f"line {_line(error)}: {type(error).__name__}: {_first_line(error)}"
            return Found("directive", (), problem, type(error).__name__)
        found = watcher.finish()
        if not found:
            problem = watcher.problem or f"the body does not call {name}"
            return Found("directive", (), problem, None)
        calls.extend(found)
    return Found("directive", tuple(calls))


def _watcher(name: str, holder: Any, target: Any, at: At, skip: Collection[str]) -> Watcher:
    def heard(text: str) -> None:
        if text in skip:
            raise SkippedError(text)
        at(("call", text))

    return Watcher(holder, target, name, heard)


_BLOCK = re.compile(
    r"^(?P<fence>```+) ?py(?:thon|con)?3?\n(?P<fenced>.*?)^(?P=fence)"
    r"|^\.\. code(?:-block)?:: *py(?:thon)?3?\n(?P<indented>(?:[ \t]*\n|[ \t]+\S.*\n?)+)",
    re.DOTALL | re.MULTILINE,
)


def _examples(text: str) -> list[doctest.Example]:
    """Return the examples of a docstring: those with prompts, or else its blocks of code."""
    try:
        found = doctest.DocTestParser().get_examples(text)
    except ValueError:  # one badly indented example: read the others one paragraph at a time
        found = []
        for paragraph in text.split("\n\n"):
            try:
                found.extend(doctest.DocTestParser().get_examples(paragraph))
            except ValueError:
                continue
    return found or [doctest.Example(source, "") for source in _statements(text)]


def _statements(text: str) -> Iterator[str]:
    """Yield the statements of fenced and indented blocks of Python."""
    for block in _BLOCK.finditer(text):
        indented = re.sub(r"\A([ \t]+:\w+:.*\n)+", "", block["indented"] or "")
        source = textwrap.dedent(block["fenced"] or indented)
        try:
            statements = ast.parse(source).body
        except SyntaxError:
            continue
        yield from (ast.unparse(statement) for statement in statements)


def _module_scope(name: str, target: Any) -> dict[str, Any]:
    """Return what an example sees by doctest's convention: its module's names, and NumPy."""
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    scope = dict(vars(module)) if module else {}
    scope.update(_body_scope(name, target), __name__=EXAMPLE_MODULE)
    scope.pop("xp")
    return scope


def _body_scope(name: str, target: Any) -> dict[str, Any]:
    package = name.partition(".")[0]
    return {
        "__name__": EXAMPLE_MODULE,
        "np": np,
        "xp": array_api_compat.numpy,
        package: importlib.import_module(package),
    }


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def _line(error: BaseException) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    lines = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == "<example>"
    ]
    return (lines[-1] if lines else 1) or 1
