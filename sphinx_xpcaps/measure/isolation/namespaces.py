"""Modules and classes whose functions a measured function may replace."""

from __future__ import annotations

import builtins
import math
import os
import random
import sys
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

_STANDARD = (builtins, math, os, random, sys, threading, time, warnings)
_MISSING = object()


class Namespaces:
    """The functions, classes and modules in some modules and classes.

    New names in modules are allowed, apart from builtins, since importing a submodule adds one.

    Parameters
    ----------
    modules : iterable of str
        Names of packages. Of these, loaded modules and their direct submodules are compared.
    classes : iterable of type
        Classes whose methods are compared.
    """

    def __init__(self, modules: Iterable[str], classes: Iterable[type] = ()) -> None:
        owners = [*_STANDARD, *_loaded((np.__name__, *modules)), *classes]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # looking at deprecated names warns
            self._by_owner = [(owner, _functions(owner)) for owner in dict.fromkeys(owners)]
        self._closed = [
            (owner, frozenset(vars(owner)))
            for owner, _ in self._by_owner
            if owner is builtins or isinstance(owner, type)
        ]
        self._modules = dict(sys.modules)

    def changed(self) -> list[str]:
        """Return the names of modules and functions that were removed or replaced."""
        return [description for description, _ in self._changes()]

    def restore(self) -> list[str]:
        """Restore what was removed or replaced; return the names of what cannot be restored."""
        failed = []
        for description, (owner, name, value) in list(self._changes()):
            try:
                if owner is sys.modules:
                    sys.modules[name] = value
                elif value is _MISSING:
                    delattr(owner, name)
                else:
                    setattr(owner, name, value)
            except (AttributeError, TypeError):
                failed.append(description)
        return failed

    def _changes(self) -> Iterator[tuple[str, tuple[Any, str, Any]]]:
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                yield f"module {name}", (sys.modules, name, module)
        for owner, values in self._by_owner:
            present = vars(owner)
            for name, value in values:
                if present.get(name) is not value:
                    yield f"{_name(owner)}.{name}", (owner, name, value)
        for owner, names in self._closed:
            for name in vars(owner).keys() - names - {"_"}:
                yield f"{_name(owner)}.{name}", (owner, name, _MISSING)


def _functions(owner: Any) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, value in list(vars(owner).items())
        if callable(value) or isinstance(value, ModuleType | property)
    ]


def _loaded(packages: Iterable[str]) -> Iterator[ModuleType]:
    """Yield the loaded modules of packages that have at most one part more than the package."""
    wanted = tuple(dict.fromkeys(packages))
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and any(
            name == package or (name.startswith(f"{package}.") and _is_direct(name, package))
            for package in wanted
        ):
            yield module


def _is_direct(name: str, package: str) -> bool:
    rest = name[len(package) + 1 :]
    return "." not in rest and not rest.startswith("_")


def _name(owner: Any) -> str:
    return str(getattr(owner, "__qualname__", None) or owner.__name__)
