"""Fixtures: the sample functions, measured once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import run
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.results.model import Cell, Record

PACKAGES = Path(__file__).parents[1] / "packages"
TARGETS = [
    "portable",
    "through_numpy",
    "numpy_only",
    "branches",
    "mean",
    "widens",
    "off_by_one",
    "moments",
    "noise",
    "window",
    "array_like",
    "no_example",
    "no_case",
    "applies",
    "loops",
    "exits",
    "exits_elsewhere",
    "loops_elsewhere",
    "prints",
    "Scaler",
    "Scaler.transform",
    "not_there",
    "adds",
    "Line",
    "applies_numpy",
    "real_only",
    "plain_only",
    "numbers",
    "numbers_only",
    "hides",
    "in_place",
    "forgets_in_place",
    "roots",
    "draws",
    "taller",
]
BACKENDS = ["numpy", "cupy", "torch", "jax", "dask", "array-api-strict"]

CellOf = Callable[..., Cell]


@pytest.fixture(scope="session")
def packages_path() -> Iterator[None]:
    """Make the packages with functions to measure importable."""
    sys.path.insert(0, str(PACKAGES))
    yield
    sys.path.remove(str(PACKAGES))


@pytest.fixture(scope="session")
def sample_record(packages_path: None, tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Return the record of all sample functions."""
    requests = [MeasurementRequest(target=f"samples.{name}") for name in TARGETS]
    measured = run(
        requests,
        Config(backends=BACKENDS, timeout=3.0),
        cache=tmp_path_factory.mktemp("cache"),
        progress=lambda *_: None,
    )
    return measured.records[0]


@pytest.fixture(scope="session")
def cell(sample_record: Record) -> CellOf:
    """Return a function that returns the cell of a target, a backend and a device."""

    def find(target: str, backend: str, device: str = "cpu") -> Cell:
        cells = sample_record.targets[f"samples.{target}"].cells
        return next(c for c in cells if (c.backend, c.device) == (backend, device))

    return find
