"""The call as a primitive of JAX, so that every transformation has one clear answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import array_api_compat.numpy
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.backend import backends
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from core.lazy_apply.call import named, no_derivative
from core.lazy_apply.host import Batch, Host
from core.lazy_apply.jax_inline import inline_cpu
from core.lazy_apply.jax_settings import current_settings

try:  # not public
    from jax._src.core import is_concrete
except ImportError:  # pragma: no cover

    def is_concrete(x: Any) -> bool:
        """Say whether `x` is no tracer; those of derivatives alone are concrete too."""
        return not isinstance(x, jax.core.Tracer)


try:
    from jax.experimental.buffer_callback import buffer_callback
except ImportError:  # an older JAX
    buffer_callback = None

with jax.ensure_compile_time_eval():  # this module may be first needed inside `jax.jit`
    Array = type(jnp.zeros(()))
"""The class of concrete arrays."""

# Comparing where arrays are takes as long as all the rest.
_ONE_DEVICE = sum(len(each.devices()) for each in backends().values()) == 1

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
    first = next((x for x in operands if isinstance(x, jax.Array)), None)
    return [jnp.array(x) if first is None else placed(x, first) for x in results]


def placed(result: Any, first: Any) -> Any:
    """Return `result` as a JAX array where `first` is, unless that is in several places."""
    if type(result) is not Array:
        result = jnp.array(result)
    if _ONE_DEVICE:
        return result
    sharding = first.sharding
    if result.sharding == sharding or len(first.devices()) > 1:
        return result
    return jax.device_put(result, sharding)


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
    if host.call.as_numpy or not all(map(is_concrete, primals)):
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


def _run(
    host: Host, operands: Sequence[Any], device: Any, settings: Callable[[], Any]
) -> list[Any]:
    """Call the function from a running computation, with arrays in the host's memory.

    Its operations of JAX run on `device`, or where JAX runs them if that is None, and under
    `settings`.

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
            with settings():
                own = [jax.device_put(copy, device) for copy in copies]
                return [np.asarray(x) for x in host(own, jnp)]
    except Exception as error:
        # JAX shows the last error alone, so it must say all.
        message = f"in lazy_apply of {host.call.name}: {type(error).__name__}: {error}"
        raise RuntimeError(message).with_traceback(error.__traceback__) from None


def _on_cpu(*operands: Any, host: Host) -> Any:
    device, settings = inline_cpu(), current_settings()
    dtypes = [x.dtype for x in operands]
    announced = _results(host)

    def callback(_: Any, results: Any, *buffers: Any) -> None:
        given = [
            x if _whole(dtype) == dtype else np.asarray(x).astype(dtype)
            for x, dtype in zip(buffers, dtypes, strict=True)
        ]
        for result, value in zip(results, _run(host, given, device, settings), strict=True):
            np.asarray(result)[...] = value

    if device is None and not host.call.as_numpy:
        warnings.warn(
            f"lazy_apply of {host.call.name} inside jax.jit: operations of JAX in it may wait for "
            "ever on a CPU. Pass as_numpy=True",
            RuntimeWarning,
            stacklevel=1,
        )
    buffers = [jax.ShapeDtypeStruct(one.shape, _whole(one.dtype)) for one in announced]
    results = buffer_callback(callback, buffers)(*(x.astype(_whole(x.dtype)) for x in operands))
    return [x.astype(one.dtype) for x, one in zip(results, announced, strict=True)]


def _whole(dtype: Any) -> Any:
    """Return a dtype that holds the numbers of `dtype` in whole bytes, as NumPy does, not XLA."""
    if jnp.issubdtype(dtype, jnp.integer) and jnp.iinfo(dtype).bits < 8:
        return np.dtype(np.uint8 if jnp.issubdtype(dtype, jnp.unsignedinteger) else np.int8)
    if jnp.issubdtype(dtype, jnp.floating) and jnp.finfo(dtype).bits < 8:
        return np.dtype(np.float32)
    return dtype


def _elsewhere(*operands: Any, host: Host) -> Any:
    settings = current_settings()

    def callback(*arrays: Any) -> list[Any]:
        return _run(host, arrays, None, settings)

    return jax.pure_callback(callback, _results(host), *operands)


def _results(host: Host) -> list[Any]:
    return [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in _abstract(host=host)]


mlir.register_lowering(lazy_apply_p, mlir.lower_fun(_elsewhere, multiple_results=True))
if buffer_callback is not None:
    mlir.register_lowering(
        lazy_apply_p, mlir.lower_fun(_on_cpu, multiple_results=True), platform="cpu"
    )
