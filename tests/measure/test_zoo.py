"""What is measured of functions that behave in every way."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.results.model import Outcome, Record, Status
from tests.measure.conftest import CellOf

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("zoo")]

OTHERS = ["torch", "jax", "dask", "array-api-strict"]


@pytest.mark.parametrize("backend", ["numpy", *OTHERS])
def test_a_portable_function_is_supported_everywhere(cell: CellOf, backend: str) -> None:
    found = cell("portable", backend)
    assert found.status is Status.SUPPORTED
    assert set(found.modes.values()) == {Status.SUPPORTED}
    assert (found.passed, found.total, found.origin) == (1, 1, "docstring")


def test_jax_is_measured_eagerly_and_jitted(cell: CellOf) -> None:
    assert set(cell("portable", "jax").modes) == {"eager", "jit"}


def test_a_conversion_to_numpy_means_no_jit(cell: CellOf) -> None:
    found = cell("through_numpy", "jax")
    assert found.status is Status.PARTIAL
    assert found.notes == ("no JIT",)
    assert [(r.mode, r.exception) for r in found.reasons] == [("jit", "TracerArrayConversionError")]


def test_a_conversion_to_numpy_computes_dask_graphs(cell: CellOf) -> None:
    found = cell("through_numpy", "dask")
    assert found.notes == ("computes graph",)
    assert found.computes == 1
    assert found.modes == {"eager": Status.SUPPORTED, "lazy": Status.UNSUPPORTED}


def test_a_conversion_to_numpy_would_fail_on_a_gpu(cell: CellOf) -> None:
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


def test_a_second_device_that_is_not_the_host_stands_in_for_a_gpu(cell: CellOf) -> None:
    assert cell("portable", "array-api-strict", "other").status is Status.SUPPORTED
    assert cell("through_numpy", "array-api-strict", "other").status is Status.UNSUPPORTED


@pytest.mark.parametrize("backend", OTHERS)
def test_returning_numpy_is_not_support(cell: CellOf, backend: str) -> None:
    found = cell("numpy_only", backend)
    assert found.status is Status.UNSUPPORTED
    assert found.notes == ("returns NumPy",)
    assert found.reasons[0].outcome is Outcome.FOREIGN_OUTPUT


def test_a_look_at_values_is_fine_eagerly_alone(cell: CellOf) -> None:
    assert cell("branches", "torch").status is Status.SUPPORTED
    assert cell("branches", "jax").notes == ("no JIT",)
    assert cell("branches", "dask").notes == ("computes graph",)


def test_integers_of_an_example_make_it_floating_only(cell: CellOf) -> None:
    assert cell("mean", "numpy").status is Status.SUPPORTED
    found = cell("mean", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("floating only",)


def test_a_wider_dtype_is_named(cell: CellOf) -> None:
    found = cell("widens", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("float32 → float64",)


def test_other_values_are_not_support(cell: CellOf) -> None:
    found = cell("off_by_one", "jax")
    assert found.status is Status.UNSUPPORTED
    assert found.notes == ("wrong values",)


def test_some_cases_of_several_are_partial_and_say_which(cell: CellOf) -> None:
    found = cell("moments", "torch")
    assert found.status is Status.PARTIAL
    assert (found.passed, found.total) == (1, 2)
    assert found.notes[0] == "1 of 2 cases: works without scale="
    assert found.reasons[0].call is not None
    assert "scale" in found.reasons[0].call


def test_random_values_are_not_compared_and_it_says_so(cell: CellOf) -> None:
    found = cell("noise", "torch")
    assert found.status is Status.SUPPORTED
    assert found.notes == ("values not compared: random",)


def test_a_function_of_sizes_is_called_with_the_namespace(cell: CellOf) -> None:
    assert cell("window", "torch").status is Status.SUPPORTED
    assert cell("window", "array-api-strict", "other").status is Status.SUPPORTED


def test_documented_array_likes_are_converted_and_axes_are_not(cell: CellOf) -> None:
    assert cell("array_like", "torch").status is Status.SUPPORTED


def test_a_function_of_the_example_sees_the_backend_as_np(cell: CellOf) -> None:
    assert cell("applies", "torch").status is Status.SUPPORTED
    assert cell("applies", "array-api-strict").status is Status.SUPPORTED


def test_without_an_example_the_signature_gives_the_case(cell: CellOf) -> None:
    found = cell("no_example", "torch")
    assert found.status is Status.SUPPORTED
    assert found.origin == "signature"


def test_without_any_case_nothing_is_claimed(cell: CellOf) -> None:
    found = cell("no_case", "torch")
    assert found.status is Status.NOT_MEASURED
    assert found.reasons[0].outcome is Outcome.NO_CASE


@pytest.mark.parametrize(("target", "word"), [("loops", "timeout"), ("exits", "crash")])
def test_an_example_that_is_lost_under_numpy_costs_its_own_cells(
    cell: CellOf, target: str, word: str
) -> None:
    assert cell(target, "numpy").status is Status.UNSUPPORTED
    assert cell(target, "numpy").notes == (word,)
    other = cell(target, "torch")
    assert other.status is Status.NOT_MEASURED
    assert word in other.reasons[0].message


@pytest.mark.parametrize(
    ("target", "outcome"),
    [("loops_elsewhere", Outcome.TIMEOUT), ("exits_elsewhere", Outcome.CRASH)],
)
def test_a_worker_that_is_lost_is_replaced_and_the_loss_recorded(
    cell: CellOf, target: str, outcome: Outcome
) -> None:
    assert cell(target, "numpy").status is Status.SUPPORTED
    found = cell(target, "torch")
    assert found.status is Status.UNSUPPORTED
    assert found.reasons[0].outcome is outcome


def test_what_a_function_prints_goes_nowhere(cell: CellOf) -> None:
    assert cell("prints", "torch").status is Status.SUPPORTED


@pytest.mark.parametrize("backend", OTHERS)
def test_a_class_is_measured_through_the_methods_of_its_example(cell: CellOf, backend: str) -> None:
    assert cell("Scaler", backend).status is Status.SUPPORTED


def test_a_method_has_cells_of_its_own_from_its_class_example(cell: CellOf, zoo: Record) -> None:
    assert zoo.targets["zoo.Scaler.transform"].kind == "method"
    assert cell("Scaler.transform", "torch").status is Status.SUPPORTED
    assert cell("Scaler.transform", "torch").total == 1


def test_a_target_that_does_not_exist_says_so(cell: CellOf, zoo: Record) -> None:
    assert zoo.targets["zoo.not_there"].kind == "missing"
    message = cell("not_there", "torch").reasons[0].message
    assert message == "module 'zoo' has no attribute 'not_there'"


def test_nothing_is_claimed_of_a_library_or_device_that_is_not_there(cell: CellOf) -> None:
    found = cell("portable", "cupy", "gpu")
    if found.status is Status.NOT_MEASURED:
        assert "cupy" in found.reasons[0].message
    assert cell("portable", "cupy", "cpu").status is Status.NOT_APPLICABLE
    assert cell("portable", "numpy", "gpu").status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("backend", OTHERS)
def test_an_object_among_the_arguments_is_made_by_its_constructor(
    cell: CellOf, backend: str
) -> None:
    assert cell("adds", backend).status is Status.SUPPORTED


def test_calling_an_object_of_the_example_counts_for_its_class(cell: CellOf) -> None:
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


def test_complex_examples_are_tried_with_real_numbers_too(cell: CellOf) -> None:
    found = cell("real_only", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("real only",)
    assert found.reasons[0].message == "only real numbers"


def test_what_works_without_an_option_is_found_though_no_example_shows_it(cell: CellOf) -> None:
    found = cell("plain_only", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("1 of 2 cases: works without fast=",)
    assert cell("plain_only", "numpy").total == 1


def test_a_function_of_numbers_is_called_with_arrays_without_dimensions(cell: CellOf) -> None:
    assert cell("numbers", "torch").status is Status.SUPPORTED
    found = cell("numbers_only", "torch")
    assert found.status is Status.UNSUPPORTED
    assert found.notes == ("returns Python numbers",)


def test_nothing_is_claimed_where_nothing_can_be_compared(cell: CellOf) -> None:
    found = cell("hides", "torch")
    assert found.status is Status.NOT_MEASURED
    assert found.reasons[0].message == "what it returns shows neither arrays nor numbers"


def test_a_function_that_returns_nothing_is_judged_by_its_arguments(cell: CellOf) -> None:
    assert cell("in_place", "torch").status is Status.SUPPORTED
    assert cell("forgets_in_place", "torch").notes == ("wrong values",)


def test_complex_numbers_are_fine_where_numpy_looks_whether_it_needs_them(cell: CellOf) -> None:
    found = cell("roots", "torch")
    assert found.status is Status.PARTIAL
    assert found.notes == ("float32 → complex64",)


def test_a_generator_inside_a_container_starts_afresh_for_each_replay(cell: CellOf) -> None:
    assert cell("samples", "torch").status is Status.SUPPORTED


def test_documented_shapes_are_kept_in_calls_that_are_made_up(cell: CellOf) -> None:
    found = cell("taller", "jax")
    assert (found.status, found.origin) == (Status.SUPPORTED, "signature")
