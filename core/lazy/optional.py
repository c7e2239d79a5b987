"""Packages that only pictures and exports need."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def need(module: str, what: str) -> Any:
    """Import an optional package.

    Raises
    ------
    ImportError
        It is not installed; the message says what wanted it and how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"{what} needs {package}: pip install 'sphinx-xpcaps[graph]'", name=package
        ) from error
