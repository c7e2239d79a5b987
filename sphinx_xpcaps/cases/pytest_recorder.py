"""A pytest plugin that records the calls of a library's functions in its tests.

``pytest -p sphinx_xpcaps.cases.pytest_recorder --xpcaps-cases FILE --xpcaps-targets 'pkg.*'``

Test modules are instrumented as examples are, see `sphinx_xpcaps.cases.instrument`: calls in a test
are recorded under any name, and calls inside the library are not.
"""

from __future__ import annotations

import ast
import copy
import fnmatch
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sphinx_xpcaps._private.pytest import rewriting_test_modules
from sphinx_xpcaps.cases import instrument
from sphinx_xpcaps.cases.case_file import (
    CaseFileError,
    RecordedCall,
    RecordedTarget,
    decode,
    encode,
    from_text,
    to_text,
    write,
)
from sphinx_xpcaps.cases.instrument import HOOK, CallInstrumenter, call
from sphinx_xpcaps.cases.model import DottedName, LeafPath, Step, StepMethod, StepResult
from sphinx_xpcaps.cases.payload import neutral
from sphinx_xpcaps.cases.select import choose, traits
from sphinx_xpcaps.cases.trees import rebuild

_MOST_SEEN = 200
_MOST_KEPT = 6
_TESTS = re.compile(r"tests?|test_.*|.*_test|conftest")
_OUTPUT = "xpcaps_cases"


@dataclass(frozen=True, slots=True)
class _Created:
    """An object that a test created, and the calls that created and changed it."""

    value: Any
    history: list[int]


