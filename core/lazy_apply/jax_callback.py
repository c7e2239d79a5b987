"""Callbacks from a running computation of JAX, with the settings of the thread that traced it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import array_api_compat.numpy
import jax
import jax.numpy as jnp
import numpy as np

from core._private.jax import synchronous_cpu
from core.lazy_apply.bound_call import BoundCall
from core.typing import Array, Device, DType

try:
    from jax.experimental.buffer_callback import buffer_callback
except ImportError:  # an older JAX
    buffer_callback = None

try:
    from jax import enable_x64
except ImportError:  # an older JAX
    from jax.experimental import enable_x64


def call_from_device(
    bound: BoundCall, operands: Sequence[Array], results: Sequence[Any]
) -> list[Array]:
    """Return the results, described by `results`, of a callback with copies of the operands."""
    settings = _current_settings()

    def callback(*arrays: Array) -> list[Array]:
        return _run(bound, arrays, None, settings)

    found: list[Array] = jax.pure_callback(
        callback, _as_structs(results), *operands, sharding=bound.call.sharding
    )
    return found


def _call_from_cpu(
    bound: BoundCall, operands: Sequence[Array], results: Sequence[Any]
) -> list[Array]:
    """Return the results, described by `results`, of a callback that shares XLA's memory."""
    device, settings = synchronous_cpu(), _current_settings()
    dtypes = [x.dtype for x in operands]
    declared = _as_structs(results)

    def callback(_: Any, results: Any, *buffers: Any) -> None:
        arrays = [
            x if _byte_aligned(dtype) == dtype else np.asarray(x).astype(dtype)
            for x, dtype in zip(buffers, dtypes, strict=True)
        ]
        for result, value in zip(results, _run(bound, arrays, device, settings), strict=True):
            np.asarray(result)[...] = value

    if device is None and not bound.call.as_numpy:
        warnings.warn(
            f"lazy_apply of {bound.call.name} inside jax.jit: operations of JAX in it may deadlock "
            "on a CPU. Pass as_numpy=True",
            RuntimeWarning,
            stacklevel=1,
        )
    buffers = [jax.ShapeDtypeStruct(one.shape, _byte_aligned(one.dtype)) for one in declared]
    arrays = buffer_callback(callback, buffers)(
        *(x.astype(_byte_aligned(x.dtype)) for x in operands)
    )
    return [x.astype(one.dtype) for x, one in zip(arrays, declared, strict=True)]


call_from_cpu = None if buffer_callback is None else _call_from_cpu
"""Like `call_from_device`, but faster, and on CPUs only; None if JAX does not support it."""


def _as_structs(results: Sequence[Any]) -> list[Any]:
    return [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in results]


def _run(
    bound: BoundCall, operands: Sequence[Array], device: Device, settings: Callable[[], Any]
) -> list[Any]:
    """Call the function from a running computation, with arrays in host memory.

    JAX operations of the function run under `settings`, on `device` or, if that is None, on JAX's
    default device.

    `operands` are views of memory that XLA reuses. The function, which might keep them, gets
    copies. These are read-only, as NumPy arrays made from JAX arrays are.
    """
    copies = []
    for operand in operands:
        copy = np.array(np.asarray(operand))
        copy.flags.writeable = False
        copies.append(copy)
    try:
        with jax.default_device(device) if device is not None else nullcontext():
            if bound.call.as_numpy:
                return bound(copies, array_api_compat.numpy)
            with settings():
                arrays = [jax.device_put(copy, device) for copy in copies]
                return [np.asarray(x) for x in bound(arrays, jnp)]
    except Exception as error:
        # JAX shows only the last error of a chain.
        message = f"in lazy_apply of {bound.call.name}: {type(error).__name__}: {error}"
        raise RuntimeError(message).with_traceback(error.__traceback__) from None


def _byte_aligned(dtype: DType) -> DType:
    """Return `dtype`, or a dtype of whole bytes where NumPy and XLA store values differently."""
    if jnp.issubdtype(dtype, jnp.integer) and jnp.iinfo(dtype).bits < 8:
        return np.dtype(np.uint8 if jnp.issubdtype(dtype, jnp.unsignedinteger) else np.int8)
    if jnp.issubdtype(dtype, jnp.floating) and jnp.finfo(dtype).bits < 8:
        return np.dtype(np.float32)
    return dtype


def _current_settings() -> Callable[[], AbstractContextManager[Any]]:
    """Return a function whose context applies the current settings of this thread in any thread.

    These are the settings that threads can change for themselves and that affect results.
    """
    x64 = jax.config.jax_enable_x64
    precision = jax.config.jax_default_matmul_precision
    promotion = jax.config.jax_numpy_dtype_promotion
    ranks = jax.config.jax_numpy_rank_promotion

    def applied() -> ExitStack:
        with ExitStack() as stack:
            config = jax.config  # contexts are slow to enter, and the settings mostly agree
            if config.jax_enable_x64 != x64:
                stack.enter_context(enable_x64(x64))
            if config.jax_default_matmul_precision != precision:
                stack.enter_context(jax.default_matmul_precision(precision))
            if config.jax_numpy_dtype_promotion != promotion:
                stack.enter_context(jax.numpy_dtype_promotion(promotion))
            if config.jax_numpy_rank_promotion != ranks:
                stack.enter_context(jax.numpy_rank_promotion(ranks))
            return stack.pop_all()

    return applied
