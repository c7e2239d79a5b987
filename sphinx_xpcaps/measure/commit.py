"""Which commit of a package is measured."""

from __future__ import annotations

import importlib.util
import subprocess
from functools import cache
from pathlib import Path


@cache
def commit_of(package: str) -> str | None:
    """Return the commit that is checked out where `package` is, or None outside a checkout."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin or "site-packages" in spec.origin:
        return None
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(spec.origin).parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None
