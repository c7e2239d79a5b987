"""The release in which a result changed is found with few measurements."""

from __future__ import annotations

from itertools import product

import pytest

from sphinx_xpcaps.virtual_environments.bisect import find_change

RELEASES = [str(number) for number in range(100, 164)]


@pytest.mark.parametrize("first", [1, 2, 31, 32, 62, 63])
def test_the_change_is_found_with_a_logarithmic_number_of_measurements(first: int) -> None:
    tried: list[str] = []

    def measure(release: str) -> bool:
        tried.append(release)
        return release >= RELEASES[first]

    found = find_change(RELEASES, measure)
    assert found is not None
    assert (found.before, found.since) == (RELEASES[first - 1], RELEASES[first])
    assert len(tried) <= 8
    assert len(set(tried)) == len(tried)


def test_known_results_are_not_measured() -> None:
    tried: list[str] = []

    def measure(release: str) -> bool:
        tried.append(release)
        return release >= "102"

    found = find_change(RELEASES[:4], measure, {"100": False, "103": True, "101": False})
    assert found is not None
    assert (found.before, found.since, tried) == ("101", "102", ["102"])


def test_without_a_change_only_the_ends_are_measured() -> None:
    tried: list[str] = []
    found = find_change(RELEASES, lambda release: tried.append(release) or "same")
    assert found is not None
    assert (found.before, found.since, tried) == (None, "100", ["163", "100"])


def test_releases_that_cannot_be_measured_are_named_and_never_claimed() -> None:
    for broken in product([False, True], repeat=6):
        usable = [release for release, bad in zip(RELEASES[:6], broken, strict=True) if not bad]

        def measure(release: str, usable: list[str] = usable) -> bool | None:
            return release >= "103" if release in usable else None

        found = find_change(RELEASES[:6], measure)
        old, new = [r for r in usable if r < "103"], [r for r in usable if r >= "103"]
        if not usable:
            assert found is None
            continue
        assert found is not None
        if old and new:
            assert (found.before, found.since) == (old[-1], new[0])
            between = RELEASES[RELEASES.index(old[-1]) + 1 : RELEASES.index(new[0])]
            assert found.unknown == tuple(between)
        else:
            assert (found.before, found.since) == (None, usable[0])
