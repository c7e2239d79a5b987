"""JAX: a call at once on concrete arrays, or a primitive under a transformation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import SingleDeviceSharding

from core._private.jax import ARRAY_TYPE, is_transforming
from core.lazy_apply.bound_call import BoundCall
from core.lazy_apply.call import Call
from core.lazy_apply.implementation import Implementation
from core.lazy_apply.jax_primitive import bind, place
from core.lazy_apply.outputs import Outputs, resolve
from core.typing import Array, DType


class JAXImplementation(Implementation):
    """`lazy_apply` on JAX."""

    is_traced = staticmethod(is_transforming)
    to_numpy = staticmethod(np.asarray)  # type: ignore[assignment]
    place = staticmethod(place)

    def concrete_types(self, cls: type) -> tuple[type, ...]:
        return (ARRAY_TYPE,)

    @staticmethod
    def check_dtypes(call: Call, dtypes: Iterable[Any]) -> None:
        for dtype in dtypes:
            if dtype is not None and np.dtype(dtype) != _canonical(dtype):
                raise ValueError(
                    f"lazy_apply of {call.name}: shape= and dtype= cannot specify 64-bit types "
                    f"when `jax_enable_x64` is disabled: enable it, or pass {_canonical(dtype)} "
                    f"instead of {np.dtype(dtype)}"
                )

    def lazy(self, call: Call) -> Any:
        """Make the call part of the computation that is being traced."""
        outputs = resolve(call, lambda: _result_type(call))
        if any(None in shape for shape in outputs.shapes):
            raise ValueError(
                "Output shape must be fully known when running inside jax.jit: "
                f"{outputs.shapes if outputs.multiple else outputs.shapes[0]} is not"
            )
        if not isinstance(call.sharding, SingleDeviceSharding | None):
            raise NotImplementedError(
                "sharding= of lazy_apply must be a jax.sharding.SingleDeviceSharding, got "
                f"{type(call.sharding).__name__}"
            )
        outputs = replace(outputs, dtypes=tuple(map(_canonical, outputs.dtypes)))
        call = _with_flat_kwargs(call)
        bound, operands = BoundCall.of(call, outputs, lambda x: isinstance(x, jax.Array))
        if not call.as_numpy:  # scalars stay unchanged only where JAX calls the function directly
            bound = replace(bound, convert_scalar=jnp.asarray)
        function = _with_derivative(call, outputs, lambda *arrays: bind(bound, arrays))
        return outputs.wrap(function(*operands))


def _with_flat_kwargs(call: Call) -> Call:
    """Return the call with arrays that are in containers among named arguments as arguments."""
    try:
        leaves, structure = jax.tree_util.tree_flatten(dict(call.kwargs))
    except (RecursionError, SystemError):  # a container that contains itself
        return call
    if sum(isinstance(leaf, jax.Array) for leaf in leaves) == sum(
        isinstance(x, jax.Array) for x in call.kwargs.values()
    ):
        return call
    func = call.func

    def with_containers(*args: Any, **named: Any) -> Any:
        found = [named[str(i)] for i in range(len(leaves))]
        return func(*args, **jax.tree_util.tree_unflatten(structure, found))

    with_containers.__name__ = call.name
    return replace(
        call, func=with_containers, kwargs={str(i): leaf for i, leaf in enumerate(leaves)}
    )


def _canonical(dtype: DType) -> np.dtype[Any]:
    """Return the dtype that JAX uses for `dtype`; it may be configured without 64-bit numbers."""
    canonical: np.dtype[Any] = np.dtype(jax.dtypes.canonicalize_dtype(dtype))
    return canonical


def _result_type(call: Call) -> DType:
    return jnp.result_type(*(x for x in call.args if x is not None))


def _with_derivative(
    call: Call, outputs: Outputs, function: Callable[..., tuple[Array, ...]]
) -> Any:
    """Return `function` with the derivative that `call` gives, if any."""
    if call.jvp is not None:
        jvp = call.jvp

        def forward(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> Any:
            # Outside of `jax.jit`, `jax.jvp` passes Python numbers on.
            primals = tuple(map(jnp.asarray, primals))
            tangents = tuple(map(_tangent_or_none, tangents))
            found = jvp(primals, tangents)
            if not outputs.multiple:
                found = (found,)
            results = with_jvp(*primals)
            return results, tuple(map(_as_tangent, found, results))

        with_jvp = jax.custom_jvp(function)
        with_jvp.defjvp(forward)
        return with_jvp
    if call.vjp is not None:
        vjp = call.vjp

        def backward(primals: tuple[Array, ...], cotangents: tuple[Array, ...]) -> Any:
            found = vjp(primals, outputs.wrap(cotangents))
            found = found if isinstance(found, (tuple, list)) else (found,)
            return tuple(found)

        with_vjp = jax.custom_vjp(function)
        with_vjp.defvjp(lambda *primals: (function(*primals), primals), backward)
        return with_vjp
    return function


def _tangent_or_none(tangent: Any) -> Any:
    """Return a tangent as an array; None for that of an integer."""
    if getattr(tangent, "dtype", None) == jax.dtypes.float0:
        return None
    return jnp.asarray(tangent)


def _as_tangent(tangent: Any, result: Array) -> Any:
    """Return a tangent of the type that JAX requires: integers have tangents without values."""
    if jnp.issubdtype(result.dtype, jnp.inexact):
        return jnp.asarray(tangent)
    return np.zeros(result.shape, jax.dtypes.float0)
