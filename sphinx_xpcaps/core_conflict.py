"""Detect another package named ``core`` that Python finds before ours."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

OURS = Path("backends", "registry.py")
"""A file in our ``core`` that hardly any other package has."""


def foreign_core() -> str | None:
    """Return the file that Python imports as ``core`` if it is not ours, without importing it."""
    loaded = sys.modules.get("core")
    if loaded is not None:
        folders = list(getattr(loaded, "__path__", ()))
        origin = getattr(loaded, "__file__", None)
    else:
        spec = importlib.util.find_spec("core")
        folders = list(spec.submodule_search_locations or ()) if spec else []
        origin = spec.origin if spec else None
    if any((Path(folder) / OURS).is_file() for folder in folders):
        return None
    return origin or (folders[0] if folders else "nothing")


def refusal() -> str | None:
    """Return a message that names the file of another package, or None if ``core`` is ours."""
    found = foreign_core()
    if found is None:
        return None
    return (
        f"sphinx_xpcaps needs its own package 'core', but Python imports {found}; "
        "rename that package, or put its folder after site-packages on sys.path"
    )


def refuse_foreign_core() -> None:
    """Raise if ``core`` is not ours.

    Raises
    ------
    sphinx.errors.ConfigError
        Python finds another package; the message names its file.
    """
    message = refusal()
    if message is not None:
        from sphinx.errors import ConfigError

        raise ConfigError(message)
