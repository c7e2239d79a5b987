"""Compare the overhead of calls through `lazy_apply` and `autojit` with calls without them.

Usage: python benchmarks/core_overhead.py [--rounds N] [--only TEXT]

Arrays have 8 elements, so that overhead dominates. Each time is the minimum of many interleaved
runs in one process. Each ratio is relative to a baseline: the same work without `core`, or for Dask
that of array-api-extra, whose times are shown too. The exit status is 1 if a ratio exceeds its
limit.
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
class Comparison:
    """The same call in three ways."""

    title: str
    limit: float
    """The largest allowed ratio of the times of `ours` and `baseline`."""
    repeat: int
    """How many calls one run consists of."""
    ours: str
    baseline: str
    peer: str
    """The call with array-api-extra."""
    names: dict[str, Any]
    """The variables in the three calls."""


def add_one(x: Any) -> Any:
    """Return ``x + 1``, which takes little time."""
    return x + 1


def lazy_apply_comparisons() -> Iterator[Comparison]:
    """Yield the comparisons of `lazy_apply`."""
    for name, limit, x in (
        ("NumPy eager", 2.0, np.ones(8)),
        ("PyTorch eager", 1.4, torch.ones(8)),
        ("JAX eager", 1.25, jnp.ones(8)),
        ("array-api-strict", 1.3, array_api_strict.ones(8)),
    ):
        yield Comparison(
            f"lazy_apply, {name} / the function",
            limit,
            200,
            "lazy_apply(add_one, x)",
            "add_one(x)",
            "xpx.lazy_apply(add_one, x)",
            {"x": x},
        )
    x = jnp.ones(8)
    yield Comparison(
        "lazy_apply, JAX eager, as_numpy / by hand",
        1.2,
        100,
        "lazy_apply(add_one, x, as_numpy=True)",
        "jnp.asarray(add_one(np.asarray(x)))",
        "xpx.lazy_apply(add_one, x, as_numpy=True)",
        {"x": x},
    )
    result = jax.ShapeDtypeStruct(x.shape, x.dtype)
    yield Comparison(
        "lazy_apply, JAX in jit, as_numpy / pure_callback",
        0.5,
        20,
        "ours(x).block_until_ready()",
        "baseline(x).block_until_ready()",
        "peer(x).block_until_ready()",
        {
            "x": x,
            "ours": jax.jit(lambda x: lazy_apply(add_one, x, as_numpy=True)),
            "baseline": jax.jit(lambda x: jax.pure_callback(add_one, result, x)),
            "peer": jax.jit(lambda x: xpx.lazy_apply(add_one, x, as_numpy=True)),
        },
    )
    yield Comparison(
        "lazy_apply, Dask graph / array-api-extra",
        0.15,
        5,
        "lazy_apply(add_one, x)",
        "xpx.lazy_apply(add_one, x)",
        "xpx.lazy_apply(add_one, x)",
        {"x": da.from_array(np.ones(8))},
    )


@dataclass
class Model:
    """A dataclass of arrays."""

    weights: Any
    state: Any


@dataclass
class Layer:
    """A dataclass with one array and one number."""

    weights: Any
    rate: float


class Point(NamedTuple):
    """A named tuple of arrays."""

    x: Any
    y: Any


def add_all(model: Any) -> Any:
    """Return the sum of all arrays in `model`."""
    point, table = model.state
    return model.weights + point.x + point.y + table["a"]


def autojit_comparisons() -> Iterator[Comparison]:
    """Yield the comparisons of `autojit`."""
    x, y = jnp.ones(8), jnp.ones(8)
    rate = 0.5

    def add(x: Any, y: Any) -> Any:
        return x + y

    def scaled(x: Any, factor: int, how: str) -> Any:
        return x * factor if how == "times" else x

    def multiplied(x: Any, factor: float) -> Any:
        return x * factor

    def scaled_layer(layer: Layer) -> Any:
        return layer.weights * layer.rate

    def sum_and_difference(x: Any, y: Any) -> Any:
        return Model(x + y, x - y)

    def comparison(
        title: str, limit: float, args: str, ours: Any, baseline: Any, peer: Any, **names: Any
    ) -> Comparison:
        names |= {"x": x, "y": y, "ours": ours, "baseline": baseline, "peer": peer}
        calls = (f"{function}({args})" for function in ("ours", "baseline", "peer"))
        return Comparison(f"autojit, {title} / jax.jit", limit, 200, *calls, names)

    model = Model(x, (Point(x, y), {"a": y}))
    jax.tree_util.register_dataclass(Model, ["weights", "state"], [])
    jitted, peer = jax.jit(add), jax_autojit(add)
    yield comparison("arrays only", 1.15, "x, y", autojit(add, backend="jax"), jitted, peer)
    yield comparison("arrays only, no backend given", 1.15, "x, y", autojit(add), jitted, peer)
    yield comparison(
        "static arguments",
        1.4,
        'x, 2, "times"',
        autojit(scaled, backend="jax"),
        jax.jit(scaled, static_argnums=(1, 2)),
        jax_autojit(scaled),
    )
    yield Comparison(
        "autojit, dataclass with one array and one float / jax.jit",
        1.5,
        200,
        "ours(layer)",
        "baseline(x)",
        "peer(layer)",
        {
            "x": x,
            "layer": Layer(x, rate),
            "ours": autojit(scaled_layer),
            "baseline": jax.jit(lambda x: x * rate),
            "peer": jax_autojit(scaled_layer),
        },
    )
    yield comparison(
        "dataclass, named tuple, dict",
        1.5,
        "model",
        autojit(add_all, backend="jax"),
        jax.jit(add_all),
        jax_autojit(add_all),
        model=model,
    )
    yield comparison(
        "object as result",
        1.4,
        "x, y",
        autojit(sum_and_difference, backend="jax"),
        jax.jit(sum_and_difference),
        jax_autojit(sum_and_difference),
    )
    factors = itertools.count(0.5)
    few_factors = itertools.cycle([i + 0.5 for i in range(8)])  # the peer compiles for each
    yield Comparison(
        "autojit, changing float, dynamic / jax.jit",
        1.4,
        200,
        "ours(x, next(factors))",
        "baseline(x, next(factors))",
        "peer(x, next(few_factors))",
        {
            "x": x,
            "factors": factors,
            "few_factors": few_factors,
            "ours": autojit(multiplied, dynamic_scalars=True),
            "baseline": jax.jit(multiplied),
            "peer": jax_autojit(multiplied),
        },
    )


def measure(comparison: Comparison, rounds: int) -> list[float]:
    """Return the shortest time of each call in microseconds, from interleaved runs.

    Calls before each run are not timed, as the call after the slowest one finds the processor's
    caches filled with the data of that one.
    """
    names = globals() | comparison.names
    calls = (comparison.ours, comparison.baseline, comparison.peer)
    timers = [Timer(call, globals=names) for call in calls]
    best = [float("inf")] * len(timers)
    for timer in timers:
        timer.timeit(1)
    gc.collect()
    for _ in range(rounds):
        for i, timer in enumerate(timers):
            timer.timeit(comparison.repeat // 4 + 1)
            seconds = timer.timeit(comparison.repeat) / comparison.repeat
            best[i] = min(best[i], seconds * 1e6)
    return best


def main() -> int:
    """Print every ratio and return 1 if one exceeds its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="runs of each call")
    parser.add_argument("--only", default="", help="only comparisons with this text in the title")
    options = parser.parse_args()
    exceeded = 0
    print(f"{'':<57} {'ours':>9} {'baseline':>9} {'peer':>9}   ratio  limit   peer's")
    for comparison in (*lazy_apply_comparisons(), *autojit_comparisons()):
        if options.only not in comparison.title:
            continue
        ours, baseline, peer = measure(comparison, options.rounds)
        ratio = ours / baseline
        exceeded += ratio > comparison.limit
        print(
            f"{comparison.title:<57} {ours:6.2f} µs {baseline:6.2f} µs {peer:6.0f} µs"
            f"  {ratio:6.2f} {comparison.limit:6.2f} {peer / baseline:8.2f}"
            f"{'  EXCEEDED' if ratio > comparison.limit else ''}"
        )
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
