"""JSON files in the cache folder: each is replaced as a whole, and may be missing or damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json_cache(path: Path | None) -> dict[str, Any]:
    """Return the dictionary in a file; empty if there is no such file or it is not readable."""
    try:
        return dict(json.loads(path.read_text("utf-8"))) if path else {}
    except (OSError, ValueError, TypeError):
        return {}


def write_json_cache(path: Path, entries: dict[str, Any]) -> None:
    """Write a dictionary to a file, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(entries, sort_keys=True), "utf-8")
    new.replace(path)
