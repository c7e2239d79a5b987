"""Find the files to check, and read them."""

from __future__ import annotations

import glob
import io
import os
import tokenize
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from sphinx_xpcaps.files import read_untrusted

STANDARD_INPUT = "-"

_LEFT_OUT = frozenset(
    {
        *(".eggs", ".git", ".hg", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".svn"),
        *(".tox", ".venv", "__pycache__", "_build", "build", "dist", "node_modules"),
        *("site-packages", "venv"),
    }
)
"""Folders that are not searched."""
_LARGEST = 20_000_000
"""Number of bytes of a file that is read."""


class FileError(Exception):
    """A file cannot be checked; the message names it and gives the reason."""


def find_files(names: Sequence[str], exclude: Sequence[str]) -> Iterator[str]:
    """Yield the files that are named, once each, and those in folders.

    Parameters
    ----------
    names : sequence of str
        Files, folders, patterns, or ``"-"`` for standard input.
    exclude : sequence of str
        Patterns of files or folders to leave out; see `matches`.

    Raises
    ------
    FileError
        A name matches nothing.
    """
    seen: set[str] = set()
    for name in names:
        for found in _matching(name, exclude):
            if found not in seen:
                seen.add(found)
                yield found


def _matching(name: str, exclude: Sequence[str]) -> Iterator[str]:
    if name == STANDARD_INPUT:
        yield name
        return
    found = [name]
    if glob.has_magic(name) and not os.path.exists(name):
        found = sorted(glob.glob(name, recursive=True))
    if not found or not os.path.exists(found[0]):
        raise FileError(f"{name}: no such file or folder")
    for each in found:
        if matches(each, exclude):
            continue
        if os.path.isdir(each):
            yield from _in_folder(each, exclude)
        else:
            yield each


def _in_folder(folder: str, exclude: Sequence[str]) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            each
            for each in folders
            if each not in _LEFT_OUT and not matches(os.path.join(root, each), exclude)
        )
        for each in sorted(files):
            path = os.path.normpath(os.path.join(root, each))
            if each.endswith(".py") and not matches(path, exclude):
                yield path


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Return whether a path, its name or one of its folders matches a pattern.

    Examples
    --------
    >>> matches("src/pkg/old.py", ["old.py"]), matches("src/pkg/old.py", ["src/*"])
    (True, True)
    >>> matches("src/pkg/old.py", ["pkg"]), matches("src/pkg/old.py", ["tests"])
    (True, False)
    """
    if not patterns:
        return False
    relative = _relative(path)
    parts = PurePath(relative).parts
    starts = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    return any(
        fnmatchcase(each, pattern.rstrip("/")) for pattern in patterns for each in (*parts, *starts)
    )


def _relative(path: str) -> str:
    """Return a path relative to the working folder if it is inside."""
    try:
        return Path(path).absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(path).as_posix()


def read_source(path: str) -> str:
    """Return the text of a Python file, in the encoding that it declares.

    Raises
    ------
    FileError
        The file cannot be read or decoded.
    """
    try:
        return decode(read_untrusted(Path(path), _LARGEST))
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise FileError(f"{path}: the encoding is invalid: {error}") from error


def decode(content: bytes) -> str:
    """Return the text of Python code, with line feeds as line ends."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    text = content.decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")
