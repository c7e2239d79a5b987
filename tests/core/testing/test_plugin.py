"""Options, header, marks and fixtures of the plugin, in separate test runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.backends import backends

# Imports the libraries: test runs in this process remove the modules that they import first, and
# these libraries cannot be imported twice.
USABLE = [
    name for name, b in backends().items() if b.availability(next(iter(b.columns.values()))).usable
]

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Return a function that runs a test module with the plugin."""

    def run(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(
            "-p", "core.testing.plugin", "-p", "no:sphinx", "-rA", *options
        )

    return run


ONE = "def test_one(xp):\n    assert xp.asarray([1.0]).shape == (1,)\n"


def test_a_test_runs_once_on_each_usable_library(run: Run) -> None:
    result = run(ONE)
    result.assert_outcomes(passed=len(USABLE))
    for name in USABLE:
        result.stdout.fnmatch_lines([f"PASSED *::test_one[[]{name}[]]"])


def test_the_header_lists_libraries_versions_and_devices(run: Run) -> None:
    result = run(ONE)
    versions = {name: backends()[name].version() for name in ("numpy", "torch", "dask")}
    result.stdout.re_match_lines(
        [
            r"xp: numpy {numpy} \(cpu\), .*torch {torch} \(cpu\), .*dask {dask} \(cpu\)".format(
                **{name: str(version).replace("+", r"\+") for name, version in versions.items()}
            )
        ]
    )


@pytest.mark.skipif("cupy" in USABLE, reason="this machine has a GPU")
def test_unusable_libraries_are_listed_with_the_reason(run: Run) -> None:
    result = run(ONE)
    result.stdout.re_match_lines([r"xp: not cupy: cupy .*there is no CUDA device"])


def test_the_libraries_can_be_selected(run: Run) -> None:
    run(ONE, "--xp-backend", "torch", "--xp-backend", "jax.numpy").assert_outcomes(passed=2)


@pytest.mark.skipif("cupy" in USABLE, reason="this machine has a GPU")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--xp-backend", "cupy"], "--xp-backend cupy: cupy * is installed, but there is no CUDA"),
        (["--xp-backend", "nunpy"], "unknown backend 'nunpy'; known are numpy, cupy, torch"),
        (
            ["--xp-backend", "torch", "--xp-device", "mps"],
            "--xp-backend torch: PyTorch has no device 'mps' here",
        ),
    ],
)
def test_selecting_an_unusable_library_is_an_error(
    run: Run, options: list[str], message: str
) -> None:
    result = run(ONE, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_arrays_are_created_on_the_selected_device(run: Run) -> None:
    source = """
    from array_api_compat import device
    from core.testing import assert_equal

    def test_device(xp, xp_device):
        x = xp.asarray([1.0])
        assert x.device == xp_device == xp.zeros(2).device
        assert xp.asarray(x, copy=True).device == xp_device
        assert "device1" in str(x.device)
        assert_equal(x + x, xp.asarray([2.0]))
    """
    run(source, "--xp-backend", "array-api-strict", "--xp-device", "other").assert_outcomes(
        passed=1
    )


def test_the_default_dtype_is_set_and_restored(run: Run) -> None:
    import jax
    import torch

    before = (torch.get_default_dtype(), jax.config.jax_enable_x64)
    source = """
    def test_dtype(xp, xp_dtype):
        assert xp.asarray([1.0]).dtype == xp_dtype == xp.{dtype}
    """
    selected = ["--xp-backend", "torch", "--xp-backend", "jax"]
    run(source.format(dtype="float64"), *selected).assert_outcomes(passed=2)
    run(source.format(dtype="float32"), *selected, "--xp-dtype", "float32").assert_outcomes(
        passed=2
    )
    assert (torch.get_default_dtype(), jax.config.jax_enable_x64) == before


def test_a_fixture_of_the_project_replaces_that_of_the_plugin(run: Run) -> None:
    source = """
    import pytest

    @pytest.fixture(params=["mine"])
    def xp(request):
        return request.param

    def test_own(xp):
        assert xp == "mine"
    """
    run(source).assert_outcomes(passed=1)


def test_a_fixture_of_the_project_can_use_that_of_the_plugin(run: Run) -> None:
    source = """
    import pytest

    @pytest.fixture
    def xp(xp):
        return (xp, "mine")

    @pytest.mark.skip_xp_backends(np_only=True, reason="needs NumPy")
    def test_own(xp):
        assert xp[1] == "mine"
    """
    result = run(source, "--xp-backend", "numpy", "--xp-backend", "array-api-strict")
    result.assert_outcomes(passed=1, skipped=1)


def test_the_mark_array_api_backends_selects_tests_that_use_xp(run: Run) -> None:
    source = ONE + "\ndef test_other():\n    pass\n"
    selected = ("--xp-backend", "numpy", "-m")
    run(source, *selected, "array_api_backends").assert_outcomes(passed=1, deselected=1)
    run(source, *selected, "not array_api_backends").assert_outcomes(passed=1, deselected=1)


def test_backends_are_skipped_by_name_category_and_condition(run: Run) -> None:
    source = """
    import pytest

    skip_xp_backends = pytest.mark.skip_xp_backends

    @skip_xp_backends("array_api_strict", reason="named by its module")
    @skip_xp_backends("jax.numpy")
    def test_names(xp, xp_backend):
        assert xp_backend.name not in ("array-api-strict", "jax")

    @skip_xp_backends(np_only=True, exceptions=["torch"], reason="needs sorting")
    def test_np_only(xp, xp_backend):
        assert xp_backend.name in ("numpy", "torch")

    @skip_xp_backends(eager_only=True)
    def test_eager_only(xp, xp_backend):
        assert xp_backend.name not in ("jax", "dask")

    @skip_xp_backends("torch", "version < Version('2')")
    @skip_xp_backends("dask", condition="device == 'cpu'", reason="by condition")
    @skip_xp_backends("jax", False)
    def test_conditions(xp, xp_backend):
        assert xp_backend.name != "dask"

    @pytest.mark.parametrize("dtype", ["int32", "float32"])
    @skip_xp_backends(condition="dtype == 'int32'", reason="by a parameter")
    def test_parameters(xp, dtype):
        assert dtype == "float32"

    @pytest.mark.parametrize("n", [1, pytest.param(2, marks=skip_xp_backends(np_only=True))])
    def test_param_marks(xp, xp_backend, n):
        assert n == 1 or xp_backend.name == "numpy"

    class TestClass:
        pytestmark = [skip_xp_backends("torch", reason="of the class")]

        @skip_xp_backends(np_only=True, reason="of a category")
        def test_names_have_priority(self, xp): ...
    """
    result = run(source)
    result.assert_outcomes(
        passed=3 + 2 + 3 + 4 + 5 + (5 + 1) + 1, skipped=2 + 3 + 2 + 1 + 5 + 4 + 4
    )
    result.stdout.fnmatch_lines_random(
        [
            "SKIPPED * named by its module",
            "SKIPPED * do not run with array API backend: jax.numpy",
            "SKIPPED * needs sorting",
            "SKIPPED * eager checks not executed on lazy backends",
            "SKIPPED * by condition",
            "SKIPPED * do not run with non-NumPy backends",
            "SKIPPED * of the class",
            "SKIPPED [[]3[]] * of a category",
        ]
    )


def test_cpu_only_skips_other_devices(run: Run) -> None:
    source = """
    import pytest

    @pytest.mark.skip_xp_backends(cpu_only=True)
    def test_host(xp): ...

    @pytest.mark.skip_xp_backends(cpu_only=True, exceptions=["array_api_strict"])
    def test_excepted(xp): ...
    """
    options = ("--xp-backend", "numpy", "--xp-backend", "array-api-strict")
    run(source, *options, "--xp-device", "other").assert_outcomes(passed=3, skipped=1)
    run(source, *options).assert_outcomes(passed=4)


def test_expected_failures_run_and_an_unexpected_pass_fails(run: Run) -> None:
    source = """
    import pytest

    xfail_xp_backends = pytest.mark.xfail_xp_backends
    ran = []

    @xfail_xp_backends("numpy", reason="a bug")
    def test_fails(xp):
        ran.append("test_fails")
        assert False

    @xfail_xp_backends("numpy", reason="no bug any more")
    def test_passes(xp): ...

    @xfail_xp_backends("numpy", reason="now and then", strict=False)
    def test_may_pass(xp): ...

    @xfail_xp_backends("torch", reason="elsewhere")
    def test_elsewhere(xp): ...

    def test_ran():
        assert ran == ["test_fails"]
    """
    result = run(source, "--xp-backend", "numpy")
    result.assert_outcomes(passed=2, failed=1, xfailed=1, xpassed=1)
    result.stdout.fnmatch_lines(["[[]XPASS(strict)[]] no bug any more"])


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("skip_xp_backends('foo')", "ValueError: Unknown backend: foo; must be one of ['numpy', "),
        (
            "skip_xp_backends(cpu_only=True, exceptions=['foo'])",
            "ValueError: Unknown backend(s): ['foo']; must be one of ['numpy', ",
        ),
        ("skip_xp_backends('torch', gpu=1)", "TypeError: Invalid kwargs: {'gpu'}"),
        ("skip_xp_backends('numpy', strict=True)", "TypeError: Invalid kwargs: {'strict'}"),
        (
            "xfail_xp_backends('torch', np_only=True)",
            "ValueError: np_only is mutually exclusive with torch",
        ),
        (
            "xfail_xp_backends('torch', 'numpy')",
            "ValueError: Please specify only one backend per marker: ('torch', 'numpy')",
        ),
        ("skip_xp_backends(reason='why')", "ValueError: skip_xp_backends names no backend"),
        (
            "skip_xp_backends('numpy', 'dype == 1')",
            "ValueError: condition 'dype == 1' cannot be evaluated: NameError",
        ),
    ],
)
def test_an_invalid_mark_is_an_error_of_the_test(run: Run, mark: str, message: str) -> None:
    source = f"import pytest\n\n@pytest.mark.{mark}\n{ONE}"
    result = run(source, "--xp-backend", "numpy", "--strict-markers")
    result.assert_outcomes(errors=1)
    pattern = message.replace("[", "[[]")
    result.stdout.fnmatch_lines([f"E * {pattern}*"])


