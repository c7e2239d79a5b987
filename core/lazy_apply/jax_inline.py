"""A place where operations of JAX run in the thread that asks for them.

JAX starts operations on a CPU in threads of a pool. A function that a running computation calls
back holds such a thread, and may wait for ever for an operation of its own that waits for a thread.
On a CPU of its own, which starts nothing later, it waits for nobody.
"""

from __future__ import annotations

import functools
from typing import Any

try:  # not public: no public function makes a client
    from jax._src.lib import xla_client
except ImportError:  # pragma: no cover
    xla_client = None


@functools.cache
def inline_cpu() -> Any:
    """Return a CPU whose operations start where they are asked for; None if JAX cannot make one."""
    make = getattr(xla_client, "make_cpu_client", None)
    try:
        return make(asynchronous=False).devices()[0] if make is not None else None
    except TypeError:  # pragma: no cover  # another version may want other arguments
        return None
