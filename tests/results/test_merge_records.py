"""Test combining records, and deriving tables from them: no measurement is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_xpcaps.results import bundle
from sphinx_xpcaps.results.labels import STATUSES
from sphinx_xpcaps.results.merge_records import merge_records
from sphinx_xpcaps.results.model import Cell, Record, Status
from sphinx_xpcaps.results.sources import identity
from sphinx_xpcaps.results.view import Table, TableCell, derive
from tests.results.make import TARGET, cell, environment, record, unmeasured
from tests.results.strategies import BACKENDS, DEVICES, records, several_records


def tables(records: Sequence[Record]) -> dict[str, Table]:
    return derive(records, backends=BACKENDS, devices=DEVICES, is_current=lambda *_: True)


def combined(*records: Sequence[Record]) -> bytes:
    """Return the bytes of a bundle of all records."""
    return bundle.encode(merge_records(record for some in records for record in some))


@settings(max_examples=50)
@given(several_records, st.randoms())
def test_the_order_of_records_does_not_matter(found: list[Record], random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert combined(found) == combined(shuffled)
    assert tables(found) == tables(shuffled)


@settings(max_examples=50)
@given(several_records)
def test_combining_twice_changes_nothing(found: list[Record]) -> None:
    once = merge_records(found)
    assert bundle.encode(merge_records(once)) == bundle.encode(once)
    assert combined(found, found) == bundle.encode(once)
    assert tables([*found, *found]) == tables(found)


@settings(max_examples=50)
@given(several_records, st.integers(0, 5), st.integers(0, 5))
def test_records_can_be_combined_in_steps(found: list[Record], start: int, end: int) -> None:
    first, second, third = found[:start], found[start : start + end], found[start + end :]
    assert combined(merge_records([*first, *second]), third) == combined(
        first, merge_records(second + third)
    )


@settings(max_examples=50)
@given(several_records)
def test_tables_of_combined_records_are_those_of_the_records(found: list[Record]) -> None:
    assert tables(merge_records(found)) == tables(found)


def measured_cells(records: Sequence[Record]) -> Iterator[tuple[Record, str, Cell]]:
    """Yield the measured cells that have a place in a table."""
    for one in records:
        for target, results in one.targets.items():
            for each in results.cells:
                if each.status.measured and (each.backend, each.device) != ("numpy", "gpu"):
                    yield one, target, each


@settings(max_examples=50)
@given(several_records)
def test_a_measured_cell_is_kept_or_replaced_by_a_newer_one(found: list[Record]) -> None:
    kept = {
        (identity(one), target, each.backend, each.device): each.date or one.environment.date
        for one, target, each in measured_cells(merge_records(found))
    }
    for one, target, each in measured_cells(found):
        date = kept[identity(one), target, each.backend, each.device]
        assert date >= (each.date or one.environment.date)


def shown_at(derived: Mapping[str, Table], target: str, each: Cell) -> TableCell:
    (shown,) = (
        one
        for one in derived[target].cells
        if (one.cell.backend, one.column) == (each.backend, each.device)
    )
    return shown


@settings(max_examples=50)
@given(several_records)
def test_a_measured_cell_is_never_shown_as_not_measured(found: list[Record]) -> None:
    derived = tables(found)
    for _, target, each in measured_cells(found):
        assert shown_at(derived, target, each).cell.status.measured


@settings(max_examples=50)
@given(several_records)
def test_a_result_that_differs_from_the_shown_one_is_among_the_others(
    found: list[Record],
) -> None:
    derived = tables(found)
    for _, target, each in measured_cells(merge_records(found)):
        shown = shown_at(derived, target, each)
        status, notes = shown.cell.status, shown.cell.notes
        is_shown = status == each.status and notes[: len(each.notes)] == each.notes
        if status == Status.CONFLICT:
            text = STATUSES[each.status] + (f" ({'; '.join(each.notes)})" if each.notes else "")
            assert any(note.startswith(f"{text} with ") for note in notes)
        else:
            assert is_shown or (each.status, each.notes) in {
                one.status_and_notes for one in shown.others
            }


@settings(max_examples=50)
@given(several_records)
def test_records_of_different_environments_stay_separate(found: list[Record]) -> None:
    assert len(merge_records(found)) == len({identity(one) for one in found})


@settings(max_examples=50)
@given(records())
def test_a_single_record_is_not_changed_but_for_superfluous_dates(one: Record) -> None:
    (same,) = merge_records([one])
    assert same.environment == one.environment
    assert sorted(same.targets) == sorted(one.targets)


def test_a_cell_that_is_older_than_the_combined_record_keeps_its_date() -> None:
    old = record(environment("2026-01-01"), cell(Status.SUPPORTED))
    new = record(environment("2026-02-01"), cell(Status.PARTIAL, backend="jax"))
    (both,) = merge_records([new, old])
    assert both.environment.date == "2026-02-01"
    assert both.targets[TARGET].cells == (
        cell(Status.PARTIAL, backend="jax"),
        cell(Status.SUPPORTED, date="2026-01-01"),
    )


def test_a_measurement_is_kept_although_a_newer_record_has_not_measured_the_cell() -> None:
    old = record(environment("2026-01-01"), cell(Status.SUPPORTED))
    new = record(environment("2026-02-01"), unmeasured("stopped"))
    (both,) = merge_records([old, new])
    assert both.targets[TARGET].cells == (cell(Status.SUPPORTED, date="2026-01-01"),)
