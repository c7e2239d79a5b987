"""Profiles of a batch."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import profile
from sphinx_xpcaps.measure.batch import run
from sphinx_xpcaps.measure.profile import Clock, Profile
from sphinx_xpcaps.measure.request import MeasurementRequest


@pytest.fixture(scope="module")
def measured(packages_path: None, tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """Return the profile of measuring two functions, one of which exits with JAX."""
    clock = Clock()
    run(
        [
            MeasurementRequest(target="samples.portable"),
            MeasurementRequest(target="samples.exits_elsewhere"),
        ],
        Config(backends=["numpy", "jax"], devices=["cpu"], jobs=2),
        cache=tmp_path_factory.mktemp("cache"),
        progress=lambda *_: None,
        clock=clock,
    )
    return clock.profile(workers=2)


def test_every_phase_has_a_time(measured: Profile) -> None:
    expected = {
        profile.START,
        profile.PROBE,
        profile.DESCRIBE,
        profile.OVERHEAD,
        profile.FIND,
        profile.REFERENCE,
        profile.LOAD,
        profile.LOST,
        "eager",
        "jit",
    }
    assert set(measured.by(lambda activity: activity.phase)) == expected


def test_phases_and_idle_time_add_up_to_the_time_of_all_workers(measured: Profile) -> None:
    busy = sum(spent.seconds for spent in measured.spent.values())
    assert busy + measured.idle == pytest.approx(measured.wall * 2)


def test_the_time_of_a_run_that_ends_its_worker_is_lost(measured: Profile) -> None:
    lost = measured.only(lambda activity: activity.phase == profile.LOST)
    assert list(lost.by(lambda activity: activity.target)) == ["samples.exits_elsewhere"]
    assert list(lost.by(lambda activity: activity.backend)) == ["jax"]


def test_the_time_of_compiling_is_counted_separately(measured: Profile) -> None:
    on = measured.by(lambda activity: activity.backend)
    assert 0 < on["jax"].compiling < on["jax"].seconds
    assert on["numpy"].compiling == 0


def test_starting_a_worker_is_not_counted_for_a_target(measured: Profile) -> None:
    starts = measured.only(lambda activity: activity.phase == profile.START)
    assert starts.by(lambda activity: activity.target) == {}
