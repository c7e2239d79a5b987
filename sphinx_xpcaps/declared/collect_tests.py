"""Collect tests and find the functions that their marks name; runs in a worker."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sphinx_xpcaps.cases.recorded_tests import failure_line
from sphinx_xpcaps.cases.resolve import TargetError, resolve
from sphinx_xpcaps.declared.model import TestedTargets

_MARK = "uses_xp_capabilities"
_COLLECTED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def tested(*, tests: tuple[str, ...], names: tuple[str, ...]) -> TestedTargets:
    """Return those of some targets that marks of tests name; runs in a worker.

    Parameters
    ----------
    tests : tuple of str
        Dotted names, or paths of files or folders.
    names : tuple of str
        Targets. A method is tested if its class is.

    Returns
    -------
    TestedTargets
        The targets, and what went wrong.
    """
    collector = _Collector()
    paths = [each for each in tests if Path(each).exists()]
    packages = [each for each in tests if each not in paths]
    problems = [
        problem
        for places in (paths, ["--pyargs", *packages] if packages else [])
        if places and (problem := _collect(places, collector))
    ]
    return TestedTargets(
        names=tuple(name for name in names if collector.covers(name)),
        collected=collector.collected,
        problem="; ".join(problems),
    )


class _Collector:
    """A pytest plugin that keeps the functions that the marks of tests name."""

    def __init__(self) -> None:
        self.functions: list[Any] = []
        self.collected = 0

    @pytest.hookimpl(tryfirst=True)  # before tests are deselected
    def pytest_collection_modifyitems(self, items: Iterable[pytest.Item]) -> None:
        for item in items:
            self.collected += 1
            for mark in item.iter_markers(_MARK):
                named = mark.kwargs.get("funcs") or next(iter(mark.args[1:]), ())
                self.functions += named

    def covers(self, name: str) -> bool:
        try:
            owner, target = resolve(name)
        except TargetError:
            return False
        method = (owner, name.rpartition(".")[2])
        return any(
            each is target
            or (inspect.isclass(owner) and each is owner)
            or (isinstance(each, tuple) and (each == method or each[:1] == (target,)))
            for each in self.functions
        )


def _collect(places: Sequence[str], collector: _Collector) -> str:
    """Collect tests, and return a message if that fails in whole or in part, else ""."""
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "--color=no"]
    if importlib.util.find_spec("xdist"):
        options += ["-n", "0"]  # this process collects even if the project's options say otherwise
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        status = pytest.main([*options, *places], plugins=[collector])
    if status in _COLLECTED:
        return ""
    return failure_line(output.getvalue()) or f"pytest ended with status {status}"
