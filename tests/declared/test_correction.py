"""Test correcting declarations by measurements."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.backends import get_backend
from core.testing import Capabilities
from sphinx_xpcaps.declared.compare import compare_target
from sphinx_xpcaps.declared.correction import corrected
from sphinx_xpcaps.declared.interpret import declared_support, mode_keyword
from sphinx_xpcaps.declared.model import Declaration
from sphinx_xpcaps.results.model import Cell, Status
from sphinx_xpcaps.results.view import Table, derive
from tests.results.make import TARGET, cell, environment, record

DEVICES = ("cpu", "gpu")
BACKENDS = ("torch", "jax", "dask", "cupy")


def derived(*cells: Cell) -> Table:
    """Return the table of cells."""
    backends = list(dict.fromkeys(each.backend for each in cells))
    return derive(
        [record(environment(), *cells)],
        backends=backends,
        devices=DEVICES,
        is_current=lambda *_: True,
    )[TARGET]


def table(**measured: tuple[bool, bool]) -> Table:
    """Return a table in which libraries work, or not, on CPU and GPU."""
    return derived(
        *(
            cell(status, backend=backend, device=device, modes={"eager": status})
            for backend, both in measured.items()
            for device, works in zip(DEVICES, both, strict=True)
            for status in [Status.SUPPORTED if works else Status.UNSUPPORTED]
        )
    )


def correct(declared: Capabilities, measured: Table) -> Capabilities | None:
    declaration = Declaration(target=TARGET, capabilities=declared)
    return corrected(declaration, measured, accepted=frozenset())


def keywords(declared: Capabilities, measured: Table) -> dict[str, Any]:
    found = correct(declared, measured)
    assert found is not None
    return found.keywords()


def test_one_library_that_fails_on_a_gpu_leaves_the_others_as_declared() -> None:
    measured = table(torch=(True, False), jax=(True, True))
    assert keywords(Capabilities(), measured) == {"cpu_only": True, "exceptions": ["cupy", "jax"]}


def test_one_library_that_works_on_a_gpu_is_an_exception() -> None:
    measured = table(torch=(True, True), jax=(True, False))
    declared = Capabilities(cpu_only=True)
    assert keywords(declared, measured) == {"cpu_only": True, "exceptions": ["torch"]}


def test_a_library_that_fails_everywhere_is_skipped() -> None:
    measured = table(torch=(False, False), jax=(True, False))
    assert keywords(Capabilities(cpu_only=True), measured) == {
        "skip_backends": [("torch", "unsupported")],
        "cpu_only": True,
    }


def test_np_only_is_replaced_if_a_library_works_on_a_cpu_only() -> None:
    found = keywords(Capabilities(np_only=True, reason="C"), table(torch=(True, False)))
    assert found["cpu_only"]
    assert "np_only" not in found
    assert found["skip_backends"] == [
        (name, "C") for name in ("cupy", "jax", "dask", "array-api-strict")
    ]


def test_there_is_no_correction_if_no_arguments_agree() -> None:
    assert correct(Capabilities(), table(torch=(False, True))) is None


SOME = st.lists(st.sampled_from(BACKENDS), unique=True, max_size=2)
DECLARED = st.builds(
    lambda **given: Capabilities.of(given),
    skip_backends=SOME.map(lambda names: [(name, "") for name in names]),
    xfail_backends=SOME.map(lambda names: [(name, "") for name in names]),
    cpu_only=st.booleans(),
    np_only=st.booleans(),
    exceptions=SOME,
    jax_jit=st.booleans(),
    allow_dask_compute=st.sampled_from([False, True, 2]),
    warnings=st.sampled_from([[], [("jax", "no JIT")], [("dask", "computes graph")]]),
)


def as_declared(truth: Capabilities) -> Table:
    """Return the table of a function that works exactly as `truth` declares."""

    def status(backend: str, device: str, mode: str) -> Status:
        support = declared_support(truth, backend, device, mode, None)
        if support is None:
            return Status.NOT_MEASURED
        return Status.SUPPORTED if support.works else Status.UNSUPPORTED

    modes = {b: m for b in BACKENDS for m in ("jit", "lazy") if mode_keyword(b, m)}
    return derived(
        *(
            cell(
                status(backend, device, "eager"),
                backend=backend,
                device=device,
                modes={
                    mode: status(backend, device, mode)
                    for mode in ("eager", modes.get(backend, "eager"))
                },
            )
            for backend in BACKENDS
            for device in DEVICES
            if device in get_backend(backend).columns
        )
    )


@given(declared=DECLARED, truth=DECLARED)
def test_correction_reaches_any_declaration_from_any_other(
    declared: Capabilities, truth: Capabilities
) -> None:
    measured = as_declared(truth)
    found = correct(declared, measured)
    assert found is not None
    declaration = Declaration(target=TARGET, capabilities=found)
    assert not any(each.verdict.differs for each in compare_target(declaration, measured))


@given(declared=DECLARED)
def test_correct_declaration_does_not_change(declared: Capabilities) -> None:
    assert correct(declared, as_declared(declared)) == declared
