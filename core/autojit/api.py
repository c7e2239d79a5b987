"""The function and decorator."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from core.autojit.compiled import Options
from core.autojit.compilers import compiler_names
from core.autojit.dispatch import Dispatcher
from core.lazy_apply.call import function_name


def autojit(
    func: Callable[..., Any] | None = None,
    *,
    backend: str | None = None,
    dynamic_scalars: bool = False,
    maxsize: int = 128,
    compile_options: Mapping[str, Any] | None = None,
) -> Any:
    """Compile a function without saying which of its arguments are static.

    The arrays among the arguments are traced, wherever they are: by position, by name, inside
    tuples, lists, dicts, sets, named tuples, dataclasses and objects of any class. All the rest is
    static: `func` gets Python's own ``1``, ``"mode"`` or ``None``, and is traced again when one
    changes. So do the results: what is no array comes back as it was, around arrays.

    Parameters
    ----------
    func : callable, optional
        What to compile. Left out where options are given to the decorator:
        ``@autojit(backend="jax")``.
    backend : {"jax", "torch", "lazy"}, optional
        The compiler: ``jax.jit``, ``torch.compile``, or `core.lazy`, which is for arrays of any
        library and of use for NumPy's. Default: that of the arrays in each call's arguments. A
        call without arrays of JAX or PyTorch is a call of `func`.
    dynamic_scalars : bool, optional
        Trace floats and complex numbers as well, so that another value makes no other
        version. `func` gets arrays without axes for them under JAX. Those whose values it needs
        become static again.
    maxsize : int, optional
        How many versions are kept that differ in their static arguments. The oldest goes first.
    compile_options : mapping, optional
        Passed on to :func:`torch.compile`, such as ``{"backend": "aot_eager"}``.

    Returns
    -------
    callable
        With the name and the docstring of `func`, and two methods: ``clear_cache()`` forgets every
        compiled version; ``lower(*args, **kwargs)`` returns what ``jax.jit(func).lower`` does, for
        the JAX arrays alone, or with ``backend="lazy"`` the `core.lazy.Trace` of the arrays.

    Warns
    -----
    RuntimeWarning
        Once for each argument whose changing value, a number or an array of NumPy, makes one
        version after the other.

    Raises
    ------
    TypeError
        `func` cannot be called.
    ValueError
        `backend` is not known, `maxsize` is not positive, or `dynamic_scalars` is asked of
        ``"lazy"``, whose traced numbers would not be as weakly typed as Python's.

    See Also
    --------
    lazy_apply : Call a function that cannot be compiled from one that is.
    trace : The graph of one call.

    Notes
    -----
    Under JAX, `func` gets its containers and objects built anew around the traced arrays: what it
    changes in them is not seen by the caller, and results are never the arguments themselves.
    Arguments are told apart by content. What has no known content, such as functions,
    generators and locks, is told apart by identity, and is not kept alive.

    Under PyTorch, ``torch.compile`` itself builds arguments and results, may break the graph, and
    lets `func` change what it is given.

    Under ``"lazy"``, `func` takes its operations from ``x.__array_namespace__()``. It is traced
    once for each library, shape and dtype of the arrays; a call then runs the graph without what is
    not needed, equal operations once, and chains of operations on large arrays block by block. What
    does not depend on the arguments is computed once, and not to be written to.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from core import autojit
    >>> @autojit
    ... def scaled(data, how):
    ...     x = data["x"]
    ...     return {"x": x / x.max() if how == "max" else x, "how": how}
    >>> scaled({"x": jnp.asarray([1.0, 2.0])}, "max")
    {'x': Array([0.5, 1. ], dtype=float32), 'how': 'max'}
    """
    if backend is not None and backend not in COMPILERS:
        known = ", ".join(map(repr, COMPILERS))
        raise ValueError(f"autojit has no backend {backend!r}: give one of {known}, or none")
    if backend == "lazy" and dynamic_scalars:
        raise ValueError("autojit has no dynamic_scalars with backend='lazy': pass arrays instead")
    if func is not None and not callable(func):
        raise TypeError(f"autojit compiles a function, not {type(func).__name__}: {func!r}")
    if maxsize < 1:
        raise ValueError(f"autojit keeps at least one compiled version, got maxsize={maxsize}")
    if func is None:
        return functools.partial(
            autojit,
            backend=backend,
            dynamic_scalars=dynamic_scalars,
            maxsize=maxsize,
            compile_options=compile_options,
        )
    options = Options(function_name(func), maxsize, dynamic_scalars, dict(compile_options or {}))
    dispatcher = Dispatcher(func, options, backend)
    call: Any = functools.update_wrapper(dispatcher.caller(), func)
    if not hasattr(func, "__name__"):  # a partial, or an object that is called
        call.__name__ = call.__qualname__ = options.name
    call.clear_cache = dispatcher.clear_cache
    call.lower = dispatcher.lower
    return call
