"""A progress bar like those of Sphinx, for work that reports progress with a callback."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from types import TracebackType

from sphinx.util.display import status_iterator

from sphinx_xpcaps.extension.warnings import logger


class Progress:
    """Show what was finished last, as Sphinx does when it reads and writes documents."""

    def __init__(self, summary: str, verbosity: int = 0) -> None:
        self._summary = summary
        self._verbosity = verbosity
        self._finished: list[str] = []
        self._bar: Iterator[str] | None = None
        self._lock = Lock()

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show that `name` was finished, and that `done` of `total` are."""
        with self._lock:  # called from several threads
            if self._bar is None:
                self._bar = status_iterator(
                    self._names(), self._summary, "darkgreen", total, self._verbosity
                )
            self._finished.append(name)
            next(self._bar)

    def _names(self) -> Iterator[str]:
        while self._finished:
            yield self._finished.pop()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            next(self._bar, None)  # end the line
        elif error is None:
            logger.info("%sup to date", self._summary)
