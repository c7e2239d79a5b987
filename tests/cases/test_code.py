"""Cases as code: programs that readers copy do what was measured."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from array_api_compat import array_namespace

from core.backends import backends
from sphinx_xpcaps.cases.code import code_of
from sphinx_xpcaps.cases.collect import collect, load_cases
from sphinx_xpcaps.cases.model import CaseCode, WantedCases
from sphinx_xpcaps.render.program import program
from sphinx_xpcaps.results.model import Cell, RecordedCase, Status
from tests.results.make import environment


def mixed(x: Any, pairs: Any = (), *, axis: Any = None, by: Any = None, dtype: Any = None) -> Any:
    """Return something that depends on all arguments.

    Parameters
    ----------
    x : array_like
        Values.
    """
    xp = array_namespace(np.asarray(x) if isinstance(x, list) else x)
    found = xp.sum(x) if axis is None else xp.sum(x, axis=axis)
    return found if by is None else by(found)


class Scale:
    """Multiplies.

    Parameters
    ----------
    by : float
        The factor.
    """

    def __init__(self, by: float) -> None:
        self.by = by

    def apply(self, x: Any) -> Any:
        """Return the product."""
        return x * self.by


def code(tmp_path: Path, body: str, name: str = "mixed") -> list[CaseCode | None]:
    """Return the code of the cases of a body."""
    file = tmp_path / "cases"
    body = f"from {__name__} import Scale, mixed\n{body}"
    collect(
        lambda *_: None,
        name=f"{__name__}.{name}",
        wanted=WantedCases(bodies=(body,)),
        skip=(),
        file=file,
    )
    found = load_cases(file)
    assert found
    return [code_of(case, case.plans[0]) for case in found]


def run(found: CaseCode | None, backend: str = "numpy", **options: Any) -> Any:
    """Run the program of a case and return its result."""
    assert found is not None
    case = RecordedCase(
        call="",
        setup=found.setup,
        expression=found.expression,
        arrays=found.arrays,
        floats=found.floats,
    )
    cell = Cell(backend=backend, device="cpu", status=Status.SUPPORTED)
    options = {"mode": "eager", "variant": None, **options}
    text = program(case, cell, environment(variables={}), **options)
    assert text is not None
    scope: dict[str, Any] = {}
    settings = backends()[backend].settings()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(text, scope)
    finally:
        backends()[backend].restore_settings(settings)
    return scope["result"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("mixed(xp.asarray([1.0, 2.5]))", 3.5),
        ("mixed(xp.asarray([[1, 2], [3, 4]], dtype='int16'), axis=0)", [4, 6]),
        ("mixed(xp.asarray([1.0, float('nan'), float('inf')]))", np.nan),
        ("mixed(xp.asarray([1 + 2j, 3]))", 4 + 2j),
        ("mixed(xp.asarray([True, False]))", 1),
        ("mixed([1.0, 2.0], ((0, 1), [2]), axis=0)", 3.0),
        ("mixed(xp.linspace(0, 1, 101))", 50.5),
        ("mixed(xp.arange(200))", 19900),
        ("mixed(xp.full((20, 20), 2.0))", 800.0),
        ("mixed(xp.zeros((0, 3)))", 0.0),
        ("mixed(xp.asarray([1.0, 2.0]), by=lambda s: np.sqrt(s + 1))", 2.0),
        ("mixed(xp.asarray([4.0]), by=np.sqrt)", 2.0),
        ("mixed(xp.asarray([1.0]), slice(None, 2), dtype=np.float32)", 1.0),
    ],
)
def test_the_program_of_a_case_gives_the_result_that_was_measured(tmp_path, body, expected):
    np.testing.assert_allclose(run(code(tmp_path, body)[0]), expected)


def test_a_program_repeats_the_calls_that_create_an_object(tmp_path):
    (found,) = code(tmp_path, "Scale(3.0).apply(xp.asarray([1.0, 2.0]))", "Scale.apply")
    np.testing.assert_allclose(run(found), [3.0, 6.0])


def test_values_that_are_too_many_are_replaced_and_a_comment_says_so(tmp_path):
    body = "mixed(xp.asarray(np.random.default_rng(1).normal(size=(30, 30)), dtype='float32'))"
    (found,) = code(tmp_path, body)
    assert found is not None
    assert "# Random values" in found.setup
    assert len(found.setup) < 400
    assert run(found).dtype == np.float32


@pytest.mark.parametrize(
    "body",
    [
        "from pathlib import Path\nmixed(xp.asarray([1.0]), Path())",
        "def f(x):\n    return x\nmixed(xp.asarray([1.0]), by=f)",
    ],
)
def test_a_case_with_an_argument_that_is_no_code_has_no_program(tmp_path, body):
    assert code(tmp_path, body)[0] is None


@pytest.mark.parametrize("name", ["torch", "jax", "dask", "array-api-strict"])
def test_a_program_passes_arrays_of_its_library(tmp_path, name):
    backend = backends()[name]
    if not backend.availability("cpu").usable:
        pytest.skip(f"needs {backend.title}")
    (found,) = code(tmp_path, "mixed(xp.asarray([1.0, 2.5]))")
    result = run(found, name)
    assert backend.owns(result)
    assert float(backend.to_numpy(result)) == 3.5


def test_a_program_of_a_failure_uses_its_mode_and_its_dtype(tmp_path):
    pytest.importorskip("jax")
    (found,) = code(tmp_path, "mixed(xp.asarray([1.0, 2.5]))")
    result = run(found, "jax", mode="jit", variant="float32")
    assert (float(result), str(result.dtype)) == (3.5, "float32")


def test_a_program_sets_the_environment_variables_of_the_measurement():
    case = RecordedCase(call="f()", setup="import pkg", expression="pkg.f()")
    cell = Cell(backend="numpy", device="cpu", status=Status.SUPPORTED)
    where = environment(variables={"SWITCH": "1"})
    assert program(case, cell, where, mode="eager", variant=None) == (
        "import os\n\nos.environ['SWITCH'] = '1'\n\n"
        "import numpy as np\nimport numpy as xp\n\n"
        "import pkg\n\nresult = pkg.f()\nprint(result)"
    )


@pytest.mark.parametrize("name", ["cupy", "torch", "jax", "array-api-strict"])
def test_every_library_has_code_for_its_gpu_column(name):
    backend = backends()[name]
    compile(backend.setup_code(backend.columns["gpu"]), name, "exec")
