"""Messages between the parent and a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Parent to worker: call a function.

    Parameters
    ----------
    function : str
        The function's dotted path. If it has parameters ``on_start`` or ``on_result``, the worker
        passes functions that send `Started` and `Progress`.
    arguments : mapping
        Its other arguments, by keyword.
    """

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def calling(cls, function: Callable[..., Any], **arguments: Any) -> Job:
        """Return the job that calls `function`, which must be defined in a module."""
        path = f"{function.__module__}.{function.__qualname__}"
        return cls(function=path, arguments=arguments)


@dataclass(frozen=True, slots=True)
class Started:
    """Worker to parent: the job starts a part of its work."""

    what: Any
    limit: float | None = None
    """Seconds that this may take, if less than the worker's time limit."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Worker to parent: a part of the job's result."""

    value: Any


@dataclass(frozen=True, slots=True)
class Finished:
    """Worker to parent: the job's result."""

    value: Any
    peak_memory: int
    """Peak resident memory of the worker, in bytes."""


@dataclass(frozen=True, slots=True)
class Errored:
    """Worker to parent: the job raised, because of an internal error or of the set-up code."""

    message: str
