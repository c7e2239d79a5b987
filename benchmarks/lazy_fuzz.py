"""Compare random array programs between NumPy, its graphs, and graphs that other libraries run.

Usage: python benchmarks/lazy_fuzz.py [PROGRAMS] [--seed N] [--start N] [--backends NAME...]

A program has 5 to 30 steps on arrays of mixed dtypes, some of which are empty: operators,
functions, reductions, indexing, in-place operations, views and other names of the same arrays.
NumPy runs it eagerly. The results must have the same bits when the program is traced and computed,
compiled, run by blocks, and run by `core.autojit(backend="lazy")`. They may also be those of other
loops of NumPy for the same operations, which round the last bit differently. With the same seed,
another library gets a separate program, of steps that this library can do. The graph of `core.lazy`
over it must give the same values as the library within the tolerance of the coarsest dtype. The
exit status is 1 if programs differ, or if fewer than 80 % of them return values.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from random_programs import Program, random_program

import core
from core import lazy
from core.autojit import autojit
from core.lazy.library import namespace_of, to_numpy

OTHERS = ("torch", "jax", "dask", "array-api-strict")


def same_bits(one: Any, other: Any) -> bool:
    """Return whether two NumPy results are the same; NaNs may differ in sign and payload."""
    first, second = np.asarray(one), np.asarray(other)
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if first.dtype.kind == "c":
        return same_bits(first.real, second.real) and same_bits(first.imag, second.imag)
    if first.dtype.kind == "f":
        known = ~np.isnan(first)
        equal = np.array_equal(known, ~np.isnan(second))
        return equal and bool(
            np.ascontiguousarray(first[known]).tobytes() == second[known].tobytes()
        )
    return np.array_equal(first, second)


def same(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Return whether all results are the same."""
    return len(some) == len(others) and all(map(same_bits, some, others))


def numpy_ways(program: Program, large: bool) -> dict[str, Callable[[], Any]]:
    """Return the ways in which graphs of NumPy's arrays run a program."""
    inputs = program.inputs

    def computed() -> Any:
        return lazy.compute(program(*[lazy.array(x) for x in inputs]))

    def function(blocked: bool) -> Any:
        trace = core.trace(program.__call__, *inputs)
        return lazy.Function(list(trace.inputs), trace.outputs, blocked=blocked)(*inputs)

    def compiled() -> Any:
        return core.trace(program.__call__, *inputs)(*inputs)

    def jitted() -> Any:
        return autojit(program.__call__, backend="lazy")(*inputs)

    ways: dict[str, Callable[[], Any]] = {
        "computed": computed,
        "compiled": compiled,
        "blocked": lambda: function(True),
        "autojit": jitted,
    }
    return ways


@dataclass
class Report:
    """What the programs gave."""

    returned: Counter[str]
    raised: Counter[str]
    differences: list[str]

    @property
    def share(self) -> float:
        """The lowest share of programs that return values, of all ways and libraries."""
        ways = self.returned.keys() | self.raised.keys()
        shares = [self.returned[way] / (self.returned[way] + self.raised[way]) for way in ways]
        return min(shares, default=0.0)


NUMPY_WAYS = ("computed", "compiled", "blocked", "autojit")


def compare(program: Program, report: Report, large: bool) -> None:
    """Run a program in all ways of NumPy, and add to a report."""
    expected = program(*program.inputs)
    for way, run in numpy_ways(program, large).items():
        try:
            found = run()
        except lazy.DataDependentError:
            report.raised[way] += 1
            continue
        except Exception as error:
            report.differences.append(f"{way}: {type(error).__name__}: {error}\n{program}")
            continue
        report.returned[way] += 1
        wrong = [i for i, pair in enumerate(zip(expected, found)) if not same_bits(*pair)]  # noqa: B905
        if wrong and any(same(other(*program.inputs), found) for other in program.rounded()):
            continue
        if wrong or len(expected) != len(found):
            shown = [(i, expected[i], found[i]) for i in wrong[:2]]
            report.differences.append(f"{way}: {shown}\n{program}")


