"""The public function, also a decorator."""

from __future__ import annotations

import functools
import inspect
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
    """Compile a function without naming its static arguments.

    Arrays in the arguments are traced: positional and keyword arguments, and those inside tuples,
    lists, dicts, sets, named tuples, dataclasses and objects of any class. Everything else is
    static: `func` gets Python's ``1``, ``"mode"`` or ``None`` as they are, and is compiled again
    when one changes. Results may contain static values around arrays too.

    Parameters
    ----------
    func : callable, optional
        The function to compile. If omitted, return a decorator with these options:
        ``@autojit(backend="jax")``.
    backend : {"jax", "torch", "lazy"}, optional
        The compiler: ``jax.jit``, ``torch.compile``, or `core.lazy`, which takes arrays of any
        library and is useful for NumPy's. Default: that of the arrays in each call's arguments; a
        call without JAX arrays and PyTorch tensors calls `func` itself. Adapters of other array
        libraries may add compilers.
    dynamic_scalars : bool, optional
        Trace floating-point and complex numbers too, so that a new value does not compile a new
        version. Under JAX, `func` gets 0-dimensional arrays for them. Numbers whose values `func`
        needs become static again.
    maxsize : int, optional
        How many versions with different static arguments are kept. The oldest is removed first.
    compile_options : mapping, optional
        Keyword arguments for :func:`torch.compile`, such as ``{"backend": "aot_eager"}``.

    Returns
    -------
    callable
        It has the name and the docstring of `func`, and two methods: ``clear_cache()`` forgets
        every compiled version; ``lower(*args, **kwargs)`` returns the result of
        ``jax.jit(func).lower`` for arguments with JAX arrays, and with ``backend="lazy"`` the
        `core.lazy.Trace` of the arrays.

    Warns
    -----
    RuntimeWarning
        The changing value of an argument, a number or a NumPy array, has compiled many versions.
        Once for each argument.

    Raises
    ------
    TypeError
        `func` is not callable, is asynchronous, or returns a coroutine.
    ValueError
        `backend` is unknown, `maxsize` is less than 1, or `dynamic_scalars` is used with
        ``backend="lazy"``, where traced numbers would not be as weakly typed as Python's.

    See Also
    --------
    lazy_apply : Call a function that cannot be compiled from one that is compiled.
    trace : The graph of one call.

    Notes
    -----
    Under JAX, `func` gets containers and objects rebuilt around traced arrays: the caller does not
    see changes that `func` makes to them, and results are never the arguments themselves. Static
    arguments are compared by content. Objects without known contents, such as functions, generators
    and locks, are compared by identity and not kept alive.

    Under PyTorch, ``torch.compile`` flattens and rebuilds arguments and results itself, may break
    the graph, and lets `func` change its arguments.

    Under ``"lazy"``, `func` takes its operations from ``x.__array_namespace__()``. It is traced
    once for each library, shape and dtype of the arrays. A call runs the graph without unused
    results, computes equal operations once, and computes chains of operations on large arrays block
    by block. Results that do not depend on the arguments are computed once; do not modify them.

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
    if backend is not None and backend not in compiler_names():
        known = ", ".join(map(repr, compiler_names()))
        raise ValueError(f"autojit has no backend {backend!r}: use {known} or None")
    if backend == "lazy" and dynamic_scalars:
        raise ValueError("backend='lazy' does not support dynamic_scalars: pass arrays instead")
    if func is not None and not callable(func):
        raise TypeError(f"autojit compiles a function, not {type(func).__name__}: {func!r}")
    if func is not None and _is_async(func):
        raise TypeError(
            f"autojit cannot compile the asynchronous function {function_name(func)}: move the "
            "computation into a function without await, and compile that"
        )
    if maxsize < 1:
        raise ValueError(f"maxsize must be at least 1, got {maxsize}")
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
    if not hasattr(func, "__name__"):  # a partial, or an object with `__call__`
        call.__name__ = call.__qualname__ = options.name
    call.clear_cache = dispatcher.clear_cache
    call.lower = dispatcher.lower
    return call


def _is_async(func: Callable[..., Any]) -> bool:
    """Return whether a call of `func` returns a coroutine or an asynchronous generator."""
    while isinstance(func, functools.partial):
        func = func.func
    functions = [func] if inspect.isroutine(func) else [func, type(func).__call__]
    return any(inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f) for f in functions)
