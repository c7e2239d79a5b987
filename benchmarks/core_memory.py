"""Measure the memory that remains in use after many calls of `lazy_apply` and `autojit`.

Usage: python benchmarks/core_memory.py [--calls N] [--only TEXT]

The calls have arrays of different shapes and new objects. A tenth of them fills the caches; then
the growth of the process is measured. The exit status is 1 if it exceeds 30 bytes per call; keeping
the smallest array takes 100. Linux only, as it reads /proc.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import array_api_strict
import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import torch

from core import autojit, lazy_apply

LIMIT = 30.0
"""The largest allowed growth in bytes per call."""

SHAPES = 20
"""The number of shapes of arrays."""

Call = Callable[[int], Any]


class Model:
    """An object with an array."""

    def __init__(self, weights: Any, options: dict[str, Any]) -> None:
        self.weights = weights
        self.options = options


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def arrays(ones: Callable[[int], Any]) -> list[Any]:
    """Return one array of each shape."""
    return [ones(length) for length in range(1, SHAPES + 1)]


def lazy_apply_calls() -> dict[str, Call]:
    """Return calls of `lazy_apply` on all libraries, by title."""
    libraries = {
        "NumPy": np.ones,
        "PyTorch": torch.ones,
        "JAX": jnp.ones,
        "array-api-strict": array_api_strict.ones,
        "Dask": da.ones,
    }

    def eager(ones: Any) -> Call:
        xs = arrays(ones)

        def call(i: int) -> None:
            x = xs[i % SHAPES]
            lazy_apply(lambda x, k: x, x, k=i, shape=(i % SHAPES + 1,), as_numpy=i % 2 == 0)

        return call

    calls = {f"lazy_apply, {name}": eager(ones) for name, ones in libraries.items()}
    xs = arrays(jnp.ones)
    for as_numpy in (True, False):
        function = np.sort if as_numpy else jnp.negative
        jitted = jax.jit(lambda x, f=function, n=as_numpy: lazy_apply(f, x, as_numpy=n))
        calls[f"lazy_apply, inside jax.jit, as_numpy={as_numpy}"] = lambda i, f=jitted: f(
            xs[i % SHAPES]
        ).block_until_ready()
    mapped = jax.vmap(lambda x: lazy_apply(np.negative, x, as_numpy=True))
    calls["lazy_apply, inside jax.vmap"] = lambda i: mapped(xs[i % SHAPES])
    tensors = arrays(torch.ones)
    compiled = torch.compile(
        lambda x: lazy_apply(np.sort, x, as_numpy=True), backend="aot_eager", fullgraph=True
    )
    calls["lazy_apply, inside torch.compile"] = lambda i: compiled(tensors[i % SHAPES])
    return calls


def autojit_calls() -> dict[str, Call]:
    """Return calls of functions under `autojit`, by title."""

    def add_weights(model: Model, x: Any, words: list[str]) -> Model:
        return Model(model.weights + x, {**model.options, "words": words})

    def objects(ones: Any, **options: Any) -> Call:
        function, xs = autojit(add_weights, **options), arrays(ones)

        def call(i: int) -> None:
            x = xs[i % SHAPES]
            function(Model(x, {"rate": 0.5, "names": ["a", "b"]}), x, ["word"])

        return call

    scaled = autojit(lambda x, rate: x * rate, dynamic_scalars=True)
    shifted = autojit(lambda x, text: x + len(text), maxsize=4)
    xs = arrays(jnp.ones)
    return {
        "autojit, JAX, new objects": objects(jnp.ones),
        "autojit, PyTorch, new objects": objects(torch.ones, compile_options={"backend": "eager"}),
        "autojit, NumPy, new objects": objects(np.ones),
        "autojit, JAX, changing floats": lambda i: scaled(xs[i % SHAPES], i / 7),
        "autojit, JAX, removed versions": lambda i: shifted(xs[0], "x" * (i // 100 % 8)),
    }


def main() -> int:
    """Print how much memory calls of each kind keep, and return 1 if it exceeds the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000, help="number of calls of each kind")
    parser.add_argument("--only", default="", help="only kinds with this text in the title")
    options = parser.parse_args()
    exceeded = 0
    for title, call in {**lazy_apply_calls(), **autojit_calls()}.items():
        if options.only not in title:
            continue
        start = time.perf_counter()
        for i in range(options.calls // 10):
            call(i)
        before = resident()
        for i in range(options.calls):
            call(i)
        growth = resident() - before
        exceeds = growth > LIMIT * options.calls
        exceeded += exceeds
        print(
            f"{title:<42} {growth:>10} bytes {growth / options.calls:7.1f} per call"
            f" {time.perf_counter() - start:6.1f} s{'  EXCEEDED' if exceeds else ''}",
            flush=True,
        )
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
