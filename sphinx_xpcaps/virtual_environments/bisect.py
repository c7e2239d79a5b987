"""Find the release in which a result changed, with as few measurements as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[V]):
    """The last change of a result.

    If `before` is None, all releases that could be measured have the same result.
    """

    before: str | None
    """The last release with the earlier result."""
    since: str
    """The first release with the present result."""
    earlier: V | None
    present: V
    unknown: tuple[str, ...] = ()
    """Releases between the two that could not be measured."""


def find_change(
    releases: Sequence[str],
    measure: Callable[[str], V | None],
    known: Mapping[str, V] | None = None,
) -> Change[V] | None:
    """Return where the result of the newest release began.

    It is assumed that the result changed once between the oldest and the newest release.

    Parameters
    ----------
    releases : sequence of str
        The releases, the oldest first.
    measure : callable
        Returns the result with a release, or None if it cannot be measured.
    known : mapping, optional
        Results that need not be measured.

    Returns
    -------
    Change or None
        None if no release can be measured.

    Examples
    --------
    >>> found = find_change(["1", "2", "3", "4"], lambda release: release >= "3")
    >>> found.before, found.since
    ('2', '3')
    """
    results: dict[str, V | None] = dict(known or {})

    def result(release: str) -> V | None:
        if release not in results:
            results[release] = measure(release)
        return results[release]

    high = _first(range(len(releases) - 1, -1, -1), releases, result)
    if high is None:
        return None
    present = results[releases[high]]
    assert present is not None
    low = _first(range(high), releases, result)
    if low is None or results[releases[low]] == present:
        since = releases[high if low is None else low]
        return Change(before=None, since=since, earlier=None, present=present)
    while True:
        middle = (low + high) // 2
        between = sorted(range(low + 1, high), key=lambda index: abs(index - middle))
        found = _first(between, releases, result)
        if found is None:
            break
        if results[releases[found]] == present:
            high = found
        else:
            low = found
    return Change(
        before=releases[low],
        since=releases[high],
        earlier=results[releases[low]],
        present=present,
        unknown=tuple(releases[low + 1 : high]),
    )


def _first(
    indices: Sequence[int], releases: Sequence[str], result: Callable[[str], V | None]
) -> int | None:
    """Return the first index of a release that can be measured."""
    return next((index for index in indices if result(releases[index]) is not None), None)
