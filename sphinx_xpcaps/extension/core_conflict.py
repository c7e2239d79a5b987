"""``core`` is a plain name: notice when Python finds another package of that name first."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

OURS = Path("backends", "registry.py")
"""A file that our ``core`` has and that hardly any other has."""


def foreign_core() -> str | None:
    """Return the file that Python imports as ``core`` if it is not ours; imports nothing."""
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


def refuse_foreign_core() -> None:
    """Raise if ``core`` is not ours.

    Raises
    ------
    sphinx.errors.ConfigError
        Names the file that Python found instead.
    """
    found = foreign_core()
    if found is not None:
        from sphinx.errors import ConfigError

        raise ConfigError(
            f"sphinx_xpcaps needs its own package 'core', but Python imports {found}; "
            "rename that package, or keep its folder behind site-packages on sys.path"
        )
