"""The call as a primitive of JAX, so that every transformation has one clear answer."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import Any

import array_api_compat.numpy
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from core.lazy_apply.call import named, no_derivative
from core.lazy_apply.host import Batch, Host
from core.lazy_apply.jax_inline import inline_cpu

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


def _differentiated(primals: Any, tangents: Any, *, host: Host) -> Any:
    """Let JAX differentiate what the function does, where it can look on."""
    concrete = not any(isinstance(x, jax.core.Tracer) for x in primals)
    if host.call.as_numpy or not concrete:
        raise NotImplementedError(no_derivative(host.call))
    known = tuple(ad.instantiate_zeros(tangent) for tangent in tangents)
    try:
        return jax.jvp(lambda *operands: host(operands, jnp), tuple(primals), known)
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        raise NotImplementedError(no_derivative(host.call)) from error


lazy_apply_p.def_abstract_eval(_abstract)
lazy_apply_p.def_impl(_now)
batching.primitive_batchers[lazy_apply_p] = _batched
ad.primitive_jvps[lazy_apply_p] = _differentiated


def _run(host: Host, operands: tuple[Any, ...], device: Any) -> list[Any]:
    """Call the function from a running computation, with arrays in the host's memory.

    Its operations of JAX run on `device`, or where JAX runs them if that is None.

    `operands` are views of memory that XLA uses again: the function, which might keep them, gets
    copies. They cannot be written to, as NumPy arrays made from JAX arrays cannot.
    """
    copies = []
    for operand in operands:
        copy = np.array(np.asarray(operand))
        copy.flags.writeable = False
        copies.append(copy)
    try:
        with jax.default_device(device) if device is not None else nullcontext():
            if host.call.as_numpy:
                return host(copies, array_api_compat.numpy)
            own = [jax.device_put(copy, device) for copy in copies]
            return [np.asarray(x) for x in host(own, jnp)]
    except Exception as error:
        # JAX shows the last error alone, so it must say all.
        message = f"in lazy_apply of {host.call.name}: {type(error).__name__}: {error}"
        raise RuntimeError(message).with_traceback(error.__traceback__) from None


def _on_cpu(*operands: Any, host: Host) -> Any:
    device = inline_cpu()

    def callback(_: Any, results: Any, *buffers: Any) -> None:
        for result, value in zip(results, _run(host, buffers, device), strict=True):
            np.asarray(result)[...] = value

    if device is None and not host.call.as_numpy:
        warnings.warn(
            f"lazy_apply of {host.call.name} inside jax.jit: operations of JAX in it may wait for "
            "ever on a CPU. Pass as_numpy=True",
            RuntimeWarning,
            stacklevel=1,
        )
    return buffer_callback(callback, _results(host))(*operands)


def _elsewhere(*operands: Any, host: Host) -> Any:
    def callback(*arrays: Any) -> list[Any]:
        return _run(host, arrays, None)

    return jax.pure_callback(callback, _results(host), *operands)


def _results(host: Host) -> list[Any]:
    return [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in _abstract(host=host)]


mlir.register_lowering(lazy_apply_p, mlir.lower_fun(_elsewhere, multiple_results=True))
if buffer_callback is not None:
    mlir.register_lowering(
        lazy_apply_p, mlir.lower_fun(_on_cpu, multiple_results=True), platform="cpu"
    )
