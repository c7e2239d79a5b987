"""Tagged functions, and what is called in their stead while a test runs on a lazy library."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any

from core.autojit.codec import Codec
from core.autojit.compiled import described
from core.backends import Backend
from core.backends.registry import library_of
from core.lazy_apply.call import function_name
from core.testing.references import StandIn, StandIns, edited, held_by, in_modules
from core.testing.swap import InPlace, ReplacedAttribute, copied

_UNLIMITED = 2**63

Context = InPlace | ReplacedAttribute


@dataclass(frozen=True, slots=True)
class Tags:
    """What `lazy_xp_function` was told about a function."""

    allow_dask_compute: bool | int = False
    jax_jit: bool = True
    torch_compile: bool = False

    def mode(self, backend: Backend) -> str:
        """Return the mode in which tests on `backend` call the function."""
        if {"jax": self.jax_jit, "torch": self.torch_compile}.get(backend.name, False):
            return "jit"
        return "lazy" if "lazy" in backend.modes else "eager"

    def transformed(self, function: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
        """Return what is called instead of `function` where arrays are those of `backend`."""
        if self.mode(backend) == "jit":
            return _compiled(function, backend)
        most = _UNLIMITED if self.allow_dask_compute is True else int(self.allow_dask_compute)
        return _limited(function, backend, most)


class Tagged:
    """A tagged callable: called as it is, or transformed while a test is on a lazy library.

    Of calls of tagged functions inside each other, only the outermost is transformed: inside of it
    arrays are traced already, and computes are counted.

    Parameters
    ----------
    original : callable
        What does the work.
    tags : Tags
        How to transform it.
    replace : callable or None
        Takes what is called instead and returns the context in which that is so. None where it
        cannot be replaced in place, and all who hold it get the stand-in.
    """

    def __init__(
        self,
        original: Callable[..., Any],
        tags: Tags,
        replace: Callable[[Callable[..., Any]], Context] | None,
    ) -> None:
        self.original = original
        self.tags = tags
        self.stand_in = StandIn(original, self._call)
        self.replaced = replace(self._call) if replace is not None else None
        self._instead: Callable[..., Any] | None = None
        self._backend: Backend | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Be called in place of the original."""
        if self.replaced is not None:
            self.replaced.__enter__()

    def __exit__(self, *error: Any) -> None:
        """Be as before; nothing compiled is kept."""
        if self.replaced is not None:
            self.replaced.__exit__(*error)
        self._backend = self._instead = None

    def on(self, backend: Backend) -> Tagged:
        """Return the context in which this is transformed for `backend`."""
        self._backend = backend
        return self

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if self._backend is None or getattr(_inside, "call", False):
            return self.original(*args, **kwargs)
        with self._lock:
            if self._instead is None:
                self._instead = self.tags.transformed(self.original, self._backend)
            instead = self._instead
        _inside.call = True
        try:
            return instead(*args, **kwargs)
        finally:
            _inside.call = False


_inside = threading.local()
_tagged: dict[tuple[int | str, ...], tuple[Any, Tagged]] = {}


def lazy_xp_function(
    func: Any,
    *,
    allow_dask_compute: bool | int = False,
    jax_jit: bool = True,
    torch_compile: bool = False,
) -> None:
    """Tag a function, so that tests on lazy libraries call it as their users do.

    In every test that uses the fixture ``xp``, the function is compiled with `core.autojit` where
    arrays are JAX's, and may not compute graphs where they are Dask's. It does not matter by which
    name the test reaches it.

    Parameters
    ----------
    func : callable or tuple of (class, str)
        A function, a method by its class and its name, a ufunc or any other callable.
    allow_dask_compute : bool or int
        Whether a call may compute graphs, or how many. Graphs of the result are computed when the
        call returns, so that their errors and warnings come then; they do not count.
    jax_jit : bool
        Whether to call the function inside ``jax.jit``.
    torch_compile : bool
        Whether to call the function inside ``torch.compile``, which must make one graph of it.

    Raises
    ------
    TypeError
        `func` cannot be called, is a class, or is no method of its class.

    See Also
    --------
    core.testing.make_test_case : Tag functions as they declare.

    Notes
    -----
    A Python function is told what to do in place: until the test ends its code is another, so that
    whoever holds the function calls that. Everything else (ufuncs, multimethods, what is written
    in C) is replaced where it is found: as an attribute of any imported module, and in the test's
    module, parameters and fixtures through lists, tuples, sets, dicts, partial functions, closures
    and objects of classes of the test's module. A copy that only a C extension or an object of
    another module holds is not found.

    Only the outermost of tagged functions that call each other is transformed. A function that is
    not tagged, and calls one that is, calls it transformed.

    Examples
    --------
    >>> from core.testing import lazy_xp_function
    >>> def scale(x, factor=2):
    ...     return x * factor
    >>> lazy_xp_function(scale)
    """
    tags = Tags(allow_dask_compute, jax_jit, torch_compile)
    if isinstance(func, MethodType):
        owner = func.__self__ if isinstance(func.__self__, type) else type(func.__self__)
        func = (owner, func.__name__)
    if isinstance(func, tuple):
        cls, name = func
        _tagged[id(cls), name] = (cls, _tagged_method(cls, name, tags))
        return
    if isinstance(func, type):
        raise TypeError(f"tag methods of {func.__name__}, such as ({func.__name__}, 'method')")
    if not callable(func):
        raise TypeError(f"lazy_xp_function takes a callable, not {func!r}")
    if isinstance(func, FunctionType):
        before = _tagged.get((id(func),))
        original = before[1].original if before else copied(func)  # it may be replaced right now
        tagged = Tagged(original, tags, lambda instead: InPlace(func, instead))
    else:
        tagged = Tagged(func, tags, None)
    _tagged[(id(func),)] = (func, tagged)


