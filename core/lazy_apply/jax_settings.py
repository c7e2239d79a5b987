"""JAX's settings of the thread that traces, for another thread that runs what was traced."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import jax

try:
    from jax import enable_x64
except ImportError:  # an older JAX
    from jax.experimental import enable_x64


def current_settings() -> Callable[[], AbstractContextManager[Any]]:
    """Return what puts into effect, in any thread, the settings that are so in this one.

    They are those that JAX lets a thread change for itself and that change what operations return.
    """
    x64 = jax.config.jax_enable_x64
    precision = jax.config.jax_default_matmul_precision
    promotion = jax.config.jax_numpy_dtype_promotion
    ranks = jax.config.jax_numpy_rank_promotion

    def entered() -> ExitStack:
        with ExitStack() as stack:
            config = jax.config  # entering takes long, and this thread's are mostly the same
            if config.jax_enable_x64 != x64:
                stack.enter_context(enable_x64(x64))
            if config.jax_default_matmul_precision != precision:
                stack.enter_context(jax.default_matmul_precision(precision))
            if config.jax_numpy_dtype_promotion != promotion:
                stack.enter_context(jax.numpy_dtype_promotion(promotion))
            if config.jax_numpy_rank_promotion != ranks:
                stack.enter_context(jax.numpy_rank_promotion(ranks))
            return stack.pop_all()

    return entered
