"""Optional modes: grad, vmap, and jit of PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from unittest.mock import Mock

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import run
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.measure.workers.worker_process import WorkerProcess
from sphinx_xpcaps.results.model import Cell, Outcome, Record, Status
from tests.measure.conftest import CellOf

pytestmark = pytest.mark.slow

TARGETS = [
    "square",
    "of_integers",
    "spectrum",
    "magnitude",
    "distance",
    "steps",
    "positions",
    "balanced",
    "cut_off",
    "half",
    "guarded",
    "through_numpy",
    "branches",
    "differs_when_mapped",
    "noise",
]
BOTH = pytest.mark.parametrize("backend", ["torch", "jax"])


@dataclass(frozen=True)
class Measurement:
    """The record of the functions, and how many worker processes were started for it."""

    record: Record
    processes: int


@pytest.fixture(scope="module")
def measurement(packages_path: None, tmp_path_factory: pytest.TempPathFactory) -> Measurement:
    """Measure the functions once."""
    with pytest.MonkeyPatch.context() as patch:
        started = Mock(side_effect=WorkerProcess)
        patch.setattr("sphinx_xpcaps.measure.workers.worker.WorkerProcess", started)
        measured = run(
            [MeasurementRequest(target=f"mode_samples.{name}") for name in TARGETS],
            Config(backends=["torch", "jax"], devices=["cpu"], modes=["grad", "vmap", "jit"]),
            cache=tmp_path_factory.mktemp("cache"),
            progress=lambda *_: None,
        )
    return Measurement(measured.records[0], started.call_count)


@pytest.fixture(scope="module")
def cell(measurement: Measurement) -> CellOf:
    """Return a function that returns the cell of a target and a backend."""
    targets = measurement.record.targets

    def find(target: str, backend: str) -> Cell:
        return next(c for c in targets[f"mode_samples.{target}"].cells if c.backend == backend)

    return find


@BOTH
@pytest.mark.parametrize("target", ["square", "of_integers", "spectrum"])
def test_a_differentiable_function_is_supported_in_all_modes(
    cell: CellOf, target: str, backend: str
) -> None:
    found = cell(target, backend)
    assert found.status is Status.SUPPORTED
    assert found.modes == dict.fromkeys(("eager", "jit", "grad", "vmap"), Status.SUPPORTED)


@BOTH
@pytest.mark.parametrize("target", ["magnitude", "distance", "steps"])
def test_a_kink_or_a_jump_at_the_example_is_not_a_wrong_gradient(
    cell: CellOf, target: str, backend: str
) -> None:
    assert cell(target, backend).modes["grad"] is Status.SUPPORTED


@BOTH
def test_the_gradient_of_an_integer_result_is_not_applicable(cell: CellOf, backend: str) -> None:
    found = cell("positions", backend)
    assert found.modes["grad"] is Status.NOT_APPLICABLE
    assert found.modes["vmap"] is Status.SUPPORTED
    assert found.status is Status.SUPPORTED


@BOTH
def test_the_gradient_is_not_applicable_if_the_function_refuses_other_arguments(
    cell: CellOf, backend: str
) -> None:
    assert cell("balanced", backend).modes["grad"] is Status.NOT_APPLICABLE


@BOTH
def test_grad_and_vmap_are_not_applicable_to_random_values(cell: CellOf, backend: str) -> None:
    found = cell("noise", backend)
    assert found.modes["grad"] is Status.NOT_APPLICABLE
    assert found.modes["vmap"] is Status.NOT_APPLICABLE


@BOTH
def test_a_gradient_of_zero_is_noted(cell: CellOf, backend: str) -> None:
    found = cell("cut_off", backend)
    assert found.status is Status.PARTIAL
    assert found.notes == ("no gradient",)
    assert found.modes["grad"] is Status.UNSUPPORTED


@BOTH
def test_a_conversion_to_numpy_prevents_grad_and_vmap(cell: CellOf, backend: str) -> None:
    notes = cell("through_numpy", backend).notes
    assert {"no gradient", "no vmap"} <= set(notes)


@BOTH
def test_a_gradient_that_differs_from_finite_differences_is_wrong(
    cell: CellOf, backend: str
) -> None:
    found = cell("half", backend)
    assert found.notes == ("wrong gradient",)
    [reason] = found.reasons
    assert reason.outcome is Outcome.WRONG_VALUES
    assert "where finite differences give" in reason.message


@BOTH
def test_a_gradient_that_is_nan_where_the_function_is_smooth_is_wrong(
    cell: CellOf, backend: str
) -> None:
    found = cell("guarded", backend)
    assert found.notes == ("wrong gradient",)
    assert "not finite" in found.reasons[0].message


@BOTH
def test_a_function_that_depends_on_a_value_has_a_gradient_but_no_vmap(
    cell: CellOf, backend: str
) -> None:
    found = cell("branches", backend)
    assert "no vmap" in found.notes
    assert found.modes["grad"] is Status.SUPPORTED


@BOTH
def test_other_values_under_vmap_have_a_note(cell: CellOf, backend: str) -> None:
    found = cell("differs_when_mapped", backend)
    assert found.notes == ("wrong under vmap",)
    assert found.reasons[0].outcome is Outcome.WRONG_VALUES


def test_a_function_that_depends_on_a_value_breaks_the_graph_of_pytorch(cell: CellOf) -> None:
    found = cell("branches", "torch")
    assert "graph breaks" in found.notes
    [reason] = [r for r in found.reasons if r.mode == "jit"]
    assert reason.exception in ("Unsupported", "UserError")
    assert "data-dependent" in reason.message.lower()
    assert "no JIT" in cell("branches", "jax").notes


def test_numpy_functions_are_part_of_the_graph_of_pytorch(cell: CellOf) -> None:
    assert cell("through_numpy", "torch").modes["jit"] is Status.SUPPORTED
    assert cell("through_numpy", "jax").modes["jit"] is Status.UNSUPPORTED


def test_a_worker_process_compiles_many_functions(measurement: Measurement) -> None:
    assert measurement.processes < len(TARGETS)
