"""Compare measured tables with the tables that SciPy maintains by hand.

Usage: python benchmarks/scipy_agreement.py [MODULE...] [--record FILE] [--reuse] [--profile]

Measures the functions of SciPy's public modules that SciPy's table lists as in scope, with the
command line and one environment variable as the only configuration. Prints how many functions have
measured cells, how many of the comparisons of ``sphinx-xpcaps check`` agree, how many of the others
are confirmed errors of SciPy's table (``docs/showcase/wrong_tables.toml``, with the calls in
``confirm.py`` beside it), and every other disagreement with its evidence.

This is stricter than ``check``: if SciPy declares that a function does not work, and some of its
cases work, ``check`` reports no difference, but here it is a disagreement.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

os.environ["SCIPY_ARRAY_API"] = "1"

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared import messages
from sphinx_xpcaps.declared.compare import compare
from sphinx_xpcaps.declared.load import declarations
from sphinx_xpcaps.declared.model import Comparison, Declarations
from sphinx_xpcaps.results.model import Record, Status
from sphinx_xpcaps.results.record import read_records
from sphinx_xpcaps.results.view import derive

TABLE = "scipy._lib._array_api:xp_capabilities_table"
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
CONFIRMED = Path(__file__).parents[1] / "docs" / "showcase" / "wrong_tables.toml"
BACKENDS = ("torch", "jax", "dask", "array-api-strict")
ASPECTS = ("cpu", "jit", "lazy", "expected gpu")


def public_functions(modules: Sequence[str]) -> list[str]:
    """Return the name of each public callable, once where several modules have it."""
    found: dict[int, str] = {}
    for name in modules:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", dir(module)):
            thing = getattr(module, public, None)
            if callable(thing):
                found.setdefault(id(thing), f"{name}.{public}")
    return list(found.values())


def declared_by_scipy(modules: Sequence[str], *, everything: bool) -> Declarations:
    """Return SciPy's declarations of public functions; those out of scope only on request."""
    config = Config(environment={"SCIPY_ARRAY_API": "1"})
    found = declarations(public_functions(modules), TABLE, config)
    entries = {
        name: declaration
        for name, declaration in found.entries.items()
        if declaration.capabilities is not None
        and (everything or not declaration.capabilities.out_of_scope)
    }
    return Declarations(table=TABLE, entries=entries, backend_names=found.backend_names)


def measure(names: Sequence[str], record: Path, backends: Sequence[str], *more: str) -> None:
    """Measure with the command line."""
    record.parent.mkdir(parents=True, exist_ok=True)
    selected = [part for name in ("numpy", *backends) for part in ("--backend", name)]
    command = [sys.executable, "-m", "sphinx_xpcaps.cli", "measure", *names, "--output", record]
    began = time.monotonic()
    subprocess.run([*command, *selected, *more, "--env", "SCIPY_ARRAY_API=1"], check=True)
    print(f"measured {len(names)} functions in {time.monotonic() - began:.0f} s")


def counted(comparisons: Sequence[Comparison]) -> Iterator[tuple[str, Comparison]]:
    """Yield each comparison that counts, with its aspect.

    A GPU counts only if the function is declared to work on a CPU.
    """
    on_cpu = {(c.target, c.backend) for c in comparisons if c.device == "cpu" and c.declared}
    for comparison in comparisons:
        if comparison.expected and (comparison.target, comparison.backend) in on_cpu:
            yield "expected gpu", comparison
        elif not comparison.expected and comparison.device == "cpu":
            yield "cpu" if comparison.mode == "eager" else comparison.mode, comparison


def confirmed() -> frozenset[tuple[str, str, str, bool]]:
    """Return the confirmed errors of the table.

    Each is a function, a backend, an aspect, and whether the function works in fact. A function
    that works in some calls only is not an error: a table may mean the other calls.
    """
    groups = tomllib.loads(CONFIRMED.read_text("utf-8"))["group"]
    return frozenset(
        (row["function"], backend, group["aspect"], group["works"])
        for group in groups
        if not group.get("partly")
        for row in group["rows"]
        for backend in row.get("backends", group.get("backends", []))
    )


