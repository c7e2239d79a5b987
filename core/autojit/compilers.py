"""The compilers of `autojit`: those that adapters of array libraries name, and `core.lazy`."""

from __future__ import annotations

from pkgutil import resolve_name

from core._private.torch import mark_constant
from core.autojit.compiled import CompiledFunction
from core.backends import Backend, backends

_LAZY = ("lazy", "core.autojit.lazy:LazyFunction")
"""The compiler that is chosen by name only, as it takes arrays of any library."""

COMPILERS: dict[str, type[CompiledFunction]] = {}
"""The compilers that were loaded so far, by name."""


def compiler_names() -> list[str]:
    """Return the values that ``backend=`` takes, the preferred libraries first."""
    compiling = [backend for backend in backends().values() if backend.compiler is not None]
    return [*(backend.name for backend in sorted(compiling, key=_rank)), _LAZY[0]]


@mark_constant
def preferred_compiler(libraries: tuple[str, ...]) -> str:
    """Return which of some libraries compiles, and load its compiler; "" if none does."""
    adapters = backends()
    preferred = None
    for library in libraries:
        backend = adapters.get(library)
        if backend is None or backend.compiler is None or backend is preferred:
            continue
        if preferred is None or _rank(backend) < _rank(preferred):
            preferred = backend
    if preferred is None:
        return ""
    load_compiler(preferred.name)
    return preferred.name


def _rank(backend: Backend) -> tuple[int, str]:
    return -backend.compiler_priority, backend.name


def load_compiler(name: str) -> type[CompiledFunction]:
    """Return the class of compiled functions called `name`, imported on first use.

    Raises
    ------
    TypeError
        What the adapter names is not such a class.
    """
    if name not in COMPILERS:
        reference = _LAZY[1] if name == _LAZY[0] else backends()[name].compiler
        assert reference is not None
        cls = resolve_name(reference)
        if not (isinstance(cls, type) and issubclass(cls, CompiledFunction)):
            raise TypeError(f"{reference} is not a subclass of {CompiledFunction.__name__}")
        COMPILERS[name] = cls
    return COMPILERS[name]
