"""The folder in which array libraries keep compiled code between measurements.

Compiled code is executed, so only files of the user are trusted: the folder is in the user's own
cache folder, whatever the cache folder of a build is, and nobody else may write into it. Only
workers load what it contains.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from core.backends import Backend

_LARGEST = 2**30
"""If the files have more bytes than this, the oldest are deleted."""


def compilation_cache(backend: Backend) -> Mapping[str, str]:
    """Return environment variables with which a library keeps compiled code.

    There are none if the library cannot keep it, or if there is no folder that only the user may
    write.
    """
    if not backend.compilation_cache:
        return {}
    root = user_cache_path("sphinx-xpcaps")
    folder = root / "compiled" / f"{backend.name}-{_processor()}"
    if not root.is_absolute():
        return {}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = all(map(_is_private, (root, folder.parent, folder)))
    except OSError:
        return {}
    if not private:
        return {}
    return {
        name: value.replace("{folder}", str(folder))
        for name, value in backend.compilation_cache.items()
    }


def limit_size(largest: int = _LARGEST) -> None:
    """Delete the oldest files of all libraries until the others have at most `largest` bytes."""
    files = []
    for path in (user_cache_path("sphinx-xpcaps") / "compiled").glob("*/*"):
        with suppress(OSError):  # another process deleted it
            found = path.lstat()
            files.append((found.st_mtime, found.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= largest:
            return
        total -= size
        with suppress(OSError):
            path.unlink()


def _is_private(folder: Path) -> bool:
    """Return whether a folder is the user's, and others cannot write into it."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _processor() -> str:
    """Return a name for the kind of processor, as compiled code is for one kind only."""
    facts = [platform.machine(), platform.processor()]
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        facts += sorted({line for line in lines if line.startswith(("model name", "flags"))})
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]
