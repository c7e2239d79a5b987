"""JAX's classes of concrete and of traced arrays."""

from __future__ import annotations

import jax
import jax.numpy as jnp

with jax.ensure_compile_time_eval():  # the first import may be inside `jax.jit`
    ARRAY_TYPE: type = type(jnp.zeros(()))
    """The class of concrete arrays, which `jax.Array` is an abstract base class of.

    If arrays of several classes came into use, `autojit` would handle those of the others
    correctly, but through its slower path.
    """


def is_array_type(cls: type) -> bool:
    """Return whether `cls` is a class of JAX arrays, concrete or traced.

    ``isinstance(x, jax.Array)`` is the public way, but it takes an object: tracers are no
    subclasses of ``jax.Array``. If ``jax.core.Tracer`` were missing, importing this would fail, and
    with it every use of `autojit` on JAX.
    """
    return issubclass(cls, (jax.Array, jax.core.Tracer))
