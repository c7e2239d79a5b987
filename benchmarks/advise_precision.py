"""Confirm or refute reports of ``sphinx-xpcaps advise`` by running the reported calls.

Usage: python -m benchmarks.advise_precision [--markdown FILE]

``advise_reports.toml`` has reports on packages from the package index, each with the call as the
package writes it, on small arguments in place of the package's variables. Each call runs with NumPy
first and then with the library and in the mode of the report. A report is

- confirmed if the call fails as the rule says,
- in part if the call fails in another way, such as returning NumPy arrays in place of raising,
- refuted if the call works,
- not decided if the call fails with NumPy too.
"""

from __future__ import annotations

import argparse
import inspect
import os
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.backends import Backend, backends, get_backend
from sphinx_xpcaps.cli.formats import markdown
from sphinx_xpcaps.results.labels import one_line

REPORTS = Path(__file__).with_suffix("").parent / "advise_reports.toml"
_DEPTH = 5

# As in the records; libraries read the variables when they are imported, which is later.
os.environ["SCIPY_ARRAY_API"] = "1"
for _backend in backends().values():
    os.environ.update(_backend.environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report on a call of a package."""

    package: str
    place: str
    rule: str
    function: str
    backend: str
    source: str
    """The call as the package writes it."""
    call: str
    """The same call of `function`, named ``f``, on the arrays and other arguments."""
    mode: str = "eager"
    arrays: Mapping[str, str]
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a report is true, and what happened."""

    verdict: str
    evidence: str


def read_reports() -> list[Report]:
    """Return all reports of the file."""
    content = tomllib.loads(REPORTS.read_text("utf-8"))
    return [Report(**{"arrays": {}, "others": {}, **each}) for each in content["report"]]


def check(report: Report) -> Result:
    """Run the call of a report with NumPy and with the library."""
    backend = get_backend(report.backend)
    scipy = import_module("scipy")
    names = {"np": np, "scipy": scipy, "rng": np.random.default_rng(0)}
    arrays = {name: np.asarray(_evaluated(text, names)) for name, text in report.arrays.items()}
    others = {name: _evaluated(text, names) for name, text in report.others.items()}
    function = _function(report.function)

    def call(arguments: Mapping[str, Any]) -> Any:
        return _evaluated(report.call, {**names, **others, **arguments, "f": function})

    try:
        expected = call(arrays)
    except Exception as error:
        return Result("not decided", f"NumPy: {_described(error)}")
    native = {name: backend.from_numpy(array, "cpu") for name, array in arrays.items()}
    if report.rule == "XPC003":
        return _compiled(call, native, backend)
    try:
        result = call(native)
    except Exception as error:
        says_so = report.rule in ("XPC001", "XPC002")
        return Result("confirmed" if says_so else "in part", _described(error))
    return _judged(report, result, expected, backend)


def _evaluated(text: str, names: Mapping[str, Any]) -> Any:
    return eval(text, dict(names))  # the file is part of this repository


def _function(name: str) -> Any:
    module, _, last = name.rpartition(".")
    return getattr(import_module(module), last)


def _described(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}", 90)


def _compiled(
    call: Callable[[Mapping[str, Any]], Any], native: Mapping[str, Any], backend: Backend
) -> Result:
    try:
        result = backend.transform("jit", call)(dict(native))
        for leaf in _leaves(result):
            if backend.owns(leaf):
                backend.to_numpy(leaf)  # waits for the result, or raises
    except Exception as error:
        return Result("confirmed", _described(error))
    return Result("refuted", "it can be compiled")


def _judged(report: Report, result: Any, expected: Any, backend: Backend) -> Result:
    leaves = list(_leaves(result))
    own = sum(backend.owns(leaf) for leaf in leaves)
    foreign = sum(isinstance(leaf, np.ndarray | np.generic | float) for leaf in leaves)
    if report.rule == "XPC007":
        found = [_as_numpy(leaf, backend) for leaf in leaves]
        pairs = zip(found, map(np.asarray, _leaves(expected)), strict=False)
        differs = any(a.shape == b.shape and not np.allclose(a, b, rtol=1e-6) for a, b in pairs)
        return Result("confirmed" if differs else "refuted", one_line(repr(result), 60))
    kinds = f"{own} arrays of {backend.title}, {foreign} of NumPy"
    if own or not foreign:
        return Result("refuted", f"returns {kinds}")
    return Result("in part" if report.rule == "XPC001" else "confirmed", f"returns {kinds}")


def _as_numpy(leaf: Any, backend: Backend) -> Any:
    return backend.to_numpy(leaf) if backend.owns(leaf) else np.asarray(leaf)


def _leaves(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield the arrays and numbers in a result."""
    is_array = hasattr(value, "__array__") or hasattr(value, "__array_namespace__")
    if is_array or isinstance(value, float | int | complex) or depth > _DEPTH:
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each, depth + 1)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _leaves(each, depth + 1)
    elif hasattr(value, "__dict__") and not inspect.isroutine(value):
        yield from _leaves(vars(value), depth + 1)


def main() -> None:
    """Check all reports, and print a table and the precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", type=Path, help="file to write the table to")
    arguments = parser.parse_args()
    reports = read_reports()
    rows = [(report, check(report)) for report in reports]
    counts = Counter(result.verdict for _, result in rows)
    decided = len(rows) - counts["not decided"]
    precision = counts["confirmed"] / decided
    in_part = (counts["confirmed"] + counts["in part"]) / decided
    summary = (
        f"{len(rows)} reports: {counts['confirmed']} confirmed, {counts['in part']} in part, "
        f"{counts['refuted']} refuted, {counts['not decided']} not decided. Precision: "
        f"{precision:.0%}, or {in_part:.0%} with those confirmed in part"
    )
    lines = [
        "| package | place | rule | library | call | result |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for report, result in rows:
        source = one_line(report.source, 70).replace("|", "\\|")
        evidence = markdown(result.evidence)
        mode = "" if report.mode == "eager" else f", {report.mode}"
        lines.append(
            f"| {report.package} | {report.place} | {report.rule} | {report.backend}{mode} "
            f"| `{source}` | {result.verdict}: {evidence} |"
        )
    print("\n".join([*lines, "", summary]))
    if arguments.markdown:
        versions = ", ".join(
            f"{name} {version(name)}" for name in ("jax", "numpy", "scipy", "torch")
        )
        content = [f"{summary} ({versions})", "", *lines, ""]
        arguments.markdown.write_text("\n".join(content), "utf-8")


if __name__ == "__main__":
    main()
