"""From the runs of cases to a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from core.notes import DtypeChange, Note
from sphinx_xpcaps.cases.model import Problem, VariantName
from sphinx_xpcaps.measure.judging.judge import judge
from sphinx_xpcaps.measure.model import (
    CaseRun,
    CaseRunKey,
    CaseSummary,
    Group,
    GroupResult,
    LostCall,
    TargetRuns,
)
from sphinx_xpcaps.results.model import Cell, Outcome, Status


def run(
    case: int = 0,
    *,
    variant: str = VariantName.AS_WRITTEN,
    mode: str = "eager",
    outcome: Outcome = Outcome.PASS,
    **facts: Any,
) -> CaseRun:
    return CaseRun(key=CaseRunKey(case, variant, "arrays", mode), outcome=outcome, **facts)


def failed(case: int = 0, exception: str = "TypeError", **facts: Any) -> CaseRun:
    return run(case, outcome=Outcome.RAISED, exception=exception, **facts)


def cell_of(
    *runs: CaseRun,
    backend: str = "jax",
    modes: tuple[str, ...] = ("eager",),
    only_draws: bool = False,
    arguments: Sequence[tuple[str, ...]] = (),
    lost: tuple[LostCall, ...] = (),
    **facts: Any,
) -> Cell:
    """Judge runs of as many cases as their keys name."""
    count = max(each.key.case for each in runs) + 1
    summary = CaseSummary(text="f(x)", origin="docstring", reproducible=True)
    summary = replace(summary, **facts)
    cases = [
        replace(summary, arguments=arguments[i]) if arguments else summary for i in range(count)
    ]
    group = Group(backend=backend, device="cpu", modes=modes, only_draws=only_draws)
    target_runs = TargetRuns(target="f", group=group, cases=tuple(cases), runs=runs)
    result = GroupResult(target="f", group=group, runs=target_runs, lost=lost)
    return judge(result, key="key")


def test_a_target_whose_cases_pass_is_supported() -> None:
    found = cell_of(run(0), run(1))
    assert found.status is Status.SUPPORTED
    assert (found.notes, found.passed, found.total) == ((), 2, 2)


def test_the_note_on_a_target_that_raises_is_the_exception() -> None:
    found = cell_of(failed(message="no"))
    assert (found.status, found.notes) == (Status.UNSUPPORTED, ("TypeError",))
    assert found.reasons[0].message == "no"


def test_a_note_of_a_run_is_preferred_to_that_of_its_outcome() -> None:
    foreign = run(outcome=Outcome.FOREIGN_OUTPUT)
    assert cell_of(foreign).notes == ("returns NumPy",)
    numbers = replace(foreign, note=Note.RETURNS_PYTHON_NUMBERS)
    assert cell_of(numbers).notes == ("returns Python numbers",)


def test_cases_that_were_not_run_are_not_measured() -> None:
    found = cell_of(run(outcome=Outcome.NOT_RUN, message="cannot be converted"))
    assert (found.status, found.notes) == (Status.NOT_MEASURED, ("cannot be converted",))


def test_the_argument_that_failing_cases_share_is_in_the_note() -> None:
    found = cell_of(run(0), failed(1), arguments=[("x",), ("x", "scale")])
    assert found.status is Status.PARTIAL
    assert found.notes == ("1 of 2 cases: works without scale=",)
    found = cell_of(run(0), failed(1), arguments=[("x", "mode='a'"), ("x", "mode='b'")])
    assert found.notes == ("1 of 2 cases: fails with mode='b'",)


def test_each_failing_call_has_the_argument_in_which_it_differs_from_those_that_pass() -> None:
    arguments = [
        ("axis", "axis=0", "x", "1-D x"),
        ("axis", "axis=None", "x", "1-D x"),
        ("axis", "axis=0", "x", "2-D x", "complex x"),
        ("axis", "axis=0", "weights", "1-D weights", "x", "1-D x"),
        ("axis", "axis=1", "order", "x", "1-D x"),
    ]
    found = cell_of(run(0), *map(failed, range(1, 5)), arguments=arguments)
    causes = [reason.cause for reason in found.reasons]
    assert causes == ["axis=None", "2-D complex x", "weights=", None]
    assert found.notes == ("1 of 5 cases",)


def test_an_argument_that_only_the_failing_call_lacks_is_its_cause() -> None:
    found = cell_of(run(0), failed(1), arguments=[("x", "y"), ("x",)])
    assert found.notes == ("1 of 2 cases: fails without y=",)
    assert found.reasons[0].cause == "without y="
    found = cell_of(run(0), failed(1), arguments=[("1-D x", "x", "y"), ("2-D x", "x")])
    assert (found.notes, found.reasons[0].cause) == (("1 of 2 cases",), None)


def test_an_argument_of_a_mode_is_found_among_the_cases_that_work_eagerly() -> None:
    runs = [run(0), run(1), failed(2), run(0, mode="jit"), failed(1, mode="jit")]
    arguments = [("x",), ("n", "n=2", "x"), ("n", "n=3", "x")]
    found = cell_of(*runs, modes=("eager", "jit"), arguments=arguments)
    assert [(reason.mode, reason.cause) for reason in found.reasons] == [
        ("eager", "n=3"),
        ("jit", "n=2"),
    ]


def test_a_case_that_passes_with_floats_only_is_noted() -> None:
    found = cell_of(failed(), run(variant=VariantName.FLOAT64))
    assert (found.status, found.notes) == (Status.PARTIAL, ("floating only",))
    assert [reason.cause for reason in found.reasons] == ["integer input"]


def test_float32_is_noted_if_it_fails_or_becomes_float64() -> None:
    single = run(variant=VariantName.FLOAT32)
    widened = replace(single, dtype_change=DtypeChange("float32", "float64"))
    refused = replace(single, outcome=Outcome.RAISED, exception="TypeError")
    assert cell_of(run(), widened).notes == ("float32 → float64",)
    assert cell_of(run(), refused).notes == ("float64 only",)
    both = [run(0), single, run(1), replace(refused, key=replace(refused.key, case=1))]
    assert cell_of(*both).notes == ("float32 in 1 of 2 cases",)


def test_modes_are_judged_by_the_cases_that_work_eagerly() -> None:
    eager = [run(0), run(1), failed(2)]
    jit = [run(0, mode="jit"), failed(1, mode="jit")]
    found = cell_of(*eager, *jit, modes=("eager", "jit"))
    assert found.modes == {"eager": Status.PARTIAL, "jit": Status.PARTIAL}
    assert found.notes == ("2 of 3 cases", "no JIT in 1 of 2 cases")


def test_the_mode_lazy_is_judged_by_the_computations_of_the_eager_run() -> None:
    found = cell_of(run(computes=2), backend="dask", modes=("eager", "lazy"))
    assert (found.modes["lazy"], found.notes) == (Status.UNSUPPORTED, ("computes graph",))
    assert found.reasons[0].message == "computes the graph 2 times"


def test_a_wrong_result_in_a_mode_is_not_called_a_missing_one() -> None:
    wrong = run(mode="grad", outcome=Outcome.WRONG_VALUES)
    assert cell_of(run(), wrong, modes=("eager", "grad")).notes == ("wrong gradient",)


def test_a_mode_that_applies_to_no_case_is_not_applicable() -> None:
    inapplicable = run(mode="grad", outcome=Outcome.NOT_RUN, applies=False)
    found = cell_of(run(), inapplicable, modes=("eager", "grad"))
    assert (found.status, found.modes["grad"]) == (Status.SUPPORTED, Status.NOT_APPLICABLE)


def test_tracing_a_call_to_draw_it_does_not_change_the_cell() -> None:
    runs = [run(), failed(mode="trace", exception="DataDependentError")]
    drawn = cell_of(*runs, backend="numpy", modes=("eager", "trace"), only_draws=True)
    assert (drawn.status, drawn.notes) == (Status.SUPPORTED, ())
    measured = cell_of(*runs, backend="numpy", modes=("eager", "trace"))
    assert (measured.status, measured.notes) == (Status.SUPPORTED, ("data-dependent",))


def test_calls_that_are_made_up_as_the_example_fails_are_noted_with_the_reason() -> None:
    problem = Problem(message="its example raises NameError: y", exception="NameError")
    found = cell_of(run(), origin="signature", problem=problem)
    assert found.status is Status.SUPPORTED
    assert found.notes == ("made-up calls: its example raises NameError: y",)
    assert cell_of(run(), origin="docstring", problem=problem).notes == ()


def test_missing_functions_are_noted_if_the_error_names_one() -> None:
    missing = ("linalg.det", "sort")
    error = failed(exception="AttributeError", message="module has no attribute 'det'")
    found = cell_of(error, backend="dask", missing_functions=missing)
    assert found.notes == ("needs linalg.det, which Dask lacks",)
    other = replace(error, message="no attribute 'shape'")
    assert cell_of(other, backend="dask", missing_functions=missing).notes == ("AttributeError",)


def test_random_values_and_made_up_data_are_noted_without_changing_the_status() -> None:
    found = cell_of(run(), reproducible=False, made_up_data=True)
    assert found.status is Status.SUPPORTED
    assert found.notes == ("values not compared: random", "with made-up data")


def test_a_case_that_numpy_does_not_repeat_is_logged_and_does_not_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = cell_of(run(0), failed(1, message="no"), backend="numpy")
    assert (found.status, found.total) == (Status.SUPPORTED, 1)
    [line] = caplog.messages
    assert line.startswith("f: NumPy gives another result when the call f(x) is repeated (no)")
    assert cell_of(failed(), backend="numpy").status is Status.NOT_MEASURED
    needed = cell_of(failed(), backend="numpy", reference="torch")
    assert (needed.status, needed.notes) == (Status.UNSUPPORTED, ("needs PyTorch",))


def test_lost_calls_count_as_failed_cases_of_the_reference_only() -> None:
    lost = (LostCall("f(y)", Outcome.TIMEOUT, "no answer after 6 s"),)
    found = cell_of(run(), backend="numpy", lost=lost)
    assert (found.status, found.notes) == (Status.PARTIAL, ("1 of 2 cases",))
    assert cell_of(run(), backend="jax", lost=lost).status is Status.SUPPORTED


def test_a_conversion_to_numpy_is_recognized_by_counting_and_by_the_exception_of_a_mode() -> None:
    assert cell_of(run(host_transfers=1)).host_transfer
    traced = failed(exception="TracerArrayConversionError", mode="jit")
    assert cell_of(run(), traced, modes=("eager", "jit")).host_transfer
    assert not cell_of(run()).host_transfer
