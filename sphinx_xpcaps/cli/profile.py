"""Tables of a profile for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Column
from rich.table import Table as Grid

from sphinx_xpcaps.measure.profile import Activity, Profile, Spent
from sphinx_xpcaps.results.labels import title

_MOST_TARGETS = 10


def grids(profile: Profile) -> Iterator[Grid]:
    """Yield a table of phases, one of libraries, and one of the targets that took longest."""
    yield _phases(profile)
    if profile.by(lambda activity: activity.backend):
        yield _libraries(profile)
        yield _targets(profile)


def _phases(profile: Profile) -> Grid:
    whole = profile.wall * profile.workers
    grid = Grid(
        "Phase",
        *_right("Seconds", "Share", "Compiling"),
        title=f"{profile.wall:.1f} s with {profile.workers} workers",
        title_justify="left",
    )
    rows = {**profile.by(lambda activity: activity.phase), "idle": Spent(seconds=profile.idle)}
    for phase, spent in rows.items():
        share = f"{spent.seconds / whole:.0%}" if whole else ""
        grid.add_row(phase, _number(spent.seconds), share, _number(spent.compiling))
    return grid


def _libraries(profile: Profile) -> Grid:
    on_libraries = profile.only(lambda activity: bool(activity.backend))
    phases = list(on_libraries.by(lambda activity: activity.phase))
    grid = Grid("Library", *_right(*phases, "of it compiling", "all"))
    for backend, whole in on_libraries.by(lambda activity: activity.backend).items():
        own = on_libraries.only(lambda activity, name=backend: activity.backend == name)  # type: ignore[misc]
        spent = own.by(lambda activity: activity.phase)
        cells = [_number(spent[phase].seconds) if phase in spent else "" for phase in phases]
        grid.add_row(title(backend), *cells, _number(whole.compiling), _number(whole.seconds))
    return grid


def _targets(profile: Profile) -> Grid:
    grid = Grid("Slowest targets", *_right("Seconds"), "Mostly")
    slowest = list(profile.by(lambda activity: activity.target).items())[:_MOST_TARGETS]
    for target, whole in slowest:
        own = profile.only(lambda activity, name=target: activity.target == name)  # type: ignore[misc]
        most, spent = next(iter(own.by(_what).items()))
        grid.add_row(target, _number(whole.seconds), f"{most}: {_number(spent.seconds)}")
    return grid


def _what(activity: Activity) -> str:
    return ", ".join(part for part in (activity.backend, activity.phase) if part)


def _right(*headers: str) -> Iterator[Column]:
    return (Column(header, justify="right") for header in headers)


def _number(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds >= 0.05 else ""
