"""Call `lazy_apply` and `autojit` very often, with other shapes and objects, and watch the memory.

Usage: python benchmarks/core_memory.py [--calls N] [--only TEXT]

Prints by how many bytes the process has grown after the calls, once a tenth of them has filled
every cache. Exits with 1 where that is more than 30 bytes for a call: to keep the smallest array
takes 100. Linux only, as it reads /proc.
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
"""Bytes for each call."""

SHAPES = 20

Call = Callable[[int], Any]


class Model:
    """An object with an array, new in each call."""

    def __init__(self, weights: Any, options: dict[str, Any]) -> None:
        self.weights = weights
        self.options = options


def resident() -> int:
    """Return how many bytes of this process are in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def arrays(ones: Callable[[int], Any]) -> list[Any]:
    """Return arrays of all shapes."""
    return [ones(length) for length in range(1, SHAPES + 1)]


def applied() -> dict[str, Call]:
    """Return calls of `lazy_apply` on every library."""
    libraries = {
        "NumPy": np.ones,
        "PyTorch": torch.ones,
        "JAX": jnp.ones,
        "array-api-strict": array_api_strict.ones,
        "Dask": da.ones,
    }

    def one(ones: Any) -> Call:
        known = arrays(ones)

        def call(i: int) -> None:
            length = i % SHAPES
            lazy_apply(lambda x, k: x, known[length], k=i, shape=(length + 1,), as_numpy=i % 2 == 0)

        return call

    calls = {f"lazy_apply, {name}": one(ones) for name, ones in libraries.items()}
    known = arrays(jnp.ones)
    for as_numpy in (True, False):
        function = np.sort if as_numpy else jnp.negative
        jitted = jax.jit(lambda x, f=function, n=as_numpy: lazy_apply(f, x, as_numpy=n))
        calls[f"lazy_apply, inside jax.jit, as_numpy={as_numpy}"] = lambda i, f=jitted: f(
            known[i % SHAPES]
        ).block_until_ready()
    mapped = jax.vmap(lambda x: lazy_apply(np.negative, x, as_numpy=True))
    calls["lazy_apply, inside jax.vmap"] = lambda i: mapped(known[i % SHAPES])
    tensors = arrays(torch.ones)
    compiled = torch.compile(
        lambda x: lazy_apply(np.sort, x, as_numpy=True), backend="aot_eager", fullgraph=True
    )
    calls["lazy_apply, inside torch.compile"] = lambda i: compiled(tensors[i % SHAPES])
    return calls


def compiled() -> dict[str, Call]:
    """Return calls of `autojit` on both libraries that compile."""

    def weighted(model: Model, x: Any, words: list[str]) -> Model:
        return Model(model.weights + x, {**model.options, "words": words})

    def one(ones: Any, **options: Any) -> Call:
        function, known = autojit(weighted, **options), arrays(ones)

        def call(i: int) -> None:
            x = known[i % SHAPES]
            function(Model(x, {"rate": 0.5, "names": ["a", "b"]}), x, ["word"])

        return call

    rates = autojit(lambda x, rate: x * rate, dynamic_scalars=True)
    modes = autojit(lambda x, mode: x + len(mode), maxsize=4)
    known = arrays(jnp.ones)
    return {
        "autojit, JAX, objects": one(jnp.ones),
        "autojit, PyTorch, objects": one(torch.ones, compile_options={"backend": "eager"}),
        "autojit, NumPy, objects": one(np.ones),
        "autojit, JAX, floats that change": lambda i: rates(known[i % SHAPES], i / 7),
        "autojit, JAX, words that come back": lambda i: modes(known[0], "x" * (i // 100 % 8)),
    }


def main() -> int:
    """Print how much every call leaves behind, and return 1 where it is too much."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000, help="calls of each kind")
    parser.add_argument("--only", default="", help="kinds with this in their names")
    options = parser.parse_args()
    kept = 0
    for name, call in {**applied(), **compiled()}.items():
        if options.only not in name:
            continue
        start = time.perf_counter()
        for i in range(options.calls // 10):
            call(i)
        before = resident()
        for i in range(options.calls):
            call(i)
        growth = resident() - before
        too_much = growth > LIMIT * options.calls
        kept += too_much
        print(
            f"{name:<42} {growth:>10} bytes {growth / options.calls:7.1f} a call"
            f" {time.perf_counter() - start:6.1f} s{'  GROWS' if too_much else ''}",
            flush=True,
        )
    return 1 if kept else 0


if __name__ == "__main__":
    sys.exit(main())
