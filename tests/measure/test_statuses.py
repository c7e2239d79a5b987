"""Cells of functions that work, and whose measurement is difficult."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.cases.resolve import expand
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import run
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.results.model import Cell, Record, Status

pytestmark = pytest.mark.slow

WORKING = [
    "scaled",
    "ratio",
    "invert",
    "product",
    "grid",
    "bundle",
    "hidden",
    "Hidden",
    "returned",
    "ellipse.double",
    "orthonormal",
    "options",
    "undescribed",
    "Stack.__getitem__",
    "Stack.__matmul__",
    "Stack.__rmul__",
    "Stack.added",
    "window",
    "Labelled",
    "Labelled.doubled",
    "Labelled.data",
    "Marked.doubled",
    "Marked.ones",
    "diagonal",
    "reordered",
]
OTHERS = ["indexed", "ellipse", "seeded", "limited", "rescaled", "counted", "Labelled.values"]


@pytest.fixture(scope="module")
def record(packages_path: None, tmp_path_factory: pytest.TempPathFactory) -> Record:
    requests = [MeasurementRequest(target=f"status_samples.{name}") for name in [*WORKING, *OTHERS]]
    config = Config(backends=["numpy", "torch"])
    cache = tmp_path_factory.mktemp("statuses")
    return run(requests, config, cache=cache, progress=lambda *_: None).records[0]


def cell(record: Record, name: str, backend: str = "torch") -> Cell:
    cells = record.targets[f"status_samples.{name}"].cells
    return next(one for one in cells if (one.backend, one.device) == (backend, "cpu"))


@pytest.mark.parametrize("name", WORKING)
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_function_that_works_is_supported(record: Record, name: str, backend: str) -> None:
    found = cell(record, name, backend)
    assert (found.status, found.notes) == (Status.SUPPORTED, ()), found.reasons


@pytest.mark.parametrize("name", OTHERS)
def test_a_function_that_works_with_numpy_is_supported_by_it(record: Record, name: str) -> None:
    assert cell(record, name, "numpy").status is Status.SUPPORTED


def test_a_limit_to_floats_says_in_how_many_cases(record: Record) -> None:
    assert cell(record, "indexed").notes == ("floating only in 1 of 3 cases",)


def test_a_class_names_the_argument_of_the_constructor_that_fails(record: Record) -> None:
    assert cell(record, "ellipse").notes == ("1 of 2 cases: works without kind=",)


def test_the_argument_that_makes_a_case_fail_is_found_by_leaving_out_others(
    record: Record,
) -> None:
    assert cell(record, "limited").notes == ("1 of 2 cases: fails with metric='host'",)


def test_several_arguments_that_make_a_case_fail_are_found_by_leaving_out_all(
    record: Record,
) -> None:
    assert cell(record, "rescaled").notes == ("1 of 2 cases: works without high=, low=",)


def test_a_case_whose_constructor_fails_does_not_count_for_a_method(record: Record) -> None:
    found = cell(record, "ellipse.double")
    assert found.total == cell(record, "ellipse.double", "numpy").total - 1


def test_values_that_depend_on_a_seed_are_not_compared(record: Record) -> None:
    found = cell(record, "seeded")
    assert found.status is Status.SUPPORTED
    assert found.notes == ("values not compared: random",)


def test_arrays_of_objects_are_arrays_of_numpy(record: Record) -> None:
    found = cell(record, "counted")
    assert (found.status, found.notes) == (Status.UNSUPPORTED, ("returns NumPy",))


def test_a_property_is_a_target(record: Record) -> None:
    assert record.targets["status_samples.Labelled.data"].kind == "property"
    found = cell(record, "Labelled.values")
    assert (found.status, found.notes) == (Status.UNSUPPORTED, ("returns NumPy",))


def test_a_class_is_expanded_to_its_methods_and_properties(packages_path: None) -> None:
    members = ["", ".data", ".doubled", ".ones", ".values"]
    assert expand("status_samples.Marked.*") == tuple(
        f"status_samples.Marked{member}" for member in members
    )


def test_optional_arrays_are_given_and_left_out(record: Record) -> None:
    assert cell(record, "options").total == 2


def test_a_module_without_all_has_what_its_private_modules_define(packages_path: None) -> None:
    names = expand("status_samples")
    assert "status_samples.scaled" in names
    assert not any("array_namespace" in name for name in names)


@pytest.fixture(scope="module")
def torch_record(packages_path: None, tmp_path_factory: pytest.TempPathFactory) -> Record:
    pytest.importorskip("torch")
    requests = [
        MeasurementRequest(target=f"torch_samples.{name}")
        for name in ("score", "shifted", "tensors")
    ]
    config = Config(backends=["numpy", "torch", "array-api-strict"])
    cache = tmp_path_factory.mktemp("torch")
    return run(requests, config, cache=cache, progress=lambda *_: None).records[0]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("score", "needs PyTorch"),
        ("shifted", "needs PyTorch"),
        ("tensors", "returns PyTorch arrays"),
    ],
)
def test_a_function_that_needs_a_library_is_compared_with_it(
    torch_record: Record, name: str, note: str
) -> None:
    cells = {
        one.backend: one
        for one in torch_record.targets[f"torch_samples.{name}"].cells
        if one.device == "cpu"
    }
    assert cells["torch"].status is Status.SUPPORTED
    assert cells["numpy"].status is Status.UNSUPPORTED
    assert cells["numpy"].notes == (note,)
    assert cells["array-api-strict"].status is Status.UNSUPPORTED
