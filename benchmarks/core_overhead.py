"""Time calls through `lazy_apply` and `autojit` beside what they stand for and array-api-extra's.

Usage: python benchmarks/core_overhead.py [--rounds N] [--only TEXT]

Arrays have 8 elements, so nearly all that is measured is the way to the function. Every figure is
the minimum of many runs, taken in turns in one process. A ratio is against the call without us;
the one for Dask is against array-api-extra. Exits with 1 where a ratio is worse than its limit.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import array_api_extra as xpx
import array_api_strict
import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import torch
from array_api_extra._lib._helpers import jax_autojit

from core import autojit, lazy_apply

Run = Callable[[], Any]


@dataclass(frozen=True)
class Line:
    """One whole call: ours, what it is held against, and array-api-extra's."""

    what: str
    limit: float
    repeat: int
    ours: Run
    base: Run
    peer: Run


def plus(x: Any) -> Any:
    """Do next to nothing."""
    return x + 1


def applied() -> Iterator[Line]:
    """Yield what is measured of `lazy_apply`."""
    for name, limit, x in (
        ("NumPy eager", 2.0, np.ones(8)),
        ("PyTorch eager", 1.4, torch.ones(8)),
        ("JAX eager", 1.25, jnp.ones(8)),
        ("array-api-strict", 1.3, array_api_strict.ones(8)),
    ):
        yield Line(
            f"lazy_apply, {name} / the function",
            limit,
            200,
            partial(lazy_apply, plus, x),
            partial(plus, x),
            partial(xpx.lazy_apply, plus, x),
        )
    x = jnp.ones(8)
    yield Line(
        "lazy_apply, JAX eager, as_numpy / by hand",
        1.2,
        100,
        lambda: lazy_apply(plus, x, as_numpy=True),
        lambda: jnp.asarray(plus(np.asarray(x))),
        lambda: xpx.lazy_apply(plus, x, as_numpy=True),
    )
    result = jax.ShapeDtypeStruct(x.shape, x.dtype)
    yield Line(
        "lazy_apply, JAX in jit, as_numpy / pure_callback",
        0.5,
        20,
        waiting(jax.jit(lambda x: lazy_apply(plus, x, as_numpy=True)), x),
        waiting(jax.jit(lambda x: jax.pure_callback(plus, result, x)), x),
        waiting(jax.jit(lambda x: xpx.lazy_apply(plus, x, as_numpy=True)), x),
    )
    lazy = da.from_array(np.ones(8))
    yield Line(
        "lazy_apply, Dask graph / array-api-extra",
        0.15,
        5,
        partial(lazy_apply, plus, lazy),
        partial(xpx.lazy_apply, plus, lazy),
        partial(xpx.lazy_apply, plus, lazy),
    )


def waiting(function: Callable[..., Any], x: Any) -> Run:
    """Return a run of `function` that ends when its result is there."""
    return lambda: function(x).block_until_ready()


@dataclass
class Model:
    """Arrays in an object."""

    weights: Any
    state: Any


class Point(NamedTuple):
    """Arrays in a tuple with names."""

    x: Any
    y: Any


def spread(model: Any) -> Any:
    """Use every array of `model`."""
    point, table = model.state
    return model.weights + point.x + point.y + table["a"]


def compiled() -> Iterator[Line]:
    """Yield what is measured of `autojit`."""
    x, y = jnp.ones(8), jnp.ones(8)

    def add(x: Any, y: Any) -> Any:
        return x + y

    def scaled(x: Any, factor: int, how: str) -> Any:
        return x * factor if how == "times" else x

    def multiplied(x: Any, factor: float) -> Any:
        return x * factor

    def both(x: Any, y: Any) -> Any:
        return Model(x + y, x - y)

    jitted = jax.jit(add)
    yield Line(
        "autojit, arrays only / jax.jit",
        1.15,
        200,
        partial(autojit(add, backend="jax"), x, y),
        partial(jitted, x, y),
        partial(jax_autojit(add), x, y),
    )
    yield Line(
        "autojit, arrays only, no backend given / jax.jit",
        1.15,
        200,
        partial(autojit(add), x, y),
        partial(jitted, x, y),
        partial(jax_autojit(add), x, y),
    )
    yield Line(
        "autojit, static arguments / jax.jit",
        1.4,
        200,
        partial(autojit(scaled, backend="jax"), x, 2, "times"),
        partial(jax.jit(scaled, static_argnums=(1, 2)), x, 2, "times"),
        partial(jax_autojit(scaled), x, 2, "times"),
    )
    model = Model(x, (Point(x, y), {"a": y}))
    jax.tree_util.register_dataclass(Model, ["weights", "state"], [])
    yield Line(
        "autojit, dataclass, named tuple, dict / jax.jit",
        1.5,
        200,
        partial(autojit(spread, backend="jax"), model),
        partial(jax.jit(spread), model),
        partial(jax_autojit(spread), model),
    )
    yield Line(
        "autojit, object as result / jax.jit",
        1.4,
        200,
        partial(autojit(both, backend="jax"), x, y),
        partial(jax.jit(both), x, y),
        partial(jax_autojit(both), x, y),
    )
    factors = itertools.count(0.5)
    traced, dynamic = jax.jit(multiplied), autojit(multiplied, dynamic_scalars=True)
    static, few = jax_autojit(multiplied), itertools.cycle(range(8))
    yield Line(
        "autojit, float that changes, dynamic / jax.jit",
        1.4,
        200,
        lambda: dynamic(x, next(factors)),
        lambda: traced(x, next(factors)),
        lambda: static(x, next(few) + 0.5),  # those it knows: others take it milliseconds
    )


def interleaved(rounds: int, repeat: int, *runs: Run) -> list[float]:
    """Return the least microseconds of each run, taken in turns.

    Every turn begins with runs that are not timed: else whoever comes after the slowest pays for
    what that one left in the processor's caches.
    """
    best = [float("inf")] * len(runs)
    for run in runs:
        run()
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for i, run in enumerate(runs):
                for _ in range(repeat // 4 + 1):
                    run()
                start = time.perf_counter()
                for _ in range(repeat):
                    run()
                best[i] = min(best[i], (time.perf_counter() - start) / repeat * 1e6)
    finally:
        gc.enable()
    return best


def main() -> int:
    """Print every ratio and return 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="turns for each line")
    parser.add_argument("--only", default="", help="measure lines with this in their names")
    options = parser.parse_args()
    rounds = options.rounds
    missed = 0
    print(f"{'':<50} {'ours':>9} {'against':>9} {'peer':>9}   ratio  limit   peer's")
    for line in (*applied(), *compiled()):
        if options.only not in line.what:
            continue
        ours, base, peer = interleaved(rounds, line.repeat, line.ours, line.base, line.peer)
        met = ours / base <= line.limit
        missed += not met
        print(
            f"{line.what:<50} {ours:6.2f} µs {base:6.2f} µs {peer:6.0f} µs  {ours / base:6.2f}"
            f" {line.limit:6.2f} {peer / base:8.2f}{'' if met else '  MISSED'}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
