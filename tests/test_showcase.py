"""The records of the showcase, which were measured with several versions of libraries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sphinx_xpcaps.results.history import histories
from sphinx_xpcaps.results.model import Record
from sphinx_xpcaps.results.record import read_records

FILE = Path(__file__).parents[1] / "docs/showcase/records/versions.json"


@pytest.fixture(scope="module")
def records() -> tuple[Record, ...]:
    return read_records(FILE)


@pytest.mark.parametrize("backend", ["numpy", "jax", "dask", "array-api-strict"])
def test_five_versions_of_each_library_were_measured(
    records: tuple[Record, ...], backend: str
) -> None:
    versions = {
        record.environment.packages[backend]
        for record in records
        for cell in record.targets["scipy.fft.idct"].cells
        if cell.backend == backend and cell.status.measured
    }
    assert len(versions) >= 5


@pytest.mark.parametrize("backend", ["numpy", "jax", "dask", "array-api-strict"])
def test_readers_see_since_which_version_a_cell_holds(
    records: tuple[Record, ...], backend: str
) -> None:
    found = [one for one in histories(records, "scipy.fft.idct") if one.backend == backend]
    assert found
    for one in found:
        assert one.library == backend
        assert re.match(r"since|with all measured versions", one.summary)


def test_no_record_names_a_folder_of_the_machine() -> None:
    assert not re.search(r"/(?:root|home|tmp|usr)/", FILE.read_text("utf-8"))