def test_threads_of_a_test_use_its_library(run: Run) -> None:
    source = """
    import numpy as np
    import pytest
    from core.testing import assert_equal, lazy_xp_function

    def needs_values(x):
        return x if bool(x.sum() > 0) else -x

    lazy_xp_function(needs_values)

    def test_other_library(xp):
        with pytest.raises(AssertionError, match="array of numpy"):
            assert_equal(np.ones(1), np.ones(1))

    def test_lazy(xp, xp_backend):
        for _ in range(20):
            with pytest.raises((AssertionError, TypeError)):
                needs_values(xp.asarray([1.0]))
            assert float(xp.sum(xp.ones(3))) == 3  # outside of tagged functions
    """
    result = run(source, "--xp-backend", "jax", "--xp-backend", "dask", "--parallel-threads", "4")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*PARALLEL PASSED*"])


def test_the_plugin_works_with_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(ONE)
    options = ("--xp-backend", "numpy", "--xp-backend", "array-api-strict")
    result = pytester.runpytest_subprocess("-p", "core.testing.plugin", "-n", "2", *options)
    result.assert_outcomes(passed=2)


def test_tests_without_xp_import_no_array_library(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            libraries = {"torch", "jax", "dask", "cupy", "array_api_strict"}
            assert not libraries & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "core.testing.plugin").assert_outcomes(passed=1)


