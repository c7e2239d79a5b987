"""Functions that tests on lazy libraries call compiled, or without computing graphs."""

from __future__ import annotations

import inspect
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

from core._private.patching import patched
from core.autojit.arguments import array_libraries
from core.autojit.flattening import with_listed_items
from core.backends import Backend
from core.lazy_apply.call import function_name
from core.testing.code_replacement import ReplacedCode, copy_function
from core.testing.reference_search import (
    Reference,
    Wrapper,
    Wrappers,
    references_in,
    references_in_modules,
    references_replaced,
)
from core.testing.untagged_references import untagged_references

_UNLIMITED = 2**63
_UNSET: Any = object()


@dataclass(frozen=True, slots=True)
class LazyOptions:
    """The options of `lazy_xp_function` for one function."""

    allow_dask_compute: bool | int = False
    jax_jit: bool = True
    torch_compile: bool = False

    def mode(self, backend: Backend) -> str:
        """Return the mode in which tests on `backend` call the function."""
        keyword = backend.mode_keywords.get("jit")
        if keyword is not None and getattr(self, keyword.name, None) == keyword.works:
            return "jit"
        return "lazy" if "lazy" in backend.modes else "eager"

    def transform(self, function: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
        """Return what tests with arrays of `backend` call instead of `function`."""
        if self.mode(backend) == "jit":
            return _compile(function, backend)
        limited = self.allow_dask_compute is not True
        limit = int(self.allow_dask_compute) if limited else _UNLIMITED
        return _limit_computes(function, backend, limit)


class LazyFunction:
    """A callable that is transformed while a test runs on a lazy library.

    If such functions call each other, only the outermost call is transformed: inside of it, arrays
    are traced and computations are counted already.

    Parameters
    ----------
    original : callable
        The callable itself, which is not transformed.
    options : LazyOptions
        How to transform it.
    replacement : callable, optional
        Takes a callable and returns a context in which it is called instead of the original. If
        the original cannot be replaced like this, all references to it are replaced by `wrapper`.
    """

    def __init__(
        self,
        original: Callable[..., Any],
        options: LazyOptions,
        replacement: Callable[[Callable[..., Any]], AbstractContextManager[None]] | None = None,
    ) -> None:
        self.original = original
        self.options = options
        self.wrapper = Wrapper(original, self._call)
        self.replaced = replacement(self._call) if replacement is not None else None
        self._transformed: Callable[..., Any] | None = None
        self._backend: Backend | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Call the function in its lazy or compiled form."""
        if self.replaced is not None:
            self.replaced.__enter__()

    def __exit__(self, *error: Any) -> None:
        """Restore the original and discard what was compiled."""
        if self.replaced is not None:
            self.replaced.__exit__(*error)
        self._backend = self._transformed = None

    def on(self, backend: Backend) -> LazyFunction:
        """Return the context in which calls are transformed for `backend`."""
        self._backend = backend
        return self

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if self._backend is None or getattr(_thread, "in_lazy_call", False):
            return self.original(*args, **kwargs)
        with self._lock:
            if self._transformed is None:
                self._transformed = self.options.transform(self.original, self._backend)
            transformed = self._transformed
        _thread.in_lazy_call = True
        try:
            return transformed(*args, **kwargs)
        finally:
            _thread.in_lazy_call = False


_thread = threading.local()
_lazy_functions: dict[tuple[int | str, ...], tuple[Any, LazyFunction]] = {}
"""By the ids of tagged functions, or of classes with method names; keeps both alive."""


def lazy_xp_function(
    func: Any,
    *,
    allow_dask_compute: bool | int = False,
    jax_jit: bool = True,
    torch_compile: bool = False,
    static_argnums: Any = _UNSET,
    static_argnames: Any = _UNSET,
) -> None:
    """Tag a function, so that tests on lazy libraries call it as their users do.

    In every test that uses the fixture ``xp``, the function is compiled with `core.autojit` if its
    arrays are JAX arrays, and must not compute graphs if they are Dask arrays. This holds for all
    references to the function, not only for its name in the test's module.

    Parameters
    ----------
    func : callable or tuple of (class, str)
        A function, a method by its class and its name, a ufunc or any other callable.
    allow_dask_compute : bool or int
        Whether a call may compute graphs, or how many. Graphs in the result are computed when the
        call returns, so that their errors and warnings appear there; they are not counted.
    jax_jit : bool
        Whether to call the function inside ``jax.jit``.
    torch_compile : bool
        Whether to call the function inside ``torch.compile``, which must produce one graph.
    static_argnums, static_argnames
        Deprecated and ignored: all arguments that are not arrays are static.

    Raises
    ------
    TypeError
        If `func` is not callable, is a class, or is not a method of its class.

    See Also
    --------
    core.testing.make_test_case : Tag functions with the options that they declare.

    Notes
    -----
    The code of a Python function is replaced until the test ends, so the function is transformed
    through any reference to it. Of other callables (ufuncs, multimethods, functions written in C)
    the references are replaced: attributes of imported modules, and references in the test's
    module, parameters and fixtures, also inside lists, tuples, sets, dicts, partial functions,
    closures and objects of its classes. References in C extensions and in objects
    of other modules are not found.

    If tagged functions call each other, only the outermost call is transformed. If a function that
    is not tagged calls a tagged one, that call is transformed.

    There are three ways to call a function without its tag: with `untransformed`; as an attribute
    of a class in the test's module; and, if this module defines a list ``lazy_xp_modules``, as an
    attribute of a module that is not in the list. The last two work as in ``array_api_extra``.

    An iterator that a function returns is replaced by one over a list of its items, which are
    computed as part of the call.

    Examples
    --------
    >>> from core.testing import lazy_xp_function
    >>> def scale(x, factor=2):
    ...     return x * factor
    >>> lazy_xp_function(scale)
    """
    for name, value in (("static_argnums", static_argnums), ("static_argnames", static_argnames)):
        if value is not _UNSET:
            warnings.warn(
                f"the parameter {name} of lazy_xp_function is deprecated and ignored: all "
                "arguments that are not arrays are static",
                DeprecationWarning,
                stacklevel=2,
            )
    options = LazyOptions(allow_dask_compute, jax_jit, torch_compile)
    if isinstance(func, MethodType):
        owner = func.__self__ if isinstance(func.__self__, type) else type(func.__self__)
        func = (owner, func.__name__)
    if isinstance(func, tuple):
        cls, name = func
        _lazy_functions[id(cls), name] = (cls, _lazy_method(cls, name, options))
        return
    if isinstance(func, type):
        raise TypeError(f"tag methods of {func.__name__}, such as ({func.__name__}, 'method')")
    if not callable(func):
        raise TypeError(f"lazy_xp_function expects a callable, got {func!r}")
    if isinstance(func, FunctionType):
        tagged = _lazy_functions.get((id(func),))
        # The code of a function that is tagged already may be replaced at the moment.
        original = tagged[1].original if tagged else copy_function(func)
        lazy_function = LazyFunction(original, options, partial(ReplacedCode, func))
    else:
        lazy_function = LazyFunction(func, options)
    _lazy_functions[(id(func),)] = (func, lazy_function)


def untransformed(func: Any) -> Any:
    """Return a tagged function as it was, to call it in a test without its tag.

    Parameters
    ----------
    func : callable or tuple of (class, str)
        A function or method; without a tag, it is returned itself.

    Examples
    --------
    >>> from core.testing import lazy_xp_function, untransformed
    >>> def scale(x, factor=2):
    ...     return x * factor
    >>> lazy_xp_function(scale)
    >>> untransformed(scale)(3)
    6
    """
    if isinstance(func, Wrapper):
        return func.__wrapped__
    key = (id(func[0]), func[1]) if isinstance(func, tuple) else (id(func),)
    tagged = _lazy_functions.get(key)
    if tagged is not None:
        return tagged[1].original
    return getattr(*func) if isinstance(func, tuple) else func


def _lazy_method(cls: type, name: str, options: LazyOptions) -> LazyFunction:
    """Return the lazy function for a method; an inherited one is replaced in `cls` only."""
    attribute = inspect.getattr_static(cls, name, None)
    kind = type(attribute) if isinstance(attribute, staticmethod | classmethod) else None
    function = (
        attribute.__func__ if isinstance(attribute, staticmethod | classmethod) else attribute
    )
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"{cls.__name__} has no method {name!r}")
    if isinstance(function, FunctionType):
        if name in vars(cls):
            return LazyFunction(copy_function(function), options, partial(ReplacedCode, function))
        function = copy_function(function)

    def replaced_method(replacement: Callable[..., Any]) -> patched:
        def method(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return replacement(*args, **kwargs)

        return patched(cls, **{name: method if kind is None else kind(method)})

    return LazyFunction(function, options, replaced_method)


@contextmanager
def lazy_functions_transformed(
    backend: Backend, module: ModuleType, params: dict[str, Any]
) -> Iterator[Wrappers]:
    """Transform all tagged functions for `backend` inside the context.

    Parameters
    ----------
    backend : Backend
        The array library that the test runs on.
    module : module
        The test's module.
    params : dict
        The test's parameters.

    Yields
    ------
    mapping of int to Wrapper
        The wrappers of functions whose references have to be replaced, for `references_in`.
    """
    tagged = [pair for pair in _lazy_functions.values() if pair[1].options.mode(backend) != "eager"]
    lazy_functions = [one for _, one in tagged]
    wrappers = {id(one.original): one.wrapper for one in lazy_functions if one.replaced is None}
    with ExitStack() as stack:
        for one in lazy_functions:
            stack.enter_context(one.on(backend))
        if wrappers:
            name = module.__name__
            stack.enter_context(references_replaced(_cached_references_in_modules(wrappers)))
            listed = map(vars, getattr(module, "lazy_xp_modules", ()))
            for root in (vars(module), params, *listed):
                found = references_in(root, wrappers, name)
                stack.enter_context(references_replaced(found))
        if tagged:
            originals = {id(function): one.original for function, one in tagged}
            originals |= {id(one.wrapper): one.original for one in lazy_functions}
            stack.enter_context(references_replaced(untagged_references(module, originals)))
        yield wrappers


_references: dict[tuple[int, ...], list[Reference]] = {}


def _cached_references_in_modules(wrappers: Wrappers) -> list[Reference]:
    """Return the references in modules; the search takes about a tenth of a second."""
    key = tuple(id(wrapper) for wrapper in wrappers.values())
    if key not in _references:
        _references.clear()
        _references[key] = references_in_modules(wrappers)
    return _references[key]


def _compile(function: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
    """Return the compiled function; it is not compiled for arrays of other libraries."""
    compiled = backend.transform("jit", function)

    def call(*args: Any, **kwargs: Any) -> Any:
        libraries = array_libraries(args, kwargs)
        if libraries and backend.name not in libraries:
            return function(*args, **kwargs)
        return compiled(*args, **kwargs)

    return call


def _limit_computes(
    function: Callable[..., Any], backend: Backend, limit: int
) -> Callable[..., Any]:
    """Return the function with a limit on the number of computed graphs in each call."""
    name = function_name(function)

    def call(*args: Any, **kwargs: Any) -> Any:
        with backend.computes_limited(limit, name):
            result = with_listed_items(function(*args, **kwargs))
        return backend.settled(result)

    return call
