"""Modules and classes whose functions a measured function may replace."""

from __future__ import annotations

import builtins
import functools
import operator
import sys
import warnings
from abc import ABCMeta
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from sphinx_xpcaps._private.numpy import implementation

_ENGINE = ("core", "sphinx_xpcaps", "msgspec", "array_api_compat")
"""Packages that measuring itself relies on."""
_WHOLE = frozenset({*sys.stdlib_module_names, *_ENGINE, np.__name__})
"""Packages of which all loaded modules are compared."""
_WITH_CONSTANTS = frozenset({np.__name__, "math", "cmath"})
"""Modules whose public constants are compared, as those of array libraries are."""
_PLAIN = (bool, int, float, str, bytes, tuple, type(None))
_MISSING = object()
_METACLASSES = (type, ABCMeta)
_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8
"""Flags of classes."""
_CODE, _DEFAULTS = operator.attrgetter("__code__"), operator.attrgetter("__defaults__")
_CACHED = type(functools.cache(len))


class Namespaces:
    """The functions, classes and modules in some modules and classes.

    New names in modules are allowed, since importing a submodule adds one. Of functions that are
    written in Python, the code and the default values of parameters are compared as well.

    Parameters
    ----------
    modules : iterable of str
        Names of packages. Of these, loaded modules and their direct submodules are compared, in
        addition to all modules of NumPy, the standard library and this project.
    classes : iterable of type
        Classes whose methods are compared, in addition to those that the modules of NumPy, the
        standard library and this project define.
    """

    def __init__(self, modules: Iterable[str], classes: Iterable[type] = ()) -> None:
        self._builtins = dict(vars(builtins))
        libraries = frozenset(modules)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # looking at deprecated names warns
            constants = libraries | _WITH_CONSTANTS
            self._owners = [
                _Owner(
                    module,
                    _is_code_or_public_constant if module.__name__ in constants else _is_code,
                )
                for module in dict.fromkeys(_loaded(libraries))
            ]
            self._add_classes(_WHOLE)
            self._owners += [_Owner(cls, _is_code, allow_new=False) for cls in set(classes)]
        self._functions = _Functions(self._owners)
        self._all_modules = sys.modules
        self._modules = dict(sys.modules)

    def accept_import(self, package: str) -> list[str]:
        """Expect what importing modules of a package has changed; return the names of that.

        From now on the loaded modules of the package are compared as well, with their constants.
        """
        accepted = [change.description for change in self._changes() if not change.of_module]
        if accepted:
            self._owners = [owner.again() for owner in self._owners]
        known = {id(owner.of) for owner in self._owners}
        for name, module in list(sys.modules.items()):
            if (
                name.partition(".")[0] == package
                and type(module) is ModuleType
                and id(module) not in known
            ):
                self._owners.append(_Owner(module, _is_code_or_constant))
        self._add_classes(frozenset({package}))
        self._functions = _Functions(self._owners)
        self.update()
        return accepted

    def _add_classes(self, packages: frozenset[str]) -> None:
        """Compare the classes that are defined in these packages and are in compared modules."""
        known = {id(owner.of) for owner in self._owners}
        classes = {
            id(value): value
            for owner in self._owners
            for value in owner.values
            if type(value) in _METACLASSES
            and _is_mutable(value)
            and str(value.__module__).partition(".")[0] in packages
        }
        self._owners += [_Owner(cls, _is_code) for i, cls in classes.items() if i not in known]

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
        return [
            *(["sys.modules"] if sys.modules is not self._all_modules else []),
            *(change.description for change in self._changes()),
            *self._functions.changed(),
        ]

    def restore(self) -> list[str]:
        """Restore what was removed or replaced; return the names of what cannot be restored."""
        failed = []
        sys.modules = self._all_modules
        self._functions.restore()
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

    def _are_owners_unchanged(self) -> bool:
        """Return whether no name has another value, without a loop in Python.

        There are tens of thousands of names.
        """
        found = map(map, (owner.get for owner in self._owners), (o.names for o in self._owners))
        expected = chain.from_iterable(owner.values for owner in self._owners)
        return all(map(operator.is_, chain.from_iterable(found), expected)) and not any(
            owner.has_new_names() for owner in self._owners
        )

    def _changes(self) -> Iterator[_Change]:
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                yield _Change(sys.modules, name, module)
        for name in sys.modules.keys() - self._modules.keys():
            if _is_fake(name, sys.modules[name]):
                yield _Change(sys.modules, name, _MISSING)
        if not self._are_owners_unchanged():
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
    """A module or class with the values of its names.

    Parameters
    ----------
    of : module or type
        The module or class.
    included : callable
        Returns whether a name with its value is compared.
    allow_new : bool
        Whether new names are allowed.
    """

    def __init__(
        self, of: Any, included: Callable[[str, Any], bool], *, allow_new: bool = True
    ) -> None:
        self.of = of
        self._included = included
        items = [item for item in list(vars(of).items()) if included(*item)]
        self.get = vars(of).get
        self.names = [name for name, _ in items]
        self.values = [value for _, value in items]
        self._all_names = None if allow_new else frozenset(vars(of))

    def again(self) -> _Owner:
        """Return the same with the present values."""
        return _Owner(self.of, self._included, allow_new=self._all_names is None)

    def has_new_names(self) -> bool:
        """Return whether there are new names that are not allowed."""
        return self._all_names is not None and len(vars(self.of)) != len(self._all_names)

    def changes(self) -> Iterator[_Change]:
        """Yield each change."""
        for name, value in zip(self.names, self.values, strict=True):
            if self.get(name) is not value:
                yield _Change(self.of, name, value)
        if self._all_names is not None:
            for name in vars(self.of).keys() - self._all_names:
                yield _Change(self.of, name, _MISSING)


