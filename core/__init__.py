"""Array tools: `lazy_apply`, `autojit`, tracing, adapters of array libraries, and test helpers.

Importing this package imports no array library. The functions are imported when they are first
used, so that `core.notes` and `core.backends` can be used without them.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.autojit import autojit
    from core.lazy.tracing import trace
    from core.lazy_apply import lazy_apply

__all__ = ["autojit", "lazy_apply", "trace"]

_MODULE_OF = {
    "autojit": "core.autojit",
    "lazy_apply": "core.lazy_apply",
    "trace": "core.lazy.tracing",
}
_PACKAGES = ("backends", "lazy", "notes")


class _Core(ModuleType):
    """The package `core`, some of whose functions are called like packages inside it."""

    def __getattr__(self, name: str) -> Any:
        if name in _MODULE_OF:
            found = getattr(import_module(_MODULE_OF[name]), name)
            setattr(self, name, found)
            return found
        if name in _PACKAGES:
            return import_module(f"core.{name}")
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        # After the import of a package, Python would replace the function of the same name.
        if name not in _MODULE_OF or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Core
