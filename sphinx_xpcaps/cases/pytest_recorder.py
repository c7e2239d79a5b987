"""A pytest plugin that records the calls of a library's functions in its tests.

``pytest -p sphinx_xpcaps.cases.pytest_recorder --xpcaps-cases FILE --xpcaps-targets 'pkg.*'``

Test modules are instrumented as examples are, see `sphinx_xpcaps.cases.watch`: calls in a test are
recorded under any name, and calls inside the library are not.
"""

from __future__ import annotations

import ast
import fnmatch
import inspect
import pickle
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sphinx_xpcaps._private.pytest import rewriting_test_modules
from sphinx_xpcaps.cases import watch
from sphinx_xpcaps.cases.payload import dump_call, load_steps
from sphinx_xpcaps.cases.select import choose, traits
from sphinx_xpcaps.cases.watch import HOOK, CallInstrumenter, call

_MOST_SEEN = 200
_MOST_KEPT = 6


class Recorder:
    """Records the calls of each target whose name matches a pattern.

    Parameters
    ----------
    patterns : list of str
        Patterns of dotted names.
    file : Path
        The file to write.
    """

    def __init__(self, patterns: list[str], file: Path) -> None:
        self.patterns = patterns
        self.file = file
        self.names: dict[int, str | None] = {}
        self.kept: list[Any] = []  # so that no id is used twice
        self.calls: dict[str, dict[bytes, str]] = {}

    def on_call(
        self, text: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call `function` and record its arguments if it is a target and returns."""
        name = self._name(function)
        payload = None
        if name is not None and len(self.calls.setdefault(name, {})) < _MOST_SEEN:
            try:
                payload = dump_call(name, args, kwargs)
            except Exception:  # arguments that cannot be copied cannot be replayed
                payload = None
        result = function(*args, **kwargs)
        if name is not None and payload is not None:
            self.calls[name].setdefault(payload, text)
        return result

    def save(self) -> None:
        """Write the calls of each target that differ most."""
        found = {}
        for name, calls in sorted(self.calls.items()):
            payloads = sorted(calls)
            chosen = choose([traits(load_steps(payload)) for payload in payloads], _MOST_KEPT)
            kept = [(calls[payloads[i]], payloads[i], False) for i in chosen]
            if kept:
                found[name] = kept
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(pickle.dumps(found))

    def _name(self, function: Any) -> str | None:
        """Return the public name of a target, or None for anything else."""
        if id(function) not in self.names:
            self.kept.append(function)
            self.names[id(function)] = self._find(function)
        return self.names[id(function)]

    def _find(self, function: Any) -> str | None:
        name = getattr(function, "__name__", None)
        if not isinstance(name, str) or inspect.ismethod(function) or inspect.isclass(function):
            return None
        module = getattr(function, "__module__", None) or ""
        modules = [module] if not isinstance(function, np.ufunc) else []
        top = module.partition(".")[0]
        modules += [m for m in sys.modules if m.partition(".")[0] == top or not top]
        modules += [m for m in sys.modules if isinstance(function, np.ufunc)]
        candidates = {
            f"{module_name}.{name}"
            for module_name in modules
            if module_name in sys.modules and vars(sys.modules[module_name]).get(name) is function
        }
        matching = [
            candidate
            for candidate in candidates
            if any(fnmatch.fnmatchcase(candidate, pattern) for pattern in self.patterns)
            and not any(part.startswith("_") for part in candidate.split("."))
        ]
        return min(matching, key=lambda candidate: (candidate.count("."), candidate), default=None)


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
    recorder = Recorder(patterns, Path(file).absolute())
    context = ExitStack()
    context.callback(recorder.save)
    context.callback(watch.activate, watch.activate(recorder))
    context.enter_context(rewriting_test_modules(_instrument, "xpcaps"))
    config.stash[_RECORDING] = context


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop recording and write the recorded calls."""
    context = config.stash.get(_RECORDING, None)
    if context is not None:
        context.close()


_RECORDING = pytest.StashKey[ExitStack]()


def _instrument(module: ast.Module) -> None:
    """Instrument the calls in a test module and import the function that receives them."""
    CallInstrumenter(unpacks=False).visit(module)
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
