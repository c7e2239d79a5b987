"""Functions that misbehave do not affect the cells of other functions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import run
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.results.model import Cell, Outcome

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BENCHMARKS.exists(), reason="uses the functions of the benchmark"),
    pytest.mark.skipif(sys.platform != "linux", reason="isolation is complete only on Linux"),
]
NAMES = {
    "seterr_a",
    "environ_clear_a",
    "numpy_replaced_e",
    "builtin_replaced_e",
    "own_helper_e",
    "module_none_a",
    "torch_dtype_e",
    "torch_mode_e",
    "alarm_e",
    "thread_exit_later_e",
    "child_session_e",
    "fork_return_a",
    "write_frames_e",
    "descriptors_closed_e",
    "collected_state_a",
    "surrogate_e",
    "str_raises_e",
    "exit_a",
    "file_left_a",
}
GOOD = 24


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def cells(
    names: Sequence[str], cache: Path, *, jobs: int = 2
) -> dict[str, list[tuple[object, ...]]]:
    """Return what is measured of each function, without the keys of the cells."""
    measured = run(
        [MeasurementRequest(target=name) for name in names],
        Config(backends=["numpy", "torch"], devices=["cpu"], jobs=jobs, timeout=60.0),
        cache=cache,
        progress=lambda *_: None,
    )
    targets = measured.records[0].targets
    return {name: list(map(_facts, targets[name].cells)) for name in names}


def _facts(cell: Cell) -> tuple[object, ...]:
    return cell.backend, cell.status, cell.notes, cell.passed, cell.total, cell.reasons


def test_functions_that_misbehave_do_not_affect_other_cells(
    benchmark: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from isolation import write_package
    from misbehaving import MISBEHAVIORS

    monkeypatch.syspath_prepend(str(tmp_path))
    bad = [each for each in MISBEHAVIORS if each.name in NAMES]
    assert len(bad) == len(NAMES)
    good, others = write_package(tmp_path, GOOD, bad, order=1)
    expected = cells(good, tmp_path / "alone")
    found = cells([*good, *others], tmp_path / "together")
    assert {name: found[name] for name in good} == expected

    outcomes = {
        name: [reason.outcome for cell in found[target] for reason in cell[-1]]  # type: ignore[attr-defined]
        for target in others
        for name in NAMES
        if target.endswith(f"_{name}")
    }
    assert Outcome.CRASH in outcomes["exit_a"]
    assert Outcome.RAISED in outcomes["str_raises_e"]
    assert Outcome.RAISED in outcomes["surrogate_e"]
