"""The compilers of `autojit`: those that adapters of array libraries name, and `core.lazy`."""

from __future__ import annotations

from pkgutil import resolve_name

from core._private.torch import mark_constant
from core.autojit.compiled import CompiledFunction
from core.backends.registry import backends

_LAZY = ("lazy", "core.autojit.lazy:LazyFunction")
"""The compiler that is chosen by name only, as it takes arrays of any library."""


COMPILERS: dict[str, type[CompiledFunction]] = {}
"""The compilers that were loaded so far, by name."""


def compiler_names() -> list[str]:
    """Return the values that ``backend=`` takes, the preferred libraries first."""
    compiling = [backend for backend in backends().values() if backend.compiler is not None]
    compiling.sort(key=lambda backend: -backend.compiler_priority)
    return [*(backend.name for backend in compiling), _LAZY[0]]


@mark_constant
def preferred_compiler(libraries: tuple[str, ...]) -> str:
    """Return which of some libraries compiles, and load its compiler; "" if none does."""
    found = [
        backend
        for name, backend in backends().items()
        if name in libraries and backend.compiler is not None
    ]
    if not found:
        return ""
    name = max(found, key=lambda backend: backend.compiler_priority).name
    load_compiler(name)
    return name


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