class _Functions:
    """The code and default values of the functions in modules and classes."""

    def __init__(self, owners: Iterable[_Owner]) -> None:
        found = {
            id(function): function
            for owner in owners
            for value in owner.values
            if isinstance(function := _inner(value), FunctionType)
        }
        self._functions = list(found.values())
        self._code = [function.__code__ for function in self._functions]
        self._defaults = [function.__defaults__ for function in self._functions]

    def changed(self) -> list[str]:
        """Return the names of functions that were changed in place."""
        functions = self._functions
        if all(map(operator.is_, map(_CODE, functions), self._code)) and all(
            map(operator.is_, map(_DEFAULTS, functions), self._defaults)
        ):
            return []
        return [
            f"{function.__module__}.{function.__qualname__}"
            for function, code, defaults in self._all()
            if function.__code__ is not code or function.__defaults__ is not defaults
        ]

    def restore(self) -> None:
        """Restore all functions."""
        for function, code, defaults in self._all():
            if function.__code__ is not code:
                function.__code__ = code
            if function.__defaults__ is not defaults:
                function.__defaults__ = defaults

    def _all(self) -> Iterable[tuple[FunctionType, CodeType, tuple[Any, ...] | None]]:
        return zip(self._functions, self._code, self._defaults, strict=True)


def _inner(value: Any) -> Any:
    """Return the function that NumPy or a decorator of the standard library wraps."""
    value = implementation(value)
    if isinstance(value, staticmethod | classmethod | _CACHED):
        return value.__wrapped__
    return value.fget if isinstance(value, property) else value


def _is_code(_: str, value: Any) -> bool:
    return callable(value) or isinstance(value, ModuleType | property | classmethod)


def _is_code_or_constant(name: str, value: Any) -> bool:
    return _is_code(name, value) or (isinstance(value, _PLAIN) and not name.startswith("__"))


def _is_code_or_public_constant(name: str, value: Any) -> bool:
    return _is_code(name, value) or (isinstance(value, _PLAIN) and not name.startswith("_"))


def _is_mutable(cls: type) -> bool:
    """Return whether attributes of a class can be set."""
    return bool(cls.__flags__ & _HEAP_TYPE) and not cls.__flags__ & _IMMUTABLE_TYPE


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
