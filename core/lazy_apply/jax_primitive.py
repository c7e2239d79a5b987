"""The call as a primitive of JAX, so that every transformation has one clear answer."""

from __future__ import annotations

import warnings
from typing import Any

import array_api_compat.numpy
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from core.lazy_apply.call import named, no_derivative
from core.lazy_apply.host import Batch, Host

try:
    from jax.experimental.buffer_callback import buffer_callback
except ImportError:  # an older JAX
    buffer_callback = None

lazy_apply_p = Primitive("lazy_apply")
lazy_apply_p.multiple_results = True


def bind(host: Host, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Call `host` when the computation runs."""
    return tuple(lazy_apply_p.bind(*operands, host=host))


def _abstract(*_: Any, host: Host) -> list[Any]:
    outputs = host.outputs
    return [
        jax.core.ShapedArray(host.sizes + shape, dtype)
        for shape, dtype in zip(outputs.shapes, outputs.dtypes, strict=True)
    ]


def _now(*operands: Any, host: Host) -> list[Any]:
    """Call the function at once: a transformation outside ``jit`` came down to concrete arrays."""
    try:
        if not host.call.as_numpy:
            return host(operands, jnp)
        results = host([np.asarray(x) for x in operands], array_api_compat.numpy)
    except Exception as error:
        named(error, host.call.func)
        raise
    return [jax.device_put(x, operands[0].sharding) for x in results]


def _batched(operands: tuple[Any, ...], axes: tuple[Any, ...], *, host: Host) -> Any:
    mapped = tuple(axis is not None for axis in axes)
    size = next(x.shape[axis] for x, axis in zip(operands, axes, strict=True) if axis is not None)
    front = [
        jnp.moveaxis(x, axis, 0) if is_mapped else x
        for x, axis, is_mapped in zip(operands, axes, mapped, strict=True)
    ]
    results = bind(host.batched(Batch(size, mapped)), tuple(front))
    return results, (0,) * len(results)


def _no_derivative(*_: Any, host: Host) -> Any:
    raise NotImplementedError(no_derivative(host.call))


lazy_apply_p.def_abstract_eval(_abstract)
lazy_apply_p.def_impl(_now)
batching.primitive_batchers[lazy_apply_p] = _batched
ad.primitive_jvps[lazy_apply_p] = _no_derivative


def _run(host: Host, operands: tuple[Any, ...]) -> list[Any]:
    """Call the function from a running computation, with arrays in the host's memory.

    `operands` are views of memory that XLA uses again: the function, which might keep them, gets
    copies. They cannot be written to, as NumPy arrays made from JAX arrays cannot.
    """
    copies = []
    for operand in operands:
        copy = np.array(np.asarray(operand))
        copy.flags.writeable = False
        copies.append(copy)
    try:
        if host.call.as_numpy:
            return host(copies, array_api_compat.numpy)
        return host([jnp.array(copy) for copy in copies], jnp)
    except Exception as error:
        # JAX shows the last error alone, so it must say all.
        message = f"in lazy_apply of {host.call.name}: {type(error).__name__}: {error}"
        raise RuntimeError(message).with_traceback(error.__traceback__) from None


def _on_cpu(*operands: Any, host: Host) -> Any:
    def callback(_: Any, results: Any, *buffers: Any) -> None:
        for result, value in zip(results, _run(host, buffers), strict=True):
            np.asarray(result)[...] = value

    if not host.call.as_numpy and jax.config.values.get("jax_cpu_enable_async_dispatch", True):
        warnings.warn(
            f"lazy_apply of {host.call.name} inside jax.jit: operations of JAX in it may wait for "
            "ever on a CPU. Pass as_numpy=True, or set jax_cpu_enable_async_dispatch to False "
            "before JAX is used",
            RuntimeWarning,
            stacklevel=1,
        )
    return buffer_callback(callback, _results(host))(*operands)


def _elsewhere(*operands: Any, host: Host) -> Any:
    return jax.pure_callback(lambda *arrays: _run(host, arrays), _results(host), *operands)


def _results(host: Host) -> list[Any]:
    return [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in _abstract(host=host)]


mlir.register_lowering(lazy_apply_p, mlir.lower_fun(_elsewhere, multiple_results=True))
if buffer_callback is not None:
    mlir.register_lowering(
        lazy_apply_p, mlir.lower_fun(_on_cpu, multiple_results=True), platform="cpu"
    )
