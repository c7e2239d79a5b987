"""References through which a test calls tagged functions without their tag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from core.testing.reference_search import Reference


def untagged_references(
    module: ModuleType, originals: Mapping[int, Callable[..., Any]]
) -> list[Reference]:
    """Return the references that refer to functions without their tag while a test runs.

    These are the attributes of classes of the test's module and, if this defines a list
    ``lazy_xp_modules``, those of all modules that it refers to and that are not in the list.

    Parameters
    ----------
    module : module
        The test's module.
    originals : mapping of int to callable
        By the ids of tagged functions, the functions without their tag.
    """
    found = []
    for namespace in _namespaces(module):
        for name, value in list(vars(namespace).items()):
            is_static = isinstance(value, staticmethod)
            original = originals.get(id(value.__func__ if is_static else value))
            if original is not None:
                replacement = staticmethod(original) if is_static else original
                found.append(Reference(partial(setattr, namespace, name), value, replacement))
    return found


def _namespaces(module: ModuleType) -> Iterator[ModuleType | type]:
    """Yield classes and modules that a test uses to call functions without their tag."""
    names = vars(module)
    listed = names.get("lazy_xp_modules")
    for value in {id(value): value for value in names.values()}.values():
        if isinstance(value, type):
            if value.__module__ == module.__name__:
                yield value
        elif (
            isinstance(value, ModuleType)
            and listed is not None
            and not any(value is other for other in (module, *listed))
        ):
            yield value
