"""The function and decorator, and how it finds the library that its arguments belong to."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from core.autojit.codec import Codec
from core.lazy_apply.call import function_name
from core.libraries import library_of

_BACKENDS = ("jax", "torch")
"""The libraries that compile; the first one found among the arguments is taken."""

_ARRAYS = Codec(type(None), lambda cls: library_of(cls) != "")


def autojit(
    func: Callable[..., Any] | None = None,
    *,
    backend: str | None = None,
    maxsize: int = 128,
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
    backend : {"jax", "torch"}, optional
        The compiler: ``jax.jit`` or ``torch.compile``. Default: that of the arrays in each call's
        arguments. A call without arrays of JAX or PyTorch is a call of `func`.
    maxsize : int, optional
        For JAX: how many versions are kept that differ in their static arguments. The oldest goes
        first.

    Returns
    -------
    callable
        With the name and the docstring of `func`. Unless `backend` is ``"torch"`` it has two
        methods: ``lower(*args, **kwargs)`` returns what ``jax.jit(func).lower`` does, for the
        arrays alone; ``clear_cache()`` forgets what JAX compiled.

    Raises
    ------
    ValueError
        `backend` is not known, or `maxsize` is not positive.

    See Also
    --------
    lazy_apply : Call a function that cannot be compiled from one that is.

    Notes
    -----
    Under JAX, `func` gets its containers and objects built anew around the traced arrays: what it
    changes in them is not seen by the caller, and results are never the arguments themselves.
    Arguments are told apart by content. What has no known content, such as functions,
    generators and locks, is told apart by identity, and is not kept alive.

    Under PyTorch, ``torch.compile`` itself decides what is static, and may break the graph.

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
    if backend is not None and backend not in _BACKENDS:
        raise ValueError(f"autojit has no backend {backend!r}: give 'jax', 'torch' or none")
    if maxsize < 1:
        raise ValueError(f"autojit keeps at least one compiled version, got maxsize={maxsize}")
    if func is None:
        return functools.partial(autojit, backend=backend, maxsize=maxsize)
    if backend == "torch":
        return _for_torch(func)
    compiled: Any = _for_jax(func, maxsize) if backend == "jax" else Dispatching(func, maxsize)
    call = compiled.call
    functools.update_wrapper(call, func)
    call.lower = compiled.lower
    call.clear_cache = compiled.clear_cache
    return call


def _for_jax(func: Callable[..., Any], maxsize: int) -> Any:
    from core.autojit.jax import JAXFunction

    return JAXFunction(func, function_name(func), maxsize)


def _for_torch(func: Callable[..., Any]) -> Any:
    import torch

    return torch.compile(func)


class Dispatching:
    """A function that is compiled by the library of each call's arrays."""

    def __init__(self, func: Callable[..., Any], maxsize: int) -> None:
        self.func = func
        self.maxsize = maxsize
        self.lock = threading.Lock()
        self.jax: Any = None
        self.torch: Any = None
        self.call = self._caller()

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """Return what ``jax.jit(func).lower`` returns."""
        return self._jax().lower(*args, **kwargs)

    def clear_cache(self) -> None:
        """Forget every version that JAX compiled."""
        self._jax().clear_cache()

    def _jax(self) -> Any:
        with self.lock:
            if self.jax is None:
                self.jax = _for_jax(self.func, self.maxsize)
            return self.jax

    def _torch(self) -> Any:
        with self.lock:
            if self.torch is None:
                self.torch = _for_torch(self.func)
            return self.torch

    def _caller(self) -> Callable[..., Any]:
        """Return what is called: a function, as looking up attributes takes time."""
        runners: dict[type, Callable[..., Any]] = {}
        func = self.func

        def call(*args: Any, **kwargs: Any) -> Any:
            for x in args:
                run = runners.get(type(x))
                if run is not None:
                    return run(*args, **kwargs)
            library = _library(args, kwargs)
            if not library:
                return func(*args, **kwargs)
            run = self._jax().call if library == "jax" else self._torch()
            for x in args:
                if library_of(type(x)) == library:
                    runners[type(x)] = run
            return run(*args, **kwargs)

        return call


def _library(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return the compiling library of the arrays in the arguments, however deep; "" for none."""
    items = (*args, *kwargs.values())
    found = {library_of(type(x)) for x in items}
    if not found.intersection(_BACKENDS):
        leaves: list[Any] = []
        _ARRAYS.write(items, leaves, [], {})
        found = {library_of(type(x)) for x in leaves}
    return next((name for name in _BACKENDS if name in found), "")
