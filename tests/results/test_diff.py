"""Test differences between a new record and committed ones."""

from __future__ import annotations

from sphinx_xpcaps.results.diff import differences
from sphinx_xpcaps.results.model import Status
from tests.results.make import cell, environment, record, unmeasured


def test_cell_with_another_status_is_a_difference():
    committed = record(environment("2026-01-01"), cell(Status.SUPPORTED))
    fresh = record(environment("2026-02-01"), cell(Status.PARTIAL, "no JIT"))
    (found,) = differences([committed], fresh)
    assert str(found) == ("pkg.func: torch on cpu is partial (no JIT), was supported on 2026-01-01")


def test_a_cell_that_is_older_than_its_record_is_named_with_its_own_date():
    committed = record(environment("2026-01-02"), cell(Status.SUPPORTED, date="2026-01-01"))
    (found,) = differences([committed], record(environment(), cell(Status.UNSUPPORTED)))
    assert str(found) == "pkg.func: torch on cpu is unsupported, was supported on 2026-01-01"


def test_the_same_status_is_no_difference():
    committed = record(environment("2026-01-01"), cell(Status.SUPPORTED))
    assert differences([committed], record(environment("2026-02-01"), cell(Status.SUPPORTED))) == ()


def test_unmeasured_cells_of_the_new_record_are_not_compared():
    committed = record(environment("2026-01-01"), cell(Status.SUPPORTED))
    fresh = record(environment("2026-02-01"), unmeasured("torch is not installed"))
    assert differences([committed], fresh) == ()


def test_cell_in_no_committed_record_is_a_difference():
    fresh = record(environment(), cell(Status.SUPPORTED))
    (found,) = differences([], fresh)
    assert str(found) == "pkg.func: torch on cpu is supported, and in no committed record"


def test_the_record_of_the_same_backend_version_is_compared():
    other = record(
        environment("2026-03-01", packages={"torch": "2.5.0"}),
        cell(Status.UNSUPPORTED, "TypeError"),
    )
    same = record(environment("2026-01-01"), cell(Status.SUPPORTED))
    assert differences([other, same], record(environment(), cell(Status.SUPPORTED))) == ()
