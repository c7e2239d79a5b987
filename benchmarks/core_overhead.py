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
from collections.abc import Iterator
from dataclasses import dataclass
from timeit import Timer
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


@dataclass(frozen=True)
class Line:
    """One whole call as someone would write it: ours, what it is held against, the peer's."""

    what: str
    limit: float
    repeat: int
    ours: str
    base: str
    peer: str
    names: dict[str, Any]
    """What the three calls refer to."""


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
            "lazy_apply(plus, x)",
            "plus(x)",
            "xpx.lazy_apply(plus, x)",
            {"x": x},
        )
    x = jnp.ones(8)
    yield Line(
        "lazy_apply, JAX eager, as_numpy / by hand",
        1.2,
        100,
        "lazy_apply(plus, x, as_numpy=True)",
        "jnp.asarray(plus(np.asarray(x)))",
        "xpx.lazy_apply(plus, x, as_numpy=True)",
        {"x": x},
    )
    result = jax.ShapeDtypeStruct(x.shape, x.dtype)
    yield Line(
        "lazy_apply, JAX in jit, as_numpy / pure_callback",
        0.5,
        20,
        "ours(x).block_until_ready()",
        "base(x).block_until_ready()",
        "peer(x).block_until_ready()",
        {
            "x": x,
            "ours": jax.jit(lambda x: lazy_apply(plus, x, as_numpy=True)),
            "base": jax.jit(lambda x: jax.pure_callback(plus, result, x)),
            "peer": jax.jit(lambda x: xpx.lazy_apply(plus, x, as_numpy=True)),
        },
    )
    yield Line(
        "lazy_apply, Dask graph / array-api-extra",
        0.15,
        5,
        "lazy_apply(plus, x)",
        "xpx.lazy_apply(plus, x)",
        "xpx.lazy_apply(plus, x)",
        {"x": da.from_array(np.ones(8))},
    )


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

    def line(
        what: str, limit: float, args: str, ours: Any, base: Any, peer: Any, **names: Any
    ) -> Line:
        names |= {"x": x, "y": y, "ours": ours, "base": base, "peer": peer}
        calls = (f"{function}({args})" for function in ("ours", "base", "peer"))
        return Line(f"autojit, {what} / jax.jit", limit, 200, *calls, names)

    model = Model(x, (Point(x, y), {"a": y}))
    jax.tree_util.register_dataclass(Model, ["weights", "state"], [])
    jitted, peer = jax.jit(add), jax_autojit(add)
    yield line("arrays only", 1.15, "x, y", autojit(add, backend="jax"), jitted, peer)
    yield line("arrays only, no backend given", 1.15, "x, y", autojit(add), jitted, peer)
    yield line(
        "static arguments",
        1.4,
        'x, 2, "times"',
        autojit(scaled, backend="jax"),
        jax.jit(scaled, static_argnums=(1, 2)),
        jax_autojit(scaled),
    )
    yield line(
        "dataclass, named tuple, dict",
        1.5,
        "model",
        autojit(spread, backend="jax"),
        jax.jit(spread),
        jax_autojit(spread),
        model=model,
    )
    yield line(
        "object as result",
        1.4,
        "x, y",
        autojit(both, backend="jax"),
        jax.jit(both),
        jax_autojit(both),
    )
    few = itertools.cycle(range(8))  # array-api-extra: others take it milliseconds
    factors = itertools.count(0.5)
    yield Line(
        "autojit, float that changes, dynamic / jax.jit",
        1.4,
        200,
        "ours(x, next(factors))",
        "base(x, next(factors))",
        "peer(x, next(few) + 0.5)",
        {
            "x": x,
            "factors": factors,
            "few": few,
            "ours": autojit(multiplied, dynamic_scalars=True),
            "base": jax.jit(multiplied),
            "peer": jax_autojit(multiplied),
        },
    )


def interleaved(rounds: int, line: Line) -> list[float]:
    """Return the least microseconds of each of the line's calls, taken in turns.

    Every turn begins with runs that are not timed: else whoever comes after the slowest pays for
    what that one left in the processor's caches.
    """
    names = globals() | line.names
    timers = [Timer(call, globals=names) for call in (line.ours, line.base, line.peer)]
    best = [float("inf")] * len(timers)
    for timer in timers:
        timer.timeit(1)
    gc.collect()
    for _ in range(rounds):
        for i, timer in enumerate(timers):
            timer.timeit(line.repeat // 4 + 1)
            best[i] = min(best[i], timer.timeit(line.repeat) / line.repeat * 1e6)
    return best


def main() -> int:
    """Print every ratio and return 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="turns for each line")
    parser.add_argument("--only", default="", help="measure lines with this in their names")
    options = parser.parse_args()
    missed = 0
    print(f"{'':<50} {'ours':>9} {'against':>9} {'peer':>9}   ratio  limit   peer's")
    for line in (*applied(), *compiled()):
        if options.only not in line.what:
            continue
        ours, base, peer = interleaved(options.rounds, line)
        met = ours / base <= line.limit
        missed += not met
        print(
            f"{line.what:<50} {ours:6.2f} µs {base:6.2f} µs {peer:6.0f} µs  {ours / base:6.2f}"
            f" {line.limit:6.2f} {peer / base:8.2f}{'' if met else '  MISSED'}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
