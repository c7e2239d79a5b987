"""What the documentation asks for: tables of targets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Request:
    """One wish for one table, with the place where it was made.

    ``line`` is None where the place has no line, such as the command line.
    """

    target: str
    """Dotted name of a callable."""
    body: str | None = None
    """Code that calls the target with ``xp``; then this is the case."""
    place: str = ""
    """Where the wish was made: a document or the command line."""
    line: int | None = None
    injected: bool = False
    """Whether a pattern asked for it, not an author."""
    graph: bool = False
    """Whether the graph of an example is to be drawn."""
