"""JAX's classes of arrays, its state of tracing, and CPU devices with other settings.

Private functions have a fallback for versions of JAX in which they are missing.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from core.typing import Array, Device

try:
    from jax._src.core import trace_ctx

    _is_top_level = trace_ctx.is_top_level
except (ImportError, AttributeError):  # pragma: no cover  # before JAX 0.4.36
    _is_top_level = jax.core.trace_state_clean

try:
    from jax._src.core import is_concrete
except ImportError:  # pragma: no cover

    def is_concrete(x: Array) -> bool:
        """Return whether `x` has a value; without JAX's function, False for all tracers.

        Tracers of derivatives outside ``jax.jit`` do have a value.
        """
        return not isinstance(x, jax.core.Tracer)


try:
    from jax._src.lib import xla_client
except ImportError:  # pragma: no cover
    xla_client = None

__all__ = ["ARRAY_TYPE", "is_array_type", "is_concrete", "is_transforming", "synchronous_cpu"]

with jax.ensure_compile_time_eval():  # the first import may be inside `jax.jit`
    ARRAY_TYPE: type = type(jnp.zeros(()))
    """The class of concrete arrays, which `jax.Array` is an abstract base class of.

    If arrays of several classes came into use, `autojit` would handle those of the others
    correctly, but through its slower path.
    """


def is_transforming() -> bool:
    """Return whether this thread is inside ``jax.jit``, ``jax.vmap`` or another transformation."""
    return not _is_top_level()


def is_array_type(cls: type) -> bool:
    """Return whether `cls` is a class of JAX arrays, concrete or traced.

    ``isinstance(x, jax.Array)`` is the public way, but it takes an object: tracers are no
    subclasses of ``jax.Array``. If ``jax.core.Tracer`` were missing, importing this would fail, and
    with it every use of `autojit` on JAX.
    """
    return issubclass(cls, (jax.Array, jax.core.Tracer))


@functools.cache
def synchronous_cpu() -> Device | None:
    """Return a CPU device that runs operations in the calling thread; None if JAX cannot make one.

    JAX's own CPU device runs operations in a pool of threads. A callback of a running computation
    occupies such a thread, and an operation in the callback that needs a free thread may wait
    forever. Operations on this device never wait.
    """
    make_client = getattr(xla_client, "make_cpu_client", None)
    try:
        return make_client(asynchronous=False).devices()[0] if make_client is not None else None
    except TypeError:  # pragma: no cover  # another version may have other parameters
        return None
