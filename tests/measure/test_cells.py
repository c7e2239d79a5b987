"""Cells of functions that behave in different ways."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.results.model import Outcome, Record, Status
from tests.measure.conftest import CellOf

pytestmark = pytest.mark.slow

OTHERS = ["torch", "jax", "dask", "array-api-strict"]


@pytest.mark.parametrize("backend", ["numpy", *OTHERS])
def test_a_portable_function_is_supported_by_all_libraries(cell: CellOf, backend: str) -> None:
    found = cell("portable", backend)
    assert found.status is Status.SUPPORTED
    assert set(found.modes.values()) == {Status.SUPPORTED}
    assert (found.passed, found.total, found.origin) == (1, 1, "docstring")


def test_jax_is_measured_eagerly_and_jitted(cell: CellOf) -> None:
    assert set(cell("portable", "jax").modes) == {"eager", "jit"}


def test_a_function_that_converts_to_numpy_has_no_jit(cell: CellOf) -> None:
    found = cell("through_numpy", "jax")
    assert found.status is Status.PARTIAL
    assert found.notes == ("no JIT",)
    assert [(r.mode, r.exception) for r in found.reasons] == [("jit", "TracerArrayConversionError")]


def test_a_function_that_converts_to_numpy_computes_the_graph_of_dask(cell: CellOf) -> None:
    found = cell("through_numpy", "dask")
    assert found.notes == ("computes graph",)
    assert found.computes == 1
    assert found.modes == {"eager": Status.SUPPORTED, "lazy": Status.UNSUPPORTED}


def test_a_function_that_converts_to_numpy_is_expected_to_fail_on_a_gpu(cell: CellOf) -> None:
    found = cell("through_numpy", "torch", "gpu")
    if found.status is not Status.NOT_MEASURED:
        pytest.skip("there is a GPU")
    assert cell("through_numpy", "torch").host_transfer
    assert found.expected is not None
    assert found.expected.status is Status.UNSUPPORTED
    assert found.expected.reason == "converts to NumPy"


def test_a_portable_function_is_expected_to_work_on_a_gpu(cell: CellOf) -> None:
    found = cell("portable", "torch", "gpu")
    if found.status is not Status.NOT_MEASURED:
        pytest.skip("there is a GPU")
    assert found.expected is not None
    assert found.expected.status is Status.SUPPORTED


def test_the_second_device_of_array_api_strict_is_measured_instead_of_a_gpu(cell: CellOf) -> None:
    assert cell("portable", "array-api-strict", "other").status is Status.SUPPORTED
    assert cell("through_numpy", "array-api-strict", "other").status is Status.UNSUPPORTED


@pytest.mark.parametrize("backend", OTHERS)
def test_a_function_that_returns_numpy_arrays_is_unsupported(cell: CellOf, backend: str) -> None:
    found = cell("numpy_only", backend)
    assert found.status is Status.UNSUPPORTED
    assert found.notes == ("returns NumPy",)
    assert found.reasons[0].outcome is Outcome.FOREIGN_OUTPUT


def test_a_function_that_depends_on_a_value_works_eagerly_only(cell: CellOf) -> None:
    assert cell("branches", "torch").status is Status.SUPPORTED
    assert cell("branches", "jax").notes == ("no JIT",)
    assert cell("branches", "dask").notes == ("computes graph",)


def test_an_example_of_integers_that_works_with_floats_only_is_noted(cell: CellOf) -> None:
    assert cell("mean", "numpy").status is Status.SUPPORTED
    found = cell("mean", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("floating only",)


def test_a_wider_dtype_is_noted(cell: CellOf) -> None:
    found = cell("widens", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("float32 → float64",)


def test_a_function_that_returns_wrong_values_is_unsupported(cell: CellOf) -> None:
    found = cell("off_by_one", "jax")
    assert found.status is Status.UNSUPPORTED
    assert found.notes == ("wrong values",)


def test_the_note_on_failing_cases_names_the_argument_that_they_share(cell: CellOf) -> None:
    found = cell("moments", "torch")
    assert found.status is Status.PARTIAL
    assert (found.passed, found.total) == (1, 2)
    assert found.notes[0] == "1 of 2 cases: works without scale="
    assert found.reasons[0].call is not None
    assert "scale" in found.reasons[0].call


def test_random_values_are_not_compared_which_is_noted(cell: CellOf) -> None:
    found = cell("noise", "torch")
    assert found.status is Status.SUPPORTED
    assert found.notes == ("values not compared: random",)


def test_a_function_of_sizes_is_called_with_the_namespace(cell: CellOf) -> None:
    assert cell("window", "torch").status is Status.SUPPORTED
    assert cell("window", "array-api-strict", "other").status is Status.SUPPORTED


def test_array_like_arguments_are_converted_and_axes_are_not(cell: CellOf) -> None:
    assert cell("array_like", "torch").status is Status.SUPPORTED


def test_in_a_function_of_the_example_np_is_the_namespace_of_the_backend(cell: CellOf) -> None:
    assert cell("applies", "torch").status is Status.SUPPORTED
    assert cell("applies", "array-api-strict").status is Status.SUPPORTED


def test_a_case_is_made_from_the_signature_if_there_is_no_example(cell: CellOf) -> None:
    found = cell("no_example", "torch")
    assert found.status is Status.SUPPORTED
    assert found.origin == "signature"


def test_a_function_without_a_case_is_not_measured(cell: CellOf) -> None:
    found = cell("no_case", "torch")
    assert found.status is Status.NOT_MEASURED
    assert found.reasons[0].outcome is Outcome.NO_CASE


@pytest.mark.parametrize(("target", "note"), [("loops", "timeout"), ("exits", "crash")])
def test_a_timeout_or_crash_of_an_example_under_numpy_is_in_the_cells_of_its_target(
    cell: CellOf, target: str, note: str
) -> None:
    assert cell(target, "numpy").status is Status.UNSUPPORTED
    assert cell(target, "numpy").notes == (note,)
    other = cell(target, "torch")
    assert other.status is Status.NOT_MEASURED
    assert note in other.reasons[0].message


@pytest.mark.parametrize(
    ("target", "outcome"),
    [("loops_elsewhere", Outcome.TIMEOUT), ("exits_elsewhere", Outcome.CRASH)],
)
def test_a_lost_worker_is_replaced_and_its_loss_recorded(
    cell: CellOf, target: str, outcome: Outcome
) -> None:
    assert cell(target, "numpy").status is Status.SUPPORTED
    found = cell(target, "torch")
    assert found.status is Status.UNSUPPORTED
    assert found.reasons[0].outcome is outcome


def test_output_of_a_function_is_discarded(cell: CellOf) -> None:
    assert cell("prints", "torch").status is Status.SUPPORTED


@pytest.mark.parametrize("backend", OTHERS)
def test_a_class_is_measured_through_the_methods_of_its_example(cell: CellOf, backend: str) -> None:
    assert cell("Scaler", backend).status is Status.SUPPORTED


def test_a_method_is_measured_through_the_example_of_its_class(
    cell: CellOf, sample_record: Record
) -> None:
    assert sample_record.targets["samples.Scaler.transform"].kind == "method"
    assert cell("Scaler.transform", "torch").status is Status.SUPPORTED
    assert cell("Scaler.transform", "torch").total == 1


def test_a_target_that_does_not_exist_is_missing(cell: CellOf, sample_record: Record) -> None:
    assert sample_record.targets["samples.not_there"].kind == "missing"
    message = cell("not_there", "torch").reasons[0].message
    assert message == "module 'samples' has no attribute 'not_there'"


def test_a_library_or_device_that_is_not_available_is_not_measured(cell: CellOf) -> None:
    found = cell("portable", "cupy", "gpu")
    if found.status is Status.NOT_MEASURED:
        assert "cupy" in found.reasons[0].message
    assert cell("portable", "cupy", "cpu").status is Status.NOT_APPLICABLE
    assert cell("portable", "numpy", "gpu").status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("backend", OTHERS)
def test_an_object_among_the_arguments_is_created_by_its_constructor(
    cell: CellOf, backend: str
) -> None:
    assert cell("adds", backend).status is Status.SUPPORTED


def test_a_call_of_an_object_of_the_example_is_a_case_of_its_class(cell: CellOf) -> None:
    assert cell("Line", "numpy").status is Status.SUPPORTED
    found = cell("Line", "torch")
    assert found.status is Status.UNSUPPORTED
    assert found.reasons[0].message == "only NumPy's arrays"


@pytest.mark.parametrize("backend", OTHERS)
def test_a_function_that_a_library_lacks_is_called_on_the_host(cell: CellOf, backend: str) -> None:
    found = cell("applies_numpy", backend)
    assert found.modes["eager"] is Status.SUPPORTED
    assert not found.host_transfer
    assert found.computes == 0


def test_complex_examples_are_run_with_real_numbers_too(cell: CellOf) -> None:
    found = cell("real_only", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("real only",)
    assert found.reasons[0].message == "only real numbers"


def test_a_function_is_run_without_an_option_that_all_examples_give(cell: CellOf) -> None:
    found = cell("plain_only", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("1 of 2 cases: works without fast=",)
    assert cell("plain_only", "numpy").passed == 2


def test_a_function_of_numbers_is_called_with_arrays_without_dimensions(cell: CellOf) -> None:
    assert cell("numbers", "torch").status is Status.SUPPORTED
    found = cell("numbers_only", "torch")
    assert found.status is Status.UNSUPPORTED
    assert found.notes == ("returns Python numbers",)


def test_a_result_that_cannot_be_compared_is_not_measured(cell: CellOf) -> None:
    found = cell("hides", "torch")
    assert found.status is Status.NOT_MEASURED
    assert found.reasons[0].message.startswith("its result has neither arrays nor numbers")


def test_a_function_that_returns_nothing_is_compared_by_its_arguments(cell: CellOf) -> None:
    assert cell("in_place", "torch").status is Status.SUPPORTED
    assert cell("forgets_in_place", "torch").notes == ("wrong values",)


def test_complex_values_are_accepted_if_numpy_chooses_real_ones_by_value(cell: CellOf) -> None:
    found = cell("roots", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("float32 → complex64",)


def test_a_random_generator_in_a_container_starts_with_the_same_state_in_each_run(
    cell: CellOf,
) -> None:
    assert cell("draws", "torch").status is Status.SUPPORTED


def test_made_up_arguments_have_the_documented_shapes(cell: CellOf) -> None:
    found = cell("taller", "jax")
    assert (found.status, found.origin) == (Status.SUPPORTED, "signature")
