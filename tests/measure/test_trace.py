"""The optional mode trace."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import run
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.results.model import Cell, NodeKind, Record, Status

NAMES = [
    "branches",
    "determinant",
    "moments",
    "numpy_only",
    "portable",
    "Scaler.transform",
    "window",
]


@pytest.fixture(scope="module")
def record(packages_path: None, tmp_path_factory: pytest.TempPathFactory) -> Record:
    requests = [MeasurementRequest(target=f"samples.{name}") for name in NAMES]
    config = Config(backends=["numpy", "dask"], modes=["trace"])
    cache = tmp_path_factory.mktemp("traced")
    return run(requests, config, cache=cache, progress=lambda *_: None).records[0]


def cell(record: Record, name: str, backend: str = "numpy") -> Cell:
    cells = record.targets[f"samples.{name}"].cells
    return next(one for one in cells if (one.backend, one.device) == (backend, "cpu"))


def test_a_function_that_does_not_depend_on_values_is_supported(record: Record) -> None:
    for name in ("portable", "determinant", "Scaler.transform"):
        assert cell(record, name).modes["trace"] is Status.SUPPORTED
        assert cell(record, name).status is Status.SUPPORTED


def test_the_note_on_a_function_that_depends_on_a_value_has_the_line(record: Record) -> None:
    found = cell(record, "branches")
    assert found.status is Status.SUPPORTED
    assert found.modes["trace"] is Status.UNSUPPORTED
    (note,) = found.notes
    assert note.startswith("data-dependent: bool() on a traced array at samples/__init__.py:")
    (reason,) = found.reasons
    assert reason.mode == "trace"
    assert "xp.where" in reason.message
    assert cell(record, "numpy_only").notes[0].startswith("data-dependent: conversion to NumPy")


def test_another_error_during_tracing_is_not_data_dependent(record: Record) -> None:
    found = cell(record, "moments")
    assert found.notes == ("cannot be traced in 1 of 2 cases",)
    assert found.modes["trace"] is Status.PARTIAL


def test_the_graph_has_the_names_of_arguments_and_operations(record: Record) -> None:
    graph = cell(record, "determinant").graph
    assert graph is not None
    assert graph.functions == ("abs", "linalg.det", "sqrt")
    assert [node.name for node in graph.nodes] == ["x", "linalg.det", "abs", "sqrt"]
    assert [node.operands for node in graph.nodes] == [(), (0,), (1,), (2,)]
    assert graph.nodes[0].kind is NodeKind.INPUT
    assert graph.nodes[0].array == "(2, 2) float64"
    assert [node.output for node in graph.nodes] == [False, False, False, True]


def test_arrays_in_objects_are_traced(record: Record) -> None:
    graph = cell(record, "Scaler.transform").graph
    assert graph is not None
    assert graph.functions == ("multiply", "subtract")


def test_a_call_without_arrays_has_no_graph(record: Record) -> None:
    assert cell(record, "window").graph is None


def test_the_note_on_a_failure_names_the_functions_that_the_library_lacks(record: Record) -> None:
    found = cell(record, "determinant", "dask")
    assert found.status is Status.UNSUPPORTED
    assert found.notes == ("needs linalg.det, which Dask lacks",)
    assert found.reasons[0].exception == "AttributeError"
    assert cell(record, "numpy_only", "dask").notes == ("returns NumPy",)
