"""The records of the showcase, which were measured with several versions of libraries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sphinx_xpcaps.results.history import histories
from sphinx_xpcaps.results.model import Outcome, Record
from sphinx_xpcaps.results.record import read_files

FOLDER = Path(__file__).parents[1] / "docs/showcase/records"
LIBRARIES = ["numpy", "jax", "dask", "array-api-strict"]
TARGETS = ["scipy.fft.idct", "array_api_extra.cov"]


@pytest.fixture(scope="module")
def records() -> tuple[Record, ...]:
    found = read_files(sorted(FOLDER.glob("*.json")))
    assert not found.errors
    return found.records


@pytest.mark.parametrize("backend", LIBRARIES)
@pytest.mark.parametrize("target", TARGETS)
def test_five_versions_of_each_library_were_measured(
    records: tuple[Record, ...], backend: str, target: str
) -> None:
    versions = {
        record.environment.packages[backend]
        for record in records
        if target in record.targets
        for cell in record.targets[target].cells
        if cell.backend == backend and cell.status.measured
    }
    assert len(versions) >= 5


@pytest.mark.parametrize("backend", LIBRARIES)
@pytest.mark.parametrize("target", TARGETS)
def test_readers_see_since_which_version_a_cell_holds(
    records: tuple[Record, ...], backend: str, target: str
) -> None:
    found = [one for one in histories(records, target) if one.backend == backend]
    assert found
    for one in found:
        assert one.library == backend
        assert re.match(r"since|with all measured versions", one.summary)


def test_results_that_changed_with_a_version_are_among_them(records: tuple[Record, ...]) -> None:
    (dask,) = (one for one in histories(records, "array_api_extra.cov") if one.backend == "dask")
    assert str(dask).startswith("supported since Dask 2026.1.3; partial (3 of 7 cases) with 2024.8")


def test_no_result_is_a_timeout_of_a_slow_machine(records: tuple[Record, ...]) -> None:
    reasons = (
        reason
        for record in records
        for target in record.targets.values()
        for cell in target.cells
        for reason in cell.reasons
    )
    assert not [reason for reason in reasons if reason.outcome is Outcome.TIMEOUT]


def test_no_record_names_a_folder_of_the_machine() -> None:
    for file in FOLDER.glob("*.json"):
        assert not re.search(r"/(?:root|home|tmp|usr|work)/", file.read_text("utf-8"))
