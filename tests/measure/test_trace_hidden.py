"""The mode that traces, on functions that hide what they do."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import run
from sphinx_xpcaps.measure.request import Request
from sphinx_xpcaps.results.model import Cell, Record, Status

NAMES = ["explained", "filled", "gathered", "lenient", "length", "ordered", "refused"]


@pytest.fixture(scope="module")
def record(zoo_path: None, tmp_path_factory: pytest.TempPathFactory) -> Record:
    requests = [Request(target=f"sly.{name}") for name in NAMES]
    config = Config(backends=["numpy", "dask"], modes=["trace"])
    cache = tmp_path_factory.mktemp("hidden")
    return run(requests, config, cache=cache, progress=lambda *_: None).records[0]


def cell(record: Record, name: str, backend: str = "numpy") -> Cell:
    cells = record.targets[f"sly.{name}"].cells
    return next(one for one in cells if (one.backend, one.device) == (backend, "cpu"))


def test_a_function_with_a_name_of_ours_is_traced_as_any_other(record: Record) -> None:
    graph = cell(record, "ordered").graph
    assert graph is not None
    assert [node.name for node in graph.nodes] == ["x", "item", "add"]


def test_a_refusal_that_was_caught_is_told_and_nothing_is_drawn(record: Record) -> None:
    found = cell(record, "lenient")
    (note,) = found.notes
    assert note.startswith("data-dependent: int() on a traced array at sly/__init__.py:")
    assert found.graph is None


@pytest.mark.parametrize(("name", "asked"), [("filled", "float()"), ("explained", "float()")])
def test_a_refusal_behind_another_error_is_told(record: Record, name: str, asked: str) -> None:
    (note,) = cell(record, name).notes
    assert note.startswith(f"data-dependent: {asked} on a traced array at sly/__init__.py:")


def test_arrays_of_any_number_have_the_name_of_all(record: Record) -> None:
    graph = cell(record, "gathered").graph
    assert graph is not None
    assert [node.name for node in graph.nodes][:2] == ["first", "others"]


def test_a_function_is_not_said_to_lack_where_the_error_is_about_something_else(
    record: Record,
) -> None:
    assert cell(record, "refused", "dask").notes == ("TypeError",)


def test_what_needs_no_arrays_to_be_computed_is_traced(record: Record) -> None:
    found = cell(record, "length")
    assert found.modes["trace"] is Status.SUPPORTED
