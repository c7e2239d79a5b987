"""JAX: called now on concrete arrays, made part of the computation under a transformation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

try:  # not public; the public functions that replace it say only what they are not to be used for
    from jax._src.core import trace_state_clean
except ImportError:  # pragma: no cover
    from jax.core import trace_state_clean

from core.lazy_apply.call import SCALARS, Call, is_scalar
from core.lazy_apply.dispatch import PASS
from core.lazy_apply.host import Host
from core.lazy_apply.jax_primitive import Array, bind, placed
from core.lazy_apply.outputs import Outputs, listed, resolve


def eager(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    as_numpy: bool,
    several: int,
) -> Any:
    """Call `func` now, unless an array is traced or the call stands inside a transformation."""
    first = None
    for x in args:
        if type(x) is Array:
            if first is None:
                first = x
        elif type(x) not in SCALARS and not is_scalar(x):
            return PASS
    if first is None or not trace_state_clean():
        return PASS
    if as_numpy:
        args = tuple([np.asarray(x) if type(x) is Array else x for x in args])
        for name, x in kwargs.items():
            if type(x) is Array:
                kwargs = {**kwargs, name: np.asarray(x)}
    result = func(*args, **kwargs)
    if several:
        return tuple(placed(one, first) for one in listed(func, result, several))
    return placed(result, first)


def lazy(call: Call) -> Any:
    """Make the call part of the computation that is being traced."""
    outputs = resolve(call, lambda: _promoted(call))
    if any(None in shape for shape in outputs.shapes):
        raise ValueError(
            "Output shape must be fully known when running inside jax.jit: "
            f"{outputs.shapes if outputs.multiple else outputs.shapes[0]} is not"
        )
    outputs = replace(outputs, dtypes=tuple(map(_canonical, outputs.dtypes)))
    host, operands = Host.of(call, outputs, lambda x: isinstance(x, jax.Array))
    if not call.as_numpy:  # as they are where JAX calls a function itself
        host = replace(host, scalar=jnp.asarray)
    function = _differentiable(call, outputs, lambda *arrays: bind(host, arrays))
    return outputs.wrap(function(*operands))


def _tangent(found: Any, result: Any) -> Any:
    """Return a tangent as JAX wants it: whole numbers have one without any values."""
    if jnp.issubdtype(result.dtype, jnp.inexact):
        return jnp.asarray(found)
    return np.zeros(result.shape, jax.dtypes.float0)


def _canonical(dtype: Any) -> np.dtype[Any]:
    """Return `dtype` as JAX would have it, which may be without 64-bit numbers."""
    canonical: np.dtype[Any] = np.dtype(jax.dtypes.canonicalize_dtype(dtype))
    return canonical


def _promoted(call: Call) -> Any:
    return jnp.result_type(*(x for x in call.args if x is not None))


def _differentiable(call: Call, outputs: Outputs, function: Callable[..., tuple[Any, ...]]) -> Any:
    """Return `function` with the derivative that the caller gave."""
    if call.jvp is not None:
        derivative = call.jvp

        def tangents(primals: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
            inputs = tuple(None if x.dtype == jax.dtypes.float0 else x for x in inputs)
            found = derivative(primals, inputs)
            if not outputs.multiple:
                found = (found,)
            results = apply(*primals)
            return results, tuple(map(_tangent, found, results))

        apply = jax.custom_jvp(function)
        apply.defjvp(tangents)
        return apply
    if call.vjp is not None:
        transposed = call.vjp

        def backwards(primals: tuple[Any, ...], cotangents: tuple[Any, ...]) -> Any:
            found = transposed(primals, outputs.wrap(cotangents))
            found = found if isinstance(found, (tuple, list)) else (found,)
            return tuple(found)

        apply = jax.custom_vjp(function)
        apply.defvjp(lambda *primals: (function(*primals), primals), backwards)
        return apply
    return function