@pytest.mark.parametrize(("setting", "skipped"), [("", 0), ("0", 0), ("1", 1), ("true", 1)])
def test_tests_with_invalid_arguments_are_skipped_as_in_scipy(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, skipped: int
) -> None:
    monkeypatch.setenv("SCIPY_ARRAY_API", setting)
    source = "import pytest\n@pytest.mark.skip_xp_invalid_arg\ndef test_masked():\n    pass\n"
    run(source).assert_outcomes(skipped=skipped, passed=1 - skipped)


DECLARED = """
import pytest
from core.testing import capabilities, make_test_case

@capabilities()
def function(x):
    return x

@make_test_case(function)
def test_declared(xp):
    function(xp.asarray([1]))

@pytest.mark.uses_xp_capabilities(False, reason="private")
def test_private(xp):
    pass

def test_without_xp():
    pass
"""


def test_tests_can_be_required_to_use_capabilities(run: Run) -> None:
    options = ("-o", "xp_require_capabilities=true", "--xp-backend", "numpy")
    run(DECLARED, *options).assert_outcomes(passed=3)
    result = run(DECLARED + "\ndef test_other(xp):\n    pass\n", *options)
    result.stderr.fnmatch_lines(["*without declared capabilities*", "*::test_other"])


def test_the_project_chooses_backends_and_dtype(run: Run, pytester: pytest.Pytester) -> None:
    table = '[tool.xpcaps]\nbackends = ["numpy", "cupy"]\n[tool.xpcaps.pytest]\ndtype = "float32"'
    pytester.makepyprojecttoml(table)
    source = "def test_dtype(xp, xp_dtype):\n    assert xp_dtype == xp.float32\n"
    run(source).assert_outcomes(passed=1 + ("cupy" in USABLE))
    run(source, "--xp-dtype", "float64").assert_outcomes(failed=1 + ("cupy" in USABLE))
    run(source, "--xp-backend", "array-api-strict").assert_outcomes(passed=1)


def test_the_plugin_has_a_table_for_itself(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(
        '[tool.xpcaps]\nbackends = ["torch"]\n[tool.xpcaps.pytest]\nbackends = ["numpy"]'
    )
    run(ONE).stdout.fnmatch_lines(["PASSED *::test_one[[]numpy[]]"])


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("backend = ['numpy']", "unknown key 'backend'; did you mean 'backends'?"),
        ("backends = ['numpi']", "backends: unknown backend 'numpi'; known are"),
        ("dtype = 'int8'", "dtype: unknown dtype 'int8'; known are float32, float64"),
        ("device = 1", "device: expected a device such as 'cuda', got 1"),
    ],
)
def test_a_mistake_of_the_project_is_a_warning(
    run: Run, pytester: pytest.Pytester, table: str, problem: str
) -> None:
    pytester.makepyprojecttoml(f"[tool.xpcaps.pytest]\n{table}")
    result = run("def test_nothing():\n    pass\n")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines([f"*pyproject.toml: [[]tool.xpcaps.pytest[]]: {problem}*"])
