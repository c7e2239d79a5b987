"""What a job in a worker can raise in the parent."""

from __future__ import annotations

from typing import Any

from core.notes import Note
from sphinx_xpcaps.results.model import Outcome


class WorkerLost(Exception):
    """A worker exceeded a limit and was killed, or it crashed.

    Attributes
    ----------
    outcome : Outcome
        ``timeout`` or ``crash``.
    started : object
        What the job started last; None if nothing.
    note : Note or None
        A note that is more specific than that of the outcome.
    limit : float
        The limit on time that was exceeded, in seconds; 0 if none was.
    was_busy : bool
        Whether it used a processor all the time that it had, so that it waited for nothing.
    fresh : bool
        Whether the process had run no other job.
    """

    fresh = False

    def __init__(
        self,
        outcome: Outcome,
        started: Any,
        message: str,
        note: Note | None = None,
        *,
        limit: float = 0.0,
        was_busy: bool = False,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.started = started
        self.note = note
        self.limit = limit
        self.was_busy = was_busy


class JobFailed(Exception):
    """A job raised an exception, which is the message.

    Attributes
    ----------
    fresh : bool
        Whether the process had run no other job.
    """

    fresh = False


class StartError(JobFailed):
    """A worker cannot be started; the message has the last line of its error output."""
