"""The limits of a target by argument: which make it fail, and on which libraries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sphinx_xpcaps.results.model import Reason, Status
from sphinx_xpcaps.results.view import TableCell


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A library and mode on which an argument makes a call fail."""

    backend: str
    column: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """An argument that makes calls fail where calls without it pass.

    Parameters
    ----------
    cause : str
        The argument, such as ``axis=None``, ``2-D x`` or ``complex input``.
    failures : tuple of Failure
        The first failing call for each library, device and mode.
    """

    cause: str
    failures: tuple[Failure, ...]


def limits(cells: Iterable[TableCell]) -> tuple[Limit, ...]:
    """Return the limits of a target, sorted by argument.

    Parameters
    ----------
    cells : iterable of TableCell
        The cells of its table.
    """
    found: dict[str, dict[tuple[str, str, str], Failure]] = {}
    for shown in cells:
        cell = shown.cell
        if cell.status is not Status.PARTIAL:
            continue
        for reason in cell.reasons:
            if reason.cause:
                failure = Failure(backend=cell.backend, column=shown.column, reason=reason)
                key = (cell.backend, shown.column, reason.mode)
                found.setdefault(reason.cause, {}).setdefault(key, failure)
    return tuple(
        Limit(cause=cause, failures=tuple(failures.values()))
        for cause, failures in sorted(found.items())
    )
