"""Hold measured tables against those that SciPy types by hand.

Usage: python benchmarks/scipy_agreement.py [MODULE...] [--record FILE] [--reuse] [--page FILE]

Measures the functions of SciPy's public modules that SciPy's own table lists as in scope, through
the public command line and without configuration beyond an environment variable. Prints how many
have measured cells, how many cells agree with SciPy's table, and each cell that does not, with its
evidence; ``--page`` writes those to a Markdown file.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

os.environ["SCIPY_ARRAY_API"] = "1"

from scipy._lib._array_api import (
    _make_sphinx_capabilities,
    xp_capabilities_table,
)

from sphinx_xpcaps.results.model import Cell, Record
from sphinx_xpcaps.results.record import read

MODULES = [
    f"scipy.{name}"
    for name in (
        "cluster.hierarchy",
        "cluster.vq",
        "constants",
        "datasets",
        "differentiate",
        "fft",
        "integrate",
        "interpolate",
        "io",
        "linalg",
        "ndimage",
        "optimize",
        "optimize.elementwise",
        "signal",
        "signal.windows",
        "sparse",
        "sparse.linalg",
        "spatial",
        "spatial.distance",
        "spatial.transform",
        "special",
        "stats",
        "stats.contingency",
        "stats.mstats",
        "stats.qmc",
    )
]
BACKENDS = {
    "torch": "torch",
    "jax": "jax.numpy",
    "dask": "dask.array",
    "array-api-strict": "array_api_strict",
}


@dataclass(frozen=True)
class Question:
    """One thing that both tables say: of a function, a backend and an aspect."""

    function: str
    backend: str
    aspect: str
    typed: bool
    measured: bool
    evidence: str

    @property
    def agree(self) -> bool:
        return self.typed == self.measured


def public_functions(modules: list[str]) -> dict[str, dict[str, object]]:
    """Return SciPy's capabilities of each public function that its table has in scope."""
    found: dict[str, dict[str, object]] = {}
    seen: set[int] = set()
    for name in modules:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", dir(module)):
            thing = getattr(module, public, None)
            try:
                capabilities = xp_capabilities_table.get(thing)
            except TypeError:
                continue
            if capabilities is None or id(thing) in seen or not callable(thing):
                continue
            seen.add(id(thing))
            found[f"{name}.{public}"] = capabilities
    return found


def questions(name: str, capabilities: dict[str, object], cells: dict[tuple[str, str], Cell]):
    """Yield what both tables say of one function."""
    typed = _make_sphinx_capabilities(**capabilities)
    for backend, key in BACKENDS.items():
        cell = cells.get((backend, "cpu"))
        if cell is None or not cell.status.measured:
            continue
        modes = {mode: str(status) for mode, status in cell.modes.items()}
        evidence = "; ".join(
            f"{r.mode}: {r.exception or r.outcome} {r.message[:120]} [{r.call}]"
            for r in cell.reasons[:2]
        )
        evidence = f"{cell.status} {', '.join(cell.notes)} ({cell.passed}/{cell.total}) {evidence}"
        out_of_scope = "out_of_scope" in typed
        supports = not out_of_scope and bool(typed[key].cpu)
        works = modes["eager"] in ("supported", "partial")
        yield Question(name, backend, "cpu", supports, works, evidence)
        if not supports or not works:
            continue
        warnings = typed[key].warnings
        if backend == "jax" and "jit" in modes:
            yield Question(
                name,
                backend,
                "jit",
                "no JIT" not in warnings,
                modes["jit"] != "unsupported",
                evidence,
            )
        if backend == "dask":
            lazy = "computes graph" not in warnings
            yield Question(name, backend, "lazy", lazy, modes["lazy"] != "unsupported", evidence)
    for backend in ("torch", "jax"):
        gpu, cpu = cells.get((backend, "gpu")), cells.get((backend, "cpu"))
        if gpu is None or gpu.expected is None or cpu is None or "out_of_scope" in typed:
            continue
        key = BACKENDS[backend]
        if not typed[key].cpu:
            continue
        expected = gpu.expected.status == "supported"
        yield Question(
            name, backend, "expected gpu", bool(typed[key].gpu), expected, str(gpu.expected)
        )


def measure(names: list[str], record: Path, backends: list[str]) -> None:
    """Measure through the command line."""
    record.parent.mkdir(parents=True, exist_ok=True)
    asked = [part for name in ("numpy", *backends) for part in ("--backend", name)]
    command = [
        sys.executable,
        "-m",
        "sphinx_xpcaps.cli",
        "measure",
        *names,
        "--output",
        str(record),
    ]
    subprocess.run([*command, *asked, "--env", "SCIPY_ARRAY_API=1"], check=True)


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--record", type=Path, default=Path("build/scipy.json"))
    parser.add_argument("--backend", dest="backends", action="append", choices=list(BACKENDS))
    parser.add_argument("--reuse", action="store_true", help="compare the record as it is")
    parser.add_argument("--all", action="store_true", help="also what SciPy has out of scope")
    options = parser.parse_args()
    options.backends = options.backends or list(BACKENDS)
    functions = public_functions(options.modules)
    in_scope = {n: c for n, c in functions.items() if options.all or not c["out_of_scope"]}
    if not options.reuse:
        measure(list(in_scope), options.record, options.backends)
    report(in_scope, read(options.record), options.backends)


def report(functions: dict[str, dict[str, object]], record: Record, backends: list[str]) -> None:
    """Print coverage and agreement per module, then every disagreement."""
    per_module: dict[str, Counter[str]] = defaultdict(Counter)
    disagreements = []
    for name, capabilities in functions.items():
        counts = per_module[name.rpartition(".")[0]]
        target = record.targets.get(name)
        cells = {(c.backend, c.device): c for c in target.cells} if target else {}
        measured = [b for b in backends if (b, "cpu") in cells and cells[b, "cpu"].status.measured]
        counts["functions"] += 1
        counts["covered"] += len(measured) == len(backends)
        if not measured and cells:
            print("no case:", name, cells[backends[0], "cpu"].notes)
        for question in questions(name, capabilities, cells):
            counts[question.aspect] += 1
            counts[f"{question.aspect} agree"] += question.agree
            if not question.agree:
                disagreements.append(question)
    aspects = ("cpu", "jit", "lazy", "expected gpu")
    total: Counter[str] = sum(per_module.values(), Counter())
    for module, counts in [*sorted(per_module.items()), ("total", total)]:
        line = f"{module:28} {counts['covered']:4}/{counts['functions']:<4}"
        for aspect in aspects:
            line += f"  {aspect} {counts[f'{aspect} agree']:4}/{counts[aspect]:<4}"
        print(line)
    for aspect in aspects:
        share = total[f"{aspect} agree"] / max(total[aspect], 1)
        print(f"{aspect}: {share:.1%} agree")
    for q in sorted(disagreements, key=lambda q: (q.aspect, q.backend, q.function)):
        says = "works" if q.typed else "does not"
        print(f"{q.aspect:12} {q.backend:16} {q.function}: typed {says}; measured {q.evidence}")


if __name__ == "__main__":
    main()
