"""The releases of a package that can be installed."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_AVAILABLE = re.compile(r"^Available versions: (.*)$", re.MULTILINE)
_LIMIT = 120.0


class ReleasesError(Exception):
    """The releases of a package cannot be listed; the message is one line."""


def releases(distribution: str) -> list[str]:
    """Return the releases of a distribution for this Python, the oldest first.

    Releases that this program does not support are left out.

    Raises
    ------
    ReleasesError
        The package index does not answer, or has no such package.
    """
    command = [sys.executable, "-m", "pip", "index", "versions", distribution]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReleasesError(f"pip cannot list the releases of {distribution}: {error}") from error
    found = _AVAILABLE.search(done.stdout)
    if found is None:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = lines[-1].removeprefix("ERROR: ") if lines else f"status {done.returncode}"
        raise ReleasesError(f"pip cannot list the releases of {distribution}: {reason}")
    names = [name.strip() for name in found[1].split(",")]
    return sorted((name for name in names if _is_supported(distribution, name)), key=Version)


def _is_supported(distribution: str, release: str) -> bool:
    try:
        version = Version(release)
    except InvalidVersion:
        return False
    for text in importlib.metadata.requires("sphinx-xpcaps") or []:
        requirement = Requirement(text)
        is_same = canonicalize_name(requirement.name) == canonicalize_name(distribution)
        if is_same and not requirement.specifier.contains(version, prereleases=True):
            return False
    return True
