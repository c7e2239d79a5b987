"""Write files atomically, lock folders, and read cached files that may be damaged."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import platform
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

logger = logging.getLogger(__name__)

LARGEST_FILE = 2**30
"""Number of bytes of a file that is read."""
_SUFFIX = ".xpcaps-tmp"
_FOLDER_PREFIX = "xpcaps-"
_OWNER = re.compile(r"[.-](?P<host>[^\W_]+)-(?P<process>\d+)-\w+(\.[\w-]+)?")
_HOST = re.sub(r"[\W_]", "", platform.node()) or "localhost"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that readers see either the old or the new content.

    Temporary files of processes that were killed while they wrote in the same folder are removed.
    A symbolic link is kept; the file that it refers to is written. Devices and pipes are written to
    directly, as they must not be replaced.

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
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(content)
        return
    remove_abandoned(path.parent)
    handle, name = create_beside(path, _SUFFIX)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, _mode(path))
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def replace_own(path: Path, content: bytes, is_own: Callable[[bytes], bool]) -> None:
    """Write a file as `write_atomically` does, unless it has content of another kind.

    Parameters
    ----------
    path : Path
        The file.
    content : bytes
        The whole content.
    is_own : callable
        Returns whether a content is of the same kind, so that it may be lost.

    Raises
    ------
    OSError
        The file cannot be written, or has content of another kind.
    """
    if path.is_file() and not is_own(read_untrusted(path)):
        reason = "it exists and was not written by sphinx-xpcaps; choose another file"
        raise FileExistsError(errno.EEXIST, reason, str(path))
    write_atomically(path, content)


def read_untrusted(path: Path, largest: int = LARGEST_FILE) -> bytes:
    """Return the content of a file, which a symbolic link may replace by anything else.

    Parameters
    ----------
    path : Path
        A file or a pipe.
    largest : int
        The number of bytes that it may have.

    Raises
    ------
    OSError
        The file cannot be read, is a device, whose content may be infinite, or is too large.
    """
    status = path.stat()
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        raise OSError(errno.EINVAL, "Is a device", str(path))
    too_large = status.st_size > largest
    if not too_large:
        with path.open("rb") as stream:
            content = stream.read() if stat.S_ISREG(status.st_mode) else stream.read(largest + 1)
        too_large = len(content) > largest
    if too_large:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content


def create_beside(path: Path, suffix: str) -> tuple[int, str]:
    """Return the descriptor and name of a new hidden file in the folder of `path`.

    Its name has the process that created it, so that others can find out whether it is abandoned.
    """
    start = path.name[:100]  # the name of the new file must not be too long
    prefix = f".{start}.{_HOST}-{os.getpid()}-"
    return tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)


def abandoned(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield the files whose names match a pattern and whose process on this machine has ended.

    Parameters
    ----------
    folder : Path
        The folder of the files.
    pattern : str
        A glob pattern.
    """
    for path in sorted(folder.glob(pattern)):
        found = list(_OWNER.finditer(path.name))
        if found and found[-1].end() == len(path.name):
            host, process = found[-1]["host"], int(found[-1]["process"])
            if host == _HOST and not is_running(process):
                yield path


def remove_abandoned(folder: Path) -> None:
    """Remove temporary files that processes of this machine left when they were killed."""
    for path in abandoned(folder, f".*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            path.unlink()


def create_folder(kind: str) -> Path:
    """Return a new temporary folder; folders of processes that were killed are removed.

    Parameters
    ----------
    kind : str
        What it is for; a part of its name.

    Raises
    ------
    OSError
        The folder cannot be created.
    """
    parent = Path(tempfile.gettempdir())
    for path in abandoned(parent, f"{_FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
                shutil.rmtree(path, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{kind}-{_HOST}-{os.getpid()}-"))


@contextlib.contextmanager
def temporary_folder(kind: str) -> Iterator[Path]:
    """Create a temporary folder, as `create_folder` does, and remove it in the end."""
    folder = create_folder(kind)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Exclude other processes of this machine that lock the same folder.

    The system releases the lock when the process ends in any way. The folder itself is locked, so
    no file is left. On file systems that cannot lock folders, a file in the temporary folder is
    locked instead; on Windows nothing is.

    Raises
    ------
    OSError
        The folder does not exist or cannot be read.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            os.close(handle)
            name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
            file = Path(tempfile.gettempdir(), f"{_FOLDER_PREFIX}lock-{name}")
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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
        content = read_untrusted(path)
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