def _tagged_method(cls: type, name: str, tags: Tags) -> Tagged:
    """Tag a method; an inherited one is that of `cls` alone."""
    held = inspect.getattr_static(cls, name, None)
    kind = type(held) if isinstance(held, staticmethod | classmethod) else None
    function = held.__func__ if isinstance(held, staticmethod | classmethod) else held
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"{cls.__name__} has no method {name!r}")
    if isinstance(function, FunctionType):
        if name in vars(cls):
            own = function
            return Tagged(copied(function), tags, lambda instead: InPlace(own, instead))
        function = copied(function)

    def replace(instead: Callable[..., Any]) -> Context:
        def method(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return instead(*args, **kwargs)

        return ReplacedAttribute(cls, name, method if kind is None else kind(method))

    return Tagged(function, tags, replace)


@contextmanager
def lazy_functions(backend: Backend, module: Any, params: dict[str, Any]) -> Iterator[StandIns]:
    """Transform all tagged functions for `backend` inside the context.

    Parameters
    ----------
    backend : Backend
        Whose arrays the test has.
    module : module
        The test's.
    params : dict
        The test's parameters.

    Yields
    ------
    mapping
        What stands in for functions that are not replaced in place, for `held_by`.
    """
    tagged = [one for _, one in _tagged.values() if one.tags.mode(backend) != "eager"]
    stand_ins = {id(one.original): one.stand_in for one in tagged if one.replaced is None}
    with ExitStack() as stack:
        for one in tagged:
            stack.enter_context(one.on(backend))
        if stand_ins:
            home = module.__name__
            stack.enter_context(edited(_in_modules(stand_ins)))
            stack.enter_context(edited(held_by(vars(module), stand_ins, home)))
            stack.enter_context(edited(held_by(params, stand_ins, home)))
        yield stand_ins


_found: dict[tuple[int, ...], Any] = {}


def _in_modules(stand_ins: StandIns) -> Any:
    """Return the edits of modules; looking through all of them takes a tenth of a second."""
    key = tuple(id(stand_in) for stand_in in stand_ins.values())
    if key not in _found:
        _found.clear()
        _found[key] = in_modules(stand_ins)
    return _found[key]


def _compiled(function: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
    """Return the compiled function; calls with arrays of other libraries alone are left alone."""
    compiled = backend.transform("jit", function)

    def call(*args: Any, **kwargs: Any) -> Any:
        _, arrays = described(_ARRAYS, args, kwargs)
        libraries = {library_of(type(x)) for x in arrays}
        if libraries and backend.name not in libraries:
            return function(*args, **kwargs)
        return compiled(*args, **kwargs)

    return call


def _limited(function: Callable[..., Any], backend: Backend, most: int) -> Callable[..., Any]:
    """Return the function with at most so many computed graphs per call."""
    allowed = f"at most {most}" if most else "none"
    message = (
        f"{function_name(function)} computes a graph, and {allowed} may be computed in a call: "
        f"keep it lazy, or tag it with allow_dask_compute={most + 1}"
    )

    def call(*args: Any, **kwargs: Any) -> Any:
        with backend.computes_limited(most, message):
            result = function(*args, **kwargs)
        return backend.settled(result)

    return call


class _Nothing:
    """A type that nothing has."""


_ARRAYS = Codec(_Nothing, lambda cls: library_of(cls) != "", scalars=False)
