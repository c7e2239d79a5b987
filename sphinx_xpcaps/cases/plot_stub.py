"""Replacements for what examples use and may not be available: data sets and plots.

A data set that cannot be downloaded is replaced by made-up data of plausible shape and dtype. A
plotting library that is not installed is replaced by stubs that accept every call.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PLOTTING = ("matplotlib", "mpl_toolkits", "seaborn", "plotly")
_IMAGE = re.compile(r"\bimages?\b|\bpictures?\b|\bphoto", re.IGNORECASE)
_COLOUR = re.compile(r"\bRGB\b|\bcolou?r\b|gray=False|\(\s*\d+,\s*\d+,\s*3\s*\)", re.IGNORECASE)
_ARRAY = re.compile(r"\bnd?array\b|array[-_]like", re.IGNORECASE)


def made_up_data_set(
    function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> NDArray[Any] | None:
    """Return made-up data in place of data that a function could not load.

    Parameters
    ----------
    function : callable
        The function that failed; its docstring describes the data.
    args, kwargs : sequence, dict
        Its arguments.

    Returns
    -------
    ndarray or None
        An image of bytes, shape (64, 64) or (64, 64, 3), or a signal of floats, shape (1000,);
        None if the docstring does not mention a returned array or an argument is an array.
    """
    text = inspect.getdoc(function) or ""
    _, _, returned = text.partition("Returns\n")
    if not _ARRAY.search(returned) or any(isinstance(arg, np.ndarray) for arg in args):
        return None
    t = np.linspace(0.0, 1.0, 1000)
    if not _IMAGE.search(text):
        return np.asarray(np.sin(2 * np.pi * 7 * t) + 0.25 * np.cos(2 * np.pi * 31 * t))
    y, x = np.mgrid[0:64, 0:64]
    gray: NDArray[Any] = 96 + 64 * np.sin(x / 5) * np.cos(y / 9) + (x + y) / 4 + 32 * (x > y)
    gray = gray.astype(np.uint8)
    wants_gray = bool(kwargs.get("gray", False))
    if _COLOUR.search(text) and not wants_gray:
        return np.asarray(np.stack([gray, gray.T, gray[::-1]], axis=-1))
    return gray


def is_plot(thing: object) -> bool:
    """Return whether an object is of a plotting library or is a stub of one."""
    return type(thing).__module__.partition(".")[0] in _PLOTTING or isinstance(thing, PlotStub)


def provide_plots() -> None:
    """Let examples import plotting libraries that are not installed, as stubs."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


def remove_plots() -> None:
    """Undo `provide_plots`, also for the stubs that were imported."""
    finders = [finder for finder in sys.meta_path if isinstance(finder, _Finder)]
    for finder in finders:
        sys.meta_path.remove(finder)
    if finders:
        for name, module in list(sys.modules.items()):
            if isinstance(getattr(getattr(module, "__spec__", None), "loader", None), _Finder):
                del sys.modules[name]


class PlotStub:
    """Object that accepts every call, attribute and index, and does nothing."""

    def __call__(self, *args: Any, **kwargs: Any) -> PlotStub:
        return self

    def __getattr__(self, name: str) -> PlotStub:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: object) -> PlotStub:
        return self

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __enter__(self) -> PlotStub:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __iter__(self) -> Any:
        return iter(())


def unpacked(value: Any, shape: Any) -> Any:
    """Return `value`, or a tuple of stubs for an assignment that unpacks a `PlotStub`.

    Parameters
    ----------
    value : object
        The right side of an assignment.
    shape : tuple
        Nested tuples in the structure of the left side, with None for each name.
    """
    if not isinstance(value, PlotStub):
        return value
    return tuple(value if inner is None else unpacked(value, inner) for inner in shape)


class _Module(ModuleType):
    def __getattr__(self, name: str) -> PlotStub:
        if name.startswith("__"):
            raise AttributeError(name)
        return PlotStub()


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last finder on ``sys.meta_path``: finds modules that are not installed."""

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in _PLOTTING:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass
