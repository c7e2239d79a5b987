"""Repeated calls do not leak memory."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from core import autojit, lazy_apply
from core.backends import Backend

STATM = Path("/proc/self/statm")
PAGE = 4096

pytestmark = pytest.mark.skipif(not STATM.exists(), reason="memory is read from /proc")


def resident() -> int:
    """Return how many bytes of this process are in memory."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * PAGE


def growth(call: Callable[[int], Any], calls: int) -> int:
    """Return by how many bytes the process grows in `calls` calls, after calls that fill caches."""
    for i in range(calls // 10):
        call(i)
    before = resident()
    for i in range(calls):
        call(i)
    return resident() - before


LIMIT = 2_000_000
"""Bytes. One array kept per call would take twice as much in 50,000 calls."""


class Model:
    """An object with an array, created anew for each call."""

    def __init__(self, weights: Any, options: dict[str, Any]) -> None:
        self.weights = weights
        self.options = options


@pytest.mark.skip_xp_backends(
    "dask", reason="calls build graphs, which takes a hundred times as long"
)
def test_lazy_apply_does_not_leak(xp: Any, xp_backend: Backend) -> None:
    arrays = [xp.ones(length) for length in range(1, 21)]
    calls = 50_000 if xp_backend.name in ("numpy", "torch") else 20_000

    def call(i: int) -> None:
        lazy_apply(lambda x, k: x, arrays[i % 20], k=i, shape=(i % 20 + 1,), as_numpy=i % 2 == 0)

    assert growth(call, calls) < LIMIT


def test_lazy_apply_inside_jit_does_not_leak() -> None:
    jitted = jax.jit(lambda x: lazy_apply(np.sort, x, as_numpy=True))
    arrays = [jnp.ones(length) for length in range(1, 6)]
    assert growth(lambda i: jitted(arrays[i % 5]).block_until_ready(), 10_000) < LIMIT


def test_compiled_functions_do_not_leak() -> None:
    @autojit
    def weighted(model: Model, x: Any, words: list[str]) -> Model:
        return Model(model.weights + x, {**model.options, "words": words})

    arrays = [jnp.ones(length) for length in range(1, 21)]

    def call(i: int) -> None:
        x = arrays[i % 20]
        weighted(Model(x, {"rate": 0.5, "names": ["a", "b"]}), x, ["word"])

    assert growth(call, 50_000) < LIMIT


def test_functions_as_arguments_are_released_with_their_versions() -> None:
    applied = autojit(lambda x, function: function(x), backend="jax")
    x = jnp.ones(3)

    def call(i: int) -> None:
        applied(x, lambda x: x * 2)

    call(0)
    before = sys.getrefcount(x)
    for i in range(20):
        call(i)
    gc.collect()
    assert sys.getrefcount(x) == before
    with jax.checking_leaks():
        call(0)