def key(aspect: str, comparison: Comparison) -> tuple[str, str, str, bool]:
    """Return the entry in `confirmed` that a disagreement would have as an error of the table."""
    return comparison.target, comparison.backend, aspect.rpartition(" ")[2], not comparison.declared


def agrees(comparison: Comparison) -> bool:
    """Return whether the declaration and the measurement agree on whether any case works."""
    return comparison.declared == (comparison.status in (Status.SUPPORTED, Status.PARTIAL))


def report(declared: Declarations, records: Sequence[Record], backends: Sequence[str]) -> None:
    """Print coverage and agreement per module, then every disagreement."""
    tables = derive(records, backends=backends, devices=["cpu", "gpu"], is_current=lambda *_: True)
    per_module: dict[str, Counter[str]] = defaultdict(Counter)
    errors = confirmed()
    disagreements: list[tuple[str, Comparison]] = []
    for name in declared.entries:
        if name not in tables:
            print("not in the record:", name)
            continue
        cells = {s.cell.backend: s.cell for s in tables[name].cells if s.column == "cpu"}
        measured = [b for b in backends if cells[b].status.measured]
        counts = per_module[name.rpartition(".")[0]]
        counts["functions"] += 1
        counts["covered"] += len(measured) == len(backends)
        if not measured:
            print("no case:", name, cells[backends[0]].notes)
    for aspect, comparison in counted(compare(declared, tables)):
        counts = per_module[comparison.target.rpartition(".")[0]]
        counts[aspect] += 1
        if agrees(comparison):
            counts[f"{aspect} agree"] += 1
        elif key(aspect, comparison) in errors:
            counts[f"{aspect} confirmed"] += 1
        else:
            disagreements.append((aspect, comparison))
    print_counts(per_module)
    for aspect, comparison in sorted(disagreements, key=lambda d: (d[0], d[1].backend)):
        print(f"{aspect:12} {messages.sentence(comparison)}")


def print_counts(per_module: Mapping[str, Counter[str]]) -> None:
    """Print how many agree and how many are confirmed errors, by module and in total."""
    total: Counter[str] = sum(per_module.values(), Counter())
    print("agreeing + confirmed errors of the table / all")
    for module, counts in [*sorted(per_module.items()), ("total", total)]:
        line = f"{module:28} {counts['covered']:4}/{counts['functions']:<4}"
        for aspect in ASPECTS:
            agree, known = counts[f"{aspect} agree"], counts[f"{aspect} confirmed"]
            line += f"  {aspect} {agree:4}+{known:<3}/{counts[aspect]:<4}"
        print(line)
    print(f"coverage: {total['covered'] / max(total['functions'], 1):.1%}")
    for aspect in ASPECTS:
        share = total[f"{aspect} agree"] / max(total[aspect], 1)
        both = share + total[f"{aspect} confirmed"] / max(total[aspect], 1)
        print(f"{aspect}: {share:.1%} agree; {both:.1%} agree or are confirmed errors")


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--record", type=Path, default=Path("build/scipy.json"))
    parser.add_argument("--backend", dest="backends", action="append", choices=BACKENDS)
    parser.add_argument("--reuse", action="store_true", help="compare an existing record")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    parser.add_argument("--all", action="store_true", help="include what SciPy has out of scope")
    options = parser.parse_args()
    backends = options.backends or BACKENDS
    declared = declared_by_scipy(options.modules, everything=options.all)
    if not declared.entries:
        print("SciPy's table has none of these functions in scope")
        return
    if not options.reuse:
        more = ["--profile"] if options.profile else []
        measure(list(declared.entries), options.record, backends, *more)
    report(declared, read_records(options.record), backends)


if __name__ == "__main__":
    main()