def compare_other(program: Program, eager: Sequence[Any], report: Report, backend: str) -> None:
    """Compare the graph of another library with the results of the library itself."""
    xp = namespace_of(backend)
    try:
        inputs = [xp.asarray(np.array(x)) for x in program.inputs]
        found = lazy.compute(program(*[lazy.array(x) for x in inputs]))
    except lazy.DataDependentError:
        report.raised[backend] += 1
        return
    except Exception as error:
        report.differences.append(f"{backend}: {type(error).__name__}: {error}\n{program}")
        return
    try:
        eager, found = _concrete(eager, found)
    except Exception:  # Dask finds out late that a step is not possible
        report.raised[backend] += 1
        return
    report.returned[backend] += 1
    pairs = [(to_numpy(a), to_numpy(b)) for a, b in zip(eager, found, strict=True)]
    floats = [a.dtype for a, _ in pairs if a.dtype.kind in "fc"]
    eps = max((float(np.finfo(dtype).eps) for dtype in floats), default=0.0)
    wrong = [i for i, pair in enumerate(pairs) if not close(*pair, 4 * eps**0.5)]
    if wrong:
        shown = [(i, *pairs[i]) for i in wrong[:2]]
        report.differences.append(f"{backend}: {shown}\n{program}")


def _concrete(*results: Sequence[Any]) -> tuple[Sequence[Any], ...]:
    """Return Dask's arrays computed together, as they have steps in common."""
    if not hasattr(results[0][0], "dask"):
        return results
    import dask

    with dask.config.set(scheduler="synchronous"):
        return dask.compute(*results)  # type: ignore[no-any-return]


def close(one: Any, other: Any, tolerance: float) -> bool:
    """Return whether two results agree in shape, dtype, and in values within a tolerance."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    finite = np.isfinite(one)
    scale = float(np.max(np.abs(one[finite]), initial=0.0))
    with np.errstate(all="ignore"):
        return bool(np.allclose(one, other, rtol=tolerance, atol=tolerance * scale, equal_nan=True))


def fuzz(
    count: int,
    seed: int = 0,
    others: Sequence[str] = OTHERS,
    start: int = 0,
    numpy: bool = True,
) -> Report:
    """Compare `count` programs from number `start`, for NumPy if asked to and other libraries."""
    report = Report(Counter(), Counter(), [])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for i in range(start, start + count):
            before = len(report.differences)
            if numpy:
                rng = random.Random(f"{seed} {i}")
                large = rng.random() < 0.02
                program, _ = random_program(rng, large=large)
                compare(program, report, large)
            for backend in others:
                rng = random.Random(f"{seed} {i} {backend}")
                program, eager = random_program(rng, namespace_of(backend))
                compare_other(program, eager, report, backend)
            for j in range(before, len(report.differences)):
                report.differences[j] = f"program {i}, {report.differences[j]}"
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("programs", nargs="?", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the number of the first program")
    parser.add_argument("--backends", nargs="*", default=[*OTHERS, "numpy"])
    parser.add_argument("--shown", type=int, default=5)
    options = parser.parse_args()
    others = [name for name in options.backends if name != "numpy"]
    numpy = "numpy" in options.backends
    # JAX compiles each function for each shape; most of the time would be spent on optimizing.
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
    report = fuzz(options.programs, options.seed, others, options.start, numpy)
    for text in report.differences[: options.shown]:
        print(text, end="\n\n")
    for way in (*NUMPY_WAYS * numpy, *others):
        print(f"{way:<18} returned {report.returned[way]:>6}  raised {report.raised[way]:>6}")
    print(f"{len(report.differences)} differences, {report.share:.1%} return values")
    return bool(report.differences) or report.share < 0.8


if __name__ == "__main__":
    sys.exit(main())
