"""The call as a primitive of JAX, with a rule for each transformation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import array_api_compat.numpy
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.backend import backends
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from core._private.jax import ARRAY_TYPE, is_concrete
from core.lazy_apply.bound_call import Batch, BoundCall
from core.lazy_apply.call import add_name_note, missing_derivative
from core.lazy_apply.checks import refuse_masked
from core.lazy_apply.jax_callback import call_from_cpu, call_from_device
from core.typing import Array, Namespace

# Comparing devices takes as long as everything else in a call.
_HAS_ONE_DEVICE = sum(len(each.devices()) for each in backends().values()) == 1

lazy_apply_p = Primitive("lazy_apply")
lazy_apply_p.multiple_results = True


def bind(bound: BoundCall, operands: tuple[Array, ...]) -> tuple[Array, ...]:
    """Add `bound` to the computation that is being traced, or call it at once."""
    return tuple(lazy_apply_p.bind(*operands, bound=bound))


def place(result: Any, first: Array, xp: Namespace = None) -> Array:
    """Return `result` as a JAX array on the device of `first`, unless that is on several."""
    if type(result) is not ARRAY_TYPE:
        result = _from_host(result)
    if _HAS_ONE_DEVICE:
        return result
    sharding = first.sharding
    if result.sharding == sharding or len(first.devices()) > 1:
        return result
    return jax.device_put(result, sharding)


def _from_host(x: object) -> Array:
    """Return a JAX array with a copy of `x`."""
    refuse_masked(x)
    if hasattr(x, "__array__") and not isinstance(x, jax.Array | np.generic):
        x = np.asarray(x)  # JAX requires of this method the parameters that NumPy can do without
    try:
        return jnp.array(x)
    except jax.errors.JaxRuntimeError:
        # `jax.transfer_guard` does not allow an implicit transfer, but this one is intended.
        return jax.device_put(np.array(x))


def _abstract_eval(*_: Any, bound: BoundCall) -> list[Any]:
    outputs = bound.outputs
    return [
        jax.core.ShapedArray(bound.sizes + shape, dtype)
        for shape, dtype in zip(outputs.shapes, outputs.dtypes, strict=True)
    ]


def _call_now(*operands: Array, bound: BoundCall) -> list[Array]:
    """Call the function with concrete arrays, under transformations outside ``jax.jit``."""
    try:
        if not bound.call.as_numpy:
            return bound(operands, jnp)
        results = bound([np.asarray(x) for x in operands], array_api_compat.numpy)
    except Exception as error:
        add_name_note(error, bound.call.func)
        raise
    first = next((x for x in operands if isinstance(x, jax.Array)), None)
    return [_from_host(x) if first is None else place(x, first) for x in results]


def _batch(operands: tuple[Array, ...], axes: tuple[Any, ...], *, bound: BoundCall) -> Any:
    mapped = tuple(axis is not None for axis in axes)
    size = next(x.shape[axis] for x, axis in zip(operands, axes, strict=True) if axis is not None)
    moved = [
        jnp.moveaxis(x, axis, 0) if is_mapped else x
        for x, axis, is_mapped in zip(operands, axes, mapped, strict=True)
    ]
    results = bind(bound.batched(Batch(size, mapped)), tuple(moved))
    return results, (0,) * len(results)


def _jvp(primals: Any, tangents: Any, *, bound: BoundCall) -> Any:
    """Differentiate the function with JAX, if it can be called with JAX arrays."""
    if bound.call.as_numpy or not all(map(is_concrete, primals)):
        raise NotImplementedError(missing_derivative(bound.call))
    instantiated = tuple(ad.instantiate_zeros(tangent) for tangent in tangents)
    try:
        return jax.jvp(lambda *operands: bound(operands, jnp), tuple(primals), instantiated)
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        raise NotImplementedError(missing_derivative(bound.call)) from error


def _transpose(_: Any, *operands: Array, bound: BoundCall) -> Any:
    """Raise: the function was called with tangents, in which it is not known to be linear."""
    name = bound.call.name
    raise NotImplementedError(
        f"JAX cannot reverse a derivative that calls lazy_apply of {name}. If it is called in "
        "jvp=, give vjp= for derivatives in reverse mode"
    )


def _lower(*operands: Array, bound: BoundCall) -> list[Array]:
    return call_from_device(bound, operands, _abstract_eval(bound=bound))


def _lower_on_cpu(*operands: Array, bound: BoundCall) -> list[Array]:
    if call_from_cpu is None or bound.call.sharding is not None:
        return _lower(*operands, bound=bound)
    return call_from_cpu(bound, operands, _abstract_eval(bound=bound))


def _lowering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the rule by which JAX compiles the call: compile `function` instead."""
    rule = mlir.lower_fun(function, multiple_results=True)

    def lower(context: Any, *operands: Array, bound: BoundCall) -> Any:
        axes = context.module_context.axis_context
        if bound.call.sharding is not None and getattr(axes, "device_assignment", 0) is None:
            # The computation is not assigned to devices yet: there is no other to call from.
            bound = replace(bound, call=replace(bound.call, sharding=None))
        return rule(context, *operands, bound=bound)

    return lower


lazy_apply_p.def_abstract_eval(_abstract_eval)
lazy_apply_p.def_impl(_call_now)
batching.primitive_batchers[lazy_apply_p] = _batch
ad.primitive_jvps[lazy_apply_p] = _jvp
ad.primitive_transposes[lazy_apply_p] = _transpose
mlir.register_lowering(lazy_apply_p, _lowering(_lower))
mlir.register_lowering(lazy_apply_p, _lowering(_lower_on_cpu), platform="cpu")