class Recorder:
    """Records the calls of each target whose name matches a pattern.

    Parameters
    ----------
    patterns : list of str
        Patterns of dotted names.
    """

    def __init__(self, patterns: list[str]) -> None:
        self.patterns = patterns
        self.calls: dict[tuple[str, ...], dict[str, RecordedCall]] = {}
        """The calls by the names of their target and by their data."""
        self._names: dict[int, tuple[Any, tuple[str, ...]]] = {}
        self._log: list[tuple[Step, frozenset[int]]] = []
        self._created: dict[int, _Created] = {}

    def begin_test(self) -> None:
        """Forget the objects of the test before."""
        self._log.clear()
        self._created.clear()

    def on_call(
        self, text: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call `function` and record its arguments if it is a target and returns."""
        made = self._created.get(id(getattr(function, "__self__", None)))
        made = made or self._created.get(id(function))
        names = self._names_of(function, made)
        if not names and made is None:
            return function(*args, **kwargs)
        logged = self._logged(names, function, args, kwargs, made)
        result = function(*args, **kwargs)
        if logged is None:
            return result
        step, needs = logged
        is_class = inspect.isclass(function)
        calls = self.calls.setdefault(names, {}) if names else {}
        if names and len(calls) < _MOST_SEEN:
            steps = [*(self._log[number][0] for number in self._required(needs)), step]
            with suppress(CaseFileError):  # arguments that are not data cannot be replayed
                data = tuple(encode(each) for each in steps)
                key = json.dumps(data, sort_keys=True)
                calls.setdefault(key, RecordedCall(text=text, steps=data, all_steps=is_class))
        if is_class or made is not None:
            self._log.append((step, needs))
            if made is not None:
                made.history.append(step.number)
            else:
                self._created[id(result)] = _Created(result, [step.number])
        return result

    def _logged(
        self,
        names: tuple[str, ...],
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        made: _Created | None,
    ) -> tuple[Step, frozenset[int]] | None:
        """Return a call with the calls that it depends on, or None if it cannot be copied."""
        needs = set(made.history) if made else set()

        def refer(path: LeafPath, leaf: Any) -> Any:
            found = self._created.get(id(leaf))
            if found is None:
                return leaf
            needs.update(found.history)
            return StepResult(found.history[0])

        callee: Any = DottedName(names[0]) if names else None
        if made is not None:
            method = "__call__" if function is made.value else function.__name__
            callee = StepMethod(StepResult(made.history[0]), method)
        given = rebuild((args, kwargs), refer, is_leaf=lambda x: id(x) in self._created)
        try:
            copied = copy.deepcopy(neutral(*given))
        except Exception:
            return None
        return Step(callee, *copied, number=len(self._log)), frozenset(needs)

    def _required(self, needs: frozenset[int]) -> list[int]:
        """Return the numbers of all calls that some calls depend on, in their order."""
        required: set[int] = set()
        waiting = set(needs)
        while waiting:
            number = waiting.pop()
            required.add(number)
            waiting |= self._log[number][1] - required
        return sorted(required)

    def add(self, targets: Iterable[RecordedTarget]) -> None:
        """Add the calls that another process has recorded."""
        for target in targets:
            calls = self.calls.setdefault(target.names, {})
            for each in target.calls:
                calls.setdefault(json.dumps(each.steps, sort_keys=True), each)

    def all_targets(self) -> list[RecordedTarget]:
        """Return all calls."""
        return [
            RecordedTarget(names=names, calls=tuple(calls.values()))
            for names, calls in self.calls.items()
            if calls
        ]

    def chosen_targets(self) -> list[RecordedTarget]:
        """Return the calls of each target that differ most."""
        found = []
        for names, calls in sorted(self.calls.items()):
            package = names[0].partition(".")[0]
            listed = [calls[key] for key in sorted(calls, key=lambda key: (len(key), key))]
            steps = [[decode(step, package) for step in each.steps] for each in listed]
            kept = [listed[i] for i in choose([traits(each) for each in steps], _MOST_KEPT)]
            if kept:
                found.append(RecordedTarget(names=names, calls=tuple(kept)))
        return found

    def _names_of(self, function: Any, made: _Created | None) -> tuple[str, ...]:
        """Return the public names of a target; none for anything else."""
        owner = getattr(function, "__self__", None)
        if made is not None:
            owner = type(made.value)
        elif not inspect.isclass(owner):
            if inspect.ismethod(function):
                return ()
            return self._public_names(function)
        name = "__call__" if made and function is made.value else function.__name__
        of_class = (f"{each}.{name}" for each in self._public_names(owner))
        return tuple(filter(self._is_wanted, of_class)) if name[:1] != "_" else ()

    def _public_names(self, target: Any) -> tuple[str, ...]:
        """Return the public names of a function or class in its package, the shortest first."""
        if id(target) not in self._names:
            found = sorted(self._find(target), key=lambda name: (name.count("."), name))
            self._names[id(target)] = target, tuple(found)
        return self._names[id(target)][1]

    def _find(self, target: Any) -> Iterator[str]:
        name = getattr(target, "__name__", None)
        home = getattr(target, "__module__", None) or ""
        if not isinstance(name, str) or _is_of_tests(home):
            return
        top = home.partition(".")[0]
        for module_name, module in list(sys.modules.items()):
            if module_name.partition(".")[0] != top and not isinstance(target, np.ufunc):
                continue
            public = f"{module_name}.{name}"
            if vars(module).get(name) is target and self._is_wanted(public):
                yield public

    def _is_wanted(self, name: str) -> bool:
        parts = name.split(".")
        return (
            not _is_of_tests(name.rpartition(".")[0])
            and not any(part.startswith("_") for part in parts)
            and any(fnmatch.fnmatchcase(name, pattern) for pattern in self.patterns)
        )


def _is_of_tests(module: str) -> bool:
    """Return whether a module is a test, whose helpers are not targets."""
    return any(_TESTS.fullmatch(part) for part in module.split("."))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options ``--xpcaps-cases`` and ``--xpcaps-targets``."""
    group = parser.getgroup("xpcaps", "cases for capability tables")
    group.addoption("--xpcaps-cases", metavar="FILE", help="write the recorded calls to FILE")
    group.addoption(
        "--xpcaps-targets",
        metavar="PATTERN",
        action="append",
        default=[],
        help="record callables whose dotted names match; repeatable",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start recording if ``--xpcaps-cases`` is given."""
    file = config.getoption("--xpcaps-cases")
    if not file:
        return
    patterns = config.getoption("--xpcaps-targets")
    if not patterns:
        raise pytest.UsageError("--xpcaps-cases needs --xpcaps-targets, such as 'mypkg.*'")
    if not file.endswith(".cases"):
        raise pytest.UsageError(f"--xpcaps-cases: the name must end with .cases, not {file!r}")
    if config.getoption("assertmode", "rewrite") != "rewrite":
        raise pytest.UsageError("--xpcaps-cases cannot record with --assert=plain: remove it")
    recorder = config.stash[_RECORDER] = Recorder(patterns)
    context = ExitStack()
    context.callback(_save, config, recorder, Path(file).absolute())
    context.callback(instrument.activate, instrument.activate(recorder))
    context.enter_context(rewriting_test_modules(_instrument, "xpcaps"))
    config.stash[_RECORDING] = context


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop recording and write the recorded calls."""
    context = config.stash.get(_RECORDING, None)
    if context is not None:
        context.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget the objects of the test before."""
    recorder = item.config.stash.get(_RECORDER, None)
    if recorder is not None:
        recorder.begin_test()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what a worker of pytest-xdist has recorded to the controller."""
    recorder = session.config.stash.get(_RECORDER, None)
    output = getattr(session.config, "workeroutput", None)
    if recorder is not None and output is not None:
        output[_OUTPUT] = to_text(recorder.all_targets())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of pytest-xdist has recorded."""
    recorder = node.config.stash.get(_RECORDER, None)
    text = getattr(node, "workeroutput", {}).get(_OUTPUT)
    if recorder is not None and text:
        recorder.add(from_text(text))


def _save(config: pytest.Config, recorder: Recorder, file: Path) -> None:
    if not hasattr(config, "workerinput"):  # the controller of pytest-xdist writes the file
        write(file, recorder.chosen_targets())


_RECORDER = pytest.StashKey[Recorder]()
_RECORDING = pytest.StashKey[ExitStack]()


def _instrument(module: ast.Module) -> None:
    """Instrument the calls in a test module and import the function that receives them."""
    CallInstrumenter(is_example=False).visit(module)
    position = 1 if module.body and isinstance(module.body[0], ast.Expr) else 0
    while position < len(module.body) and _is_future(module.body[position]):
        position += 1
    hook = ast.ImportFrom(
        module=call.__module__, names=[ast.alias(call.__name__, HOOK)], level=0, lineno=1
    )
    module.body.insert(position, hook)
    ast.fix_missing_locations(module)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
