"""Requests to measure targets, from documents and from the command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class MeasurementRequest:
    """A request to measure one target, with the place where it was made.

    ``line`` is None where the place has no line, such as the command line.
    """

    target: str
    """Dotted name of a callable."""
    body: str | None = None
    """Code that calls the target with ``xp``. Its calls are the cases, unless it fails."""
    place: str = ""
    """Where the request was made: a document or the command line."""
    line: int | None = None
    injected: bool = False
    """Whether the request comes from ``xpcaps_inject``, not from a directive."""
    origins: tuple[str, ...] = ()
    """The origins of cases that may be used; all if empty."""
    graph: bool = False
    """Whether to record the graph of a call."""
