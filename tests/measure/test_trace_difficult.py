"""The optional mode trace, with functions that are difficult to trace."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import run
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.results.model import Cell, Record, Status

NAMES = ["explained", "filled", "gathered", "lenient", "length", "ordered", "refused"]


@pytest.fixture(scope="module")
def record(packages_path: None, tmp_path_factory: pytest.TempPathFactory) -> Record:
    requests = [MeasurementRequest(target=f"trace_samples.{name}") for name in NAMES]
    config = Config(backends=["numpy", "dask"], modes=["trace"])
    cache = tmp_path_factory.mktemp("hidden")
    return run(requests, config, cache=cache, progress=lambda *_: None).records[0]


def cell(record: Record, name: str, backend: str = "numpy") -> Cell:
    cells = record.targets[f"trace_samples.{name}"].cells
    return next(one for one in cells if (one.backend, one.device) == (backend, "cpu"))


def test_a_function_with_the_name_of_an_internal_function_is_traced(record: Record) -> None:
    graph = cell(record, "ordered").graph
    assert graph is not None
    assert [node.name for node in graph.nodes] == ["x", "item", "add"]


def test_a_data_dependent_error_that_was_caught_is_noted_without_a_graph(record: Record) -> None:
    found = cell(record, "lenient")
    (note,) = found.notes
    assert note.startswith("data-dependent: int() on a traced array at trace_samples/__init__.py:")
    assert found.graph is None


@pytest.mark.parametrize(("name", "conversion"), [("filled", "float()"), ("explained", "float()")])
def test_a_data_dependent_error_is_noted_if_another_error_hides_it(
    record: Record, name: str, conversion: str
) -> None:
    (note,) = cell(record, name).notes
    assert note.startswith(
        f"data-dependent: {conversion} on a traced array at trace_samples/__init__.py:"
    )


def test_variadic_arguments_have_the_name_of_their_parameter(record: Record) -> None:
    graph = cell(record, "gathered").graph
    assert graph is not None
    assert [node.name for node in graph.nodes][:2] == ["first", "others"]


def test_a_missing_function_is_not_noted_if_the_error_has_another_reason(
    record: Record,
) -> None:
    assert cell(record, "refused", "dask").notes == ("TypeError",)


def test_a_result_that_depends_on_the_shape_only_is_traced(record: Record) -> None:
    found = cell(record, "length")
    assert found.modes["trace"] is Status.SUPPORTED
