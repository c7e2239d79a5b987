"""The error output of a worker: kept while packages are imported, discarded while they are run."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sphinx_xpcaps.measure.workers.channel import copy_with_high_number
from sphinx_xpcaps.results.text import clean

_LONGEST = 4096
"""Number of bytes at the end of the output that are looked at."""
_LINES = 3
"""Number of lines that a message has."""
_STANDARD_ERROR = 2


class ErrorOutput:
    """The standard streams of a worker, which lead nowhere, apart from error output on demand.

    The parent shows what a package writes before it ends the interpreter, as this may be the
    reason. What a measured function writes is discarded.
    """

    def __init__(self) -> None:
        self._file = copy_with_high_number(_STANDARD_ERROR)
        self._kept = False
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, _STANDARD_ERROR):
            os.dup2(nowhere, standard)
        os.close(nowhere)

    def keep(self) -> None:
        """Write error output to the file that the process was started with."""
        with contextlib.suppress(OSError):  # measured code has closed it
            os.dup2(self._file, _STANDARD_ERROR)
            self._kept = True

    def discard(self) -> None:
        """Discard error output from now on."""
        if not self._kept:
            return
        self._kept = False
        with contextlib.suppress(OSError):  # too many open files; the process will be replaced
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, _STANDARD_ERROR)
            os.close(nowhere)


def size_of(file: Path) -> int:
    """Return the number of bytes in a file; 0 if it cannot be read."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def last_lines(file: Path, start: int) -> str:
    """Return the last lines that were written to a file since it had `start` bytes, as one line."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(start, size_of(file) - _LONGEST))
            text = stream.read(_LONGEST).decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return clean("; ".join(lines[-_LINES:]))
