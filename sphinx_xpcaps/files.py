"""Write files atomically and read cached files that may be damaged."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import re
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

logger = logging.getLogger(__name__)

_SUFFIX = ".xpcaps-tmp"
_TEMPORARY = re.compile(rf"\..*\.(?P<host>\w+)-(?P<process>\d+)-\w+{re.escape(_SUFFIX)}")
_HOST = re.sub(r"\W", "", platform.node()) or "localhost"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that readers see either the old or the new content.

    Temporary files of processes that were killed while they wrote in the same folder are removed.

    Parameters
    ----------
    path : Path
        The file; missing folders are created.
    content : bytes
        The whole content.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)
    prefix = f".{path.name}.{_HOST}-{os.getpid()}-"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, _mode(path))
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def remove_abandoned(folder: Path) -> None:
    """Remove temporary files that processes of this machine left when they were killed."""
    for path in folder.glob(f".*{_SUFFIX}"):
        found = _TEMPORARY.fullmatch(path.name)
        if found and found["host"] == _HOST and not is_running(int(found["process"])):
            with contextlib.suppress(OSError):
                path.unlink()


def is_running(process: int) -> bool:
    """Return whether a process of this machine is running."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # of another user
        return True
    return True


def read_cache(path: Path, kind: type[T]) -> T | None:
    """Return the content of a JSON cache file, or None if it is missing or damaged.

    A damaged file is deleted, since caches are recreated and are untrusted input.

    Parameters
    ----------
    path : Path
        The file.
    kind : type
        Type of the content, which is validated.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        logger.warning("the cache file %s is damaged and is created again", path)
        with contextlib.suppress(OSError):
            path.unlink()
        return None


def write_cache(path: Path, content: Any) -> None:
    """Write a JSON cache file; failure is ignored, since caches only save time."""
    with contextlib.suppress(OSError):
        write_atomically(path, msgspec.json.encode(content, order="sorted"))


def _mode(path: Path) -> int:
    """Return the permissions of an existing file, or those of a new one."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return 0o644
