"""Compare tracing, compiling and running lazy graphs with autoray and NumPy.

Usage: python benchmarks/lazy_graph.py [--rounds N]

Each figure is the minimum of many runs. The runs to compare alternate in one process, so that they
see the same load of the machine. The exit status is 1 if a ratio exceeds its limit.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autoray.lazy as peer
import numpy as np

from core import lazy

OPERATIONS = 1000
SIDE = 8


@dataclass(frozen=True)
class Line:
    """A measured ratio of our figure to another's, and its limit."""

    what: str
    ours: float
    other: float
    name: str
    unit: str
    limit: float | None

    @property
    def ratio(self) -> float:
        return self.ours / self.other

    @property
    def met(self) -> bool:
        return self.limit is None or self.ratio <= self.limit

    def __str__(self) -> str:
        limit = "" if self.limit is None else f"  at most {self.limit:.2f}"
        missed = "" if self.met else "  MISSED"
        return (
            f"{self.what:<44} {self.ours:10.3f} {self.unit:<8} {self.name} {self.other:10.3f}"
            f"  ratio {self.ratio:6.3f}{limit}{missed}"
        )


def interleaved(rounds: int, repeat: int, *runs: Callable[[], Any]) -> list[float]:
    """Return the least seconds of each run; the runs alternate.

    Each turn starts with runs that are not timed. Otherwise a run would pay for memory that the
    other returned to the system.
    """
    best = [float("inf")] * len(runs)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for i, run in enumerate(runs):
                for _ in range(repeat // 4 + 1):
                    run()
                start = time.perf_counter()
                for _ in range(repeat):
                    result = run()
                best[i] = min(best[i], (time.perf_counter() - start) / repeat)
                del result
    finally:
        gc.enable()
    return best


def chain(x: Any, exp: Callable[[Any], Any], operations: int) -> Any:
    """Apply operations of five kinds repeatedly."""
    y = x
    for _ in range(operations // 5):
        y = y + x
        y = y * 0.5
        y = exp(y)
        y = y - x
        y = y @ x
    return y


def hand_written(operations: int) -> Callable[[Any], Any]:
    """Return the chain as written by hand for NumPy, one line per operation."""
    lines = ["    y = y + x", "    y = y * 0.5", "    y = exp(y)", "    y = y - x", "    y = y @ x"]
    source = ["def function(x):", "    y = x", *lines * (operations // 5), "    return y"]
    names: dict[str, Any] = {"exp": np.exp}
    exec("\n".join(source), names)
    return names["function"]  # type: ignore[no-any-return]


def tracing(rounds: int) -> list[Line]:
    """Compare tracing: the chain, per operation, and each kind of operation."""
    a = np.full((SIDE, SIDE), -0.01)
    theirs, ours = peer.array(a), lazy.array(a)
    xp = ours.__array_namespace__()
    one, two = interleaved(
        rounds,
        1,
        lambda: chain(ours, xp.exp, OPERATIONS),
        lambda: chain(theirs, peer.exp, OPERATIONS),
    )
    scale = 1e6 / OPERATIONS
    lines = [
        Line("trace an operation, mixed chain", one * scale, two * scale, "autoray", "us", 0.25)
    ]
    kinds: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "add": (lambda: ours + ours, lambda: theirs + theirs),
        "exp": (lambda: xp.exp(ours), lambda: peer.exp(theirs)),
        "times a number": (lambda: ours * 2.0, lambda: theirs * 2.0),
        "matmul": (lambda: ours @ ours, lambda: theirs @ theirs),
        "sum along an axis": (lambda: xp.sum(ours, axis=0), lambda: peer.sum(theirs, axis=0)),
        "index": (lambda: ours[0], lambda: theirs[0]),
        "slices": (lambda: ours[1:, ::2], lambda: theirs[1:, ::2]),
        "reshape": (lambda: xp.reshape(ours, (64,)), lambda: peer.reshape(theirs, (64,))),
    }
    for kind, (our, their) in kinds.items():
        one, two = interleaved(rounds, 300, our, their)
        lines.append(Line(f"trace: {kind}", one * 1e6, two * 1e6, "autoray", "us", None))
    return lines


def memory() -> Line:
    """Compare the memory of a node."""
    a = np.full((SIDE, SIDE), -0.01)
    sizes = []
    for x, exp in ((lazy.array(a), lazy.exp), (peer.array(a), peer.exp)):
        chain(x, exp, 10)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        kept = chain(x, exp, 5000)
        sizes.append((tracemalloc.get_traced_memory()[0] - before) / 5000)
        tracemalloc.stop()
        del kept
    return Line("memory of a node", sizes[0], sizes[1], "autoray", "bytes", 1.0)


def functions(rounds: int) -> list[Line]:
    """Compare compiling with autoray, and compiled functions with NumPy code written by hand."""
    a = np.full((SIDE, SIDE), -0.01)
    theirs, ours = peer.array(a), lazy.array(a)
    xp = ours.__array_namespace__()
    our_chain, their_chain = (
        chain(ours, xp.exp, OPERATIONS),
        chain(theirs, peer.exp, OPERATIONS),
    )
    scale = 1e6 / OPERATIONS
    one, two = interleaved(
        rounds * 2,
        1,
        # Compiled on first use, therefore the access to `function`.
        lambda: lazy.Function(ours, our_chain).function,
        lambda: peer.Function(theirs, their_chain),
    )
    lines = [
        Line("compile a Function, per operation", one * scale, two * scale, "autoray", "us", 0.4)
    ]

    single = lazy.Function(ours, ours + ours)
    bare, checked, their_single = single.function, single, peer.Function(theirs, theirs + theirs)
    direct, one, two, three = interleaved(
        rounds * 10,
        500,
        lambda: a + a,
        lambda: bare(a),
        lambda: checked(a),
        lambda: their_single(a),
    )
    # Each run above includes a call of a lambda, which takes as long as the measured call.
    empty = interleaved(rounds * 10, 500, lambda: None)[0]
    direct, one, two, three = (each - empty for each in (direct, one, two, three))
    lines += [
        Line("call a one-operation function", one * 1e6, direct * 1e6, "a + a  ", "us", 1.15),
        Line("  with checks of shape and library", two * 1e6, direct * 1e6, "a + a  ", "us", None),
        Line("  autoray's", three * 1e6, direct * 1e6, "a + a  ", "us", None),
    ]
    by_hand = hand_written(OPERATIONS)
    long = lazy.Function(ours, our_chain)
    their_long = peer.Function(theirs, their_chain)
    run = long.function
    assert np.array_equal(run(a), by_hand(a))
    hand, one, two, three = interleaved(
        rounds * 40, 1, lambda: by_hand(a), lambda: run(a), lambda: long(a), lambda: their_long(a)
    )
    lines += [
        Line(f"run {OPERATIONS} operations on 8x8", one * 1e3, hand * 1e3, "by hand", "ms", 1.02),
        Line("  with checks of shape and library", two * 1e3, hand * 1e3, "by hand", "ms", None),
        Line("  autoray's", three * 1e3, hand * 1e3, "by hand", "ms", None),
    ]
    return lines


def elementwise(x: Any, y: Any) -> Any:
    """Return a chain of cheap elementwise operations."""
    z = x * y + 0.5
    z = z * z - x
    z = (z + y) * 0.25
    z = z * x + y
    return (z - 1.5) * (z + x)


def blocks(rounds: int) -> list[Line]:
    """Compare blocked execution with NumPy on whole arrays; the bits must be the same.

    From 10^5 elements on, NumPy needs most of the time for new pages from the system. glibc keeps
    freed memory up to the largest size that was freed before: after arrays of 10^7 elements, those
    of 10^5 need no new pages, and blocks gain little. That line has no limit.
    """
    lines = []
    for size, limit in ((10**5, 0.5), (10**6, 0.5), (10**7, 0.5), (10**5, None)):
        rng = np.random.default_rng(0)
        a, b = rng.random(size), rng.random(size)
        x, y = lazy.Variable((size,), "numpy"), lazy.Variable((size,), "numpy")
        run = lazy.Function([x, y], elementwise(x, y), blocked=True).function
        assert np.array_equal(run(a, b), elementwise(a, b))
        times = max(5, min(rounds * 20, rounds * 2 * 10**6 // size))
        one, two = interleaved(times, 1, lambda: run(a, b), lambda: elementwise(a, b))  # noqa: B023
        what = f"blocked chain on {size:.0e} elements"
        if limit is None:
            what = f"  on {size:.0e}, in memory kept"
        lines.append(Line(what, one * 1e3, two * 1e3, "NumPy  ", "ms", limit))
    return lines


def long_chain(length: int = 100_000) -> str:
    """Return the times of a chain that is deeper than any stack."""
    import copy
    import pickle

    x = lazy.array(np.ones(2))
    steps: dict[str, Callable[[], Any]] = {}
    start = time.perf_counter()
    y = x
    for i in range(length):
        y = y + x if i % 2 else y * 0.5
    seconds = {"trace": time.perf_counter() - start}
    steps = {
        "compile": lambda: lazy.Function(x, y).function,
        "pickle and load": lambda: pickle.loads(pickle.dumps(y)),
        "copy": lambda: copy.deepcopy(y),
        "compute": y.compute,
    }
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        seconds[name] = time.perf_counter() - start
    times = ", ".join(f"{name} {taken:.2f} s" for name, taken in seconds.items())
    return f"a chain of {length} operations: {times}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="more for a noisy machine")
    rounds = parser.parse_args().rounds
    lines = [*tracing(rounds), memory(), *functions(rounds), *blocks(rounds)]
    for line in lines:
        print(line)
    print(long_chain())
    missed = [line.what.strip() for line in lines if not line.met]
    if missed:
        print(f"missed: {', '.join(missed)}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
