"""Test comparing declarations with measurements."""

from __future__ import annotations

import pytest

from core.testing import Capabilities
from sphinx_xpcaps.declared import messages
from sphinx_xpcaps.declared.compare import compare
from sphinx_xpcaps.declared.model import Comparison, Declaration, Declarations, Verdict
from sphinx_xpcaps.declared.read import read_all
from sphinx_xpcaps.results.model import Cell, Expected, Status
from sphinx_xpcaps.results.view import derive
from tests.declared.conftest import PACKAGES, Measured
from tests.results.make import TARGET, cell, environment, record, unmeasured


def lines_of(measured: Measured, *names: str) -> list[str]:
    return [line for _, line in messages.lines(measured.only(*names).find().differences)]


def test_a_declared_failure_that_works_is_a_difference_with_its_reason(measured: Measured) -> None:
    assert lines_of(measured, "skips") == [
        "declares.skips is declared not to work with JAX (réductions), but works: 1 of 1 cases",
        'declares.skips is declared "computes graph" with Dask, but works in mode lazy: '
        "1 of 1 cases",
        "declares.skips is declared not to work with array-api-strict (no such dtype), but works: "
        "1 of 1 cases",
    ]


def test_declared_success_that_fails_is_a_difference_for_each_library(measured: Measured) -> None:
    jax, dask, strict = lines_of(measured, "to_numpy")
    assert jax.startswith("declares.to_numpy is declared to work with JAX, but fails: ")
    assert dask.startswith("declares.to_numpy is declared to work with Dask, but fails: ")
    assert strict.startswith("declares.to_numpy is declared to work with array-api-strict, but ")


def test_undeclared_function_that_works_is_one_difference(measured: Measured) -> None:
    assert lines_of(measured, "undeclared") == [
        "declares.undeclared is not declared, but works with JAX, Dask, array-api-strict: "
        "1 of 1 cases"
    ]


@pytest.mark.parametrize("name", ["honest", "sometimes", "without_case", "out_of_scope"])
def test_correct_partial_unmeasured_and_out_of_scope_are_not_differences(
    measured: Measured, name: str
) -> None:
    assert lines_of(measured, name) == []


def test_table_of_keywords_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PACKAGES)
    found: list[Declaration] = []
    names = ("declares.works", "declares.skips", "declares.nothing")
    backend_names = read_all(found.append, module="declares", attribute="plain", names=names)
    works, skips = found
    assert works.capabilities is not None
    assert works.capabilities.skip_backends[0].backend == "jax"
    assert skips.capabilities is None
    assert isinstance(backend_names, dict)
    assert (backend_names["jax"], backend_names["dask"]) == ("jax.numpy", "dask.array")


@pytest.mark.parametrize(
    ("attribute", "problem"),
    [
        ("nothing", "AttributeError: module 'declares' has no attribute 'nothing'"),
        ("NAMED", "expected a mapping from functions to capabilities, got list"),
        ("broken", "unknown backend 'theano'; known are"),
    ],
)
def test_error_of_an_unreadable_table_gives_the_reason(
    monkeypatch: pytest.MonkeyPatch, attribute: str, problem: str
) -> None:
    monkeypatch.syspath_prepend(PACKAGES)
    answer = read_all(lambda _: None, module="declares", attribute=attribute, names=())
    assert isinstance(answer, str)
    assert answer.startswith(problem)


def hold(declared: Capabilities, *cells: Cell, torch: str = "2.6.0") -> list[Comparison]:
    """Return the comparisons of one target on PyTorch, measured as `cells` say."""
    entries = {TARGET: Declaration(target=TARGET, capabilities=declared)}
    where = environment(packages={"torch": torch})
    tables = derive(
        [record(where, *cells)],
        backends=["torch"],
        devices=["cpu", "gpu"],
        is_current=lambda *_: True,
    )
    return list(compare(Declarations(table="t", entries=entries, backend_names={}), tables))


def works(device: str = "cpu") -> Cell:
    return cell(Status.SUPPORTED, device=device, modes={"eager": Status.SUPPORTED})


def test_a_gpu_that_works_contradicts_cpu_only() -> None:
    (cpu, gpu) = hold(Capabilities(cpu_only=True), works(), works("gpu"))
    assert (cpu.verdict, gpu.verdict) == (Verdict.AGREES, Verdict.WORKS)
    assert "is declared not to work with PyTorch on gpu (works on a CPU only)" in messages.sentence(
        gpu
    )


def test_an_exception_from_cpu_only_is_declared_to_work() -> None:
    (_, gpu) = hold(Capabilities(cpu_only=True, exceptions=("torch",)), works(), works("gpu"))
    assert gpu.verdict is Verdict.AGREES


def test_expected_status_is_compared_and_marked_as_expected() -> None:
    missing = unmeasured("there is no CUDA device", device="gpu")
    expected = Expected(status=Status.UNSUPPORTED, reason="converts to NumPy")
    gpu = cell(Status.NOT_MEASURED, device="gpu", expected=expected, reasons=missing.reasons)
    (_, found) = hold(Capabilities(), works(), gpu)
    assert found.expected
    assert messages.sentence(found) == (
        "pkg.func is declared to work with PyTorch on gpu, but most likely fails: converts to NumPy"
    )


def test_limit_of_some_versions_applies_to_these_only() -> None:
    declared = Capabilities.of({"skip_backends": [("torch<2.6", "slow")]})
    assert [c.verdict for c in hold(declared, works(), torch="2.5.1")] == [Verdict.WORKS]
    assert [c.verdict for c in hold(declared, works(), torch="2.6.0")] == [Verdict.AGREES]


def test_unmeasured_cells_are_not_compared() -> None:
    assert hold(Capabilities(np_only=True), unmeasured("torch is not installed")) == []
