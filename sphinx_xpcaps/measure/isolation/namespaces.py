"""Modules and classes whose functions a measured function may replace."""

from __future__ import annotations

import builtins
import operator
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

_ENGINE = ("core", "sphinx_xpcaps", "msgspec", "array_api_compat")
"""Packages that measuring itself relies on."""
_WHOLE = frozenset({*sys.stdlib_module_names, *_ENGINE, np.__name__})
"""Packages of which all loaded modules are compared."""
_PLAIN = (bool, int, float, str, bytes, tuple, type(None))
_MISSING = object()


class Namespaces:
    """The functions, classes and modules in some modules and classes.

    New names in modules are allowed, since importing a submodule adds one.

    Parameters
    ----------
    modules : iterable of str
        Names of packages. Of these, loaded modules and their direct submodules are compared, in
        addition to all modules of NumPy, the standard library and this project.
    classes : iterable of type
        Classes whose methods are compared.
    """

    def __init__(self, modules: Iterable[str], classes: Iterable[type] = ()) -> None:
        self._builtins = dict(vars(builtins))
        owners = [*_loaded(frozenset(modules)), *classes]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # looking at deprecated names warns
            self._owners = [_Owner(owner, _is_code) for owner in dict.fromkeys(owners)]
        self._modules = dict(sys.modules)

    def accept_import(self, package: str) -> list[str]:
        """Expect what importing modules of a package has changed; return the names of that.

        From now on the loaded modules of the package are compared as well, with their constants.
        """
        accepted = [change.description for change in self._changes() if not change.of_module]
        if accepted:
            self._owners = [_Owner(owner.of, owner.included) for owner in self._owners]
        known = {id(owner.of) for owner in self._owners}
        for name, module in list(sys.modules.items()):
            if (
                name.partition(".")[0] == package
                and type(module) is ModuleType
                and id(module) not in known
            ):
                self._owners.append(_Owner(module, _is_code_or_constant))
        self.update()
        return accepted

    def has_new_modules(self) -> bool:
        """Return whether modules were imported since the last comparison."""
        return sys.modules.keys() != self._modules.keys()

    def update(self) -> None:
        """Expect the modules that are loaded now."""
        self._modules = dict(sys.modules)

    def restore_builtins(self) -> list[str]:
        """Restore the built-in functions, without using any; return the names of what changed."""
        present, expected = builtins.__dict__, self._builtins
        changed = [
            f"builtins.{name}"
            for name in {*present, *expected}
            if name != "_" and present.get(name, _MISSING) is not expected.get(name, _MISSING)
        ]
        if changed:
            present.clear()
            present.update(expected)
        return changed

    def changed(self) -> list[str]:
        """Return the names of modules and functions that were removed, replaced or blocked."""
        return [change.description for change in self._changes()]

    def restore(self) -> list[str]:
        """Restore what was removed or replaced; return the names of what cannot be restored."""
        failed = []
        for change in list(self._changes()):
            owner, name, value = change
            try:
                if change.of_module:
                    if value is _MISSING:
                        del sys.modules[name]
                    else:
                        sys.modules[name] = value
                elif value is _MISSING:
                    delattr(owner, name)
                else:
                    setattr(owner, name, value)
            except (AttributeError, TypeError):
                failed.append(change.description)
        return failed

    def _changes(self) -> Iterator[_Change]:
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                yield _Change(sys.modules, name, module)
        for name in sys.modules.keys() - self._modules.keys():
            if _is_fake(name, sys.modules[name]):
                yield _Change(sys.modules, name, _MISSING)
        for owner in self._owners:
            yield from owner.changes()


class _Change(NamedTuple):
    """A name of a module or class, or in ``sys.modules``, with another value than expected."""

    owner: Any
    name: str
    value: Any
    """The expected value, or `_MISSING`."""

    @property
    def of_module(self) -> bool:
        """Whether a whole module was removed, replaced or blocked."""
        return self.owner is sys.modules

    @property
    def description(self) -> str:
        """What was changed, for messages."""
        return f"module {self.name}" if self.of_module else f"{_name(self.owner)}.{self.name}"


class _Owner:
    """A module or class with the values of its names."""

    def __init__(self, of: Any, included: Callable[[str, Any], bool]) -> None:
        self.of = of
        self.included = included
        items = [item for item in list(vars(of).items()) if included(*item)]
        self._names = [name for name, _ in items]
        self._values = [value for _, value in items]
        self._all_names = frozenset(vars(of)) if isinstance(of, type) else frozenset()

    def changes(self) -> Iterator[_Change]:
        """Yield each change."""
        present: Mapping[str, Any] = vars(self.of)
        # The common case without a loop in Python, as there are tens of thousands of names.
        if not all(map(operator.is_, map(present.get, self._names), self._values)):
            for name, value in zip(self._names, self._values, strict=True):
                if present.get(name) is not value:
                    yield _Change(self.of, name, value)
        if self._all_names and len(present) != len(self._all_names):
            for name in present.keys() - self._all_names:
                yield _Change(self.of, name, _MISSING)


def _is_code(_: str, value: Any) -> bool:
    return callable(value) or isinstance(value, ModuleType | property)


def _is_code_or_constant(name: str, value: Any) -> bool:
    return _is_code(name, value) or (isinstance(value, _PLAIN) and not name.startswith("__"))


def _is_fake(name: str, module: Any) -> bool:
    """Return whether an entry of ``sys.modules`` was not made by an import.

    Packages may register modules below their own names in any way.
    """
    if module is None:
        return True
    if "." in name:
        return False
    spec = getattr(module, "__spec__", None)
    return name in sys.stdlib_module_names and getattr(spec, "name", None) != name


def _loaded(packages: frozenset[str]) -> Iterator[ModuleType]:
    """Yield the loaded modules to compare."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and (
            name.partition(".")[0] in _WHOLE
            or name in packages
            or (name.rpartition(".")[0] in packages and not name.rpartition(".")[2].startswith("_"))
        ):
            yield module


def _name(owner: Any) -> str:
    return str(getattr(owner, "__qualname__", None) or owner.__name__)
