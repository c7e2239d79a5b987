"""The pytest plugin: the fixture ``xp``, its options and its marks.

Use it with ``pytest -p core.testing.plugin``, or in ``conftest.py`` with
``pytest_plugins = ["core.testing.plugin"]``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from core.backends import Backend, backends, get_backend
from core.testing.lazy_functions import lazy_functions_transformed
from core.testing.project_options import DTYPES, read_test_options
from core.testing.reference_search import Wrappers, references_in, references_replaced
from core.testing.skipping import evaluate_marks
from core.testing.targets import SelectedTargets, TestTarget, current_target, use_target
from core.typing import Device, DType, Namespace

_MARKS = {
    "array_api_backends": "every test that uses the fixture xp",
    "skip_xp_backends(backend=None, condition=None, *, np_only, cpu_only, eager_only, exceptions, "
    "reason)": "skip the test on a backend, or on a category of backends without the exceptions",
    "xfail_xp_backends(backend=None, condition=None, *, np_only, cpu_only, eager_only, "
    "exceptions, reason, strict=True)": "run the test there and expect that it fails; "
    "report it if it passes",
    "uses_xp_capabilities(status, funcs=None, reason=None)": "whether the test takes its marks "
    "from declared capabilities; make_test_case adds it",
    "skip_xp_invalid_arg": "skip the test if SCIPY_ARRAY_API is set, as it passes matrices, "
    "masked arrays or arrays of objects",
}

_TARGETS = pytest.StashKey[SelectedTargets]()
_MARK_ERROR = pytest.StashKey[Exception]()
_WRAPPERS = pytest.StashKey[Wrappers]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose backends, device and dtype."""
    group = parser.getgroup("xp", "array libraries")
    group.addoption(
        "--xp-backend",
        metavar="NAME",
        action="append",
        default=[],
        help=f"run tests that use xp on this array library; repeatable; one of all, "
        f"{', '.join(backends())}. Default: all that can be used",
    )
    group.addoption(
        "--xp-device",
        metavar="DEVICE",
        help="cpu, cuda, mps, other, ...: the device of libraries that have several. Default: cpu",
    )
    group.addoption(
        "--xp-dtype",
        choices=list(DTYPES),
        help="the default floating dtype of libraries that let it be chosen. Default: float64",
    )
    parser.addini(
        "xp_require_capabilities",
        "whether each test that uses xp must have the mark uses_xp_capabilities",
        type="bool",
        default=False,
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Raise if a test must use declared capabilities and does not."""
    if not config.getini("xp_require_capabilities"):
        return
    missing = {
        item.nodeid.partition("[")[0]: None
        for item in items
        if item.get_closest_marker("array_api_backends")
        and not item.get_closest_marker("uses_xp_capabilities")
    }
    if missing:
        names = "\n  ".join(missing)
        raise pytest.UsageError(
            "these tests use xp without declared capabilities: decorate them with make_test_case, "
            f"or mark them with uses_xp_capabilities(False, reason=...)\n  {names}"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks and select the targets of the run."""
    for mark, description in _MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {description}")
    options = config.option
    project = read_test_options(config.rootpath)
    for problem in project.problems:
        config.issue_config_time_warning(pytest.PytestConfigWarning(problem), stacklevel=2)
    try:
        targets = SelectedTargets(
            options.xp_backend or list(project.backends),
            options.xp_device or project.device,
            options.xp_dtype or project.dtype or "float64",
        )
        if options.xp_backend:  # those of the project are used as far as they are there
            targets.check()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[_TARGETS] = targets


def pytest_report_header(config: pytest.Config) -> str:
    """Return the backends with their versions and devices."""
    return f"xp: {config.stash[_TARGETS].versions()}"


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Return the backends that cannot be used with the reasons, if any test uses ``xp``."""
    return [f"xp: not {line}" for line in config.stash[_TARGETS].unusable()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that uses `xp` or `xp_backend` once on each backend.

    Tests that use another fixture named ``xp`` are not changed.
    """
    if "xp_backend" in metafunc.fixturenames:
        targets = metafunc.config.stash[_TARGETS].usable()
        metafunc.parametrize("xp_backend", list(targets), indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Add pytest's own marks where those of this plugin apply to the item's backend."""
    if item.get_closest_marker("skip_xp_invalid_arg") and _refuses_invalid_arrays():
        item.add_marker(
            pytest.mark.skip(
                reason="passes matrices, masked arrays or arrays of objects, which are refused if "
                "SCIPY_ARRAY_API is set"
            )
        )
    params = getattr(getattr(item, "callspec", None), "params", {})
    name = params.get("xp_backend")
    if name is None:
        return
    item.add_marker(pytest.mark.array_api_backends)
    # Tests call functions with many different arguments, and each may be compiled anew.
    item.add_marker(pytest.mark.filterwarnings("ignore:autojit compiles:RuntimeWarning"), False)
    target = item.config.stash[_TARGETS].usable()[name]
    names = {**vars(getattr(item, "module", object)), "config": item.config, **params}
    try:
        skip = evaluate_marks(item.iter_markers("skip_xp_backends"), target, names)
        xfail = evaluate_marks(item.iter_markers("xfail_xp_backends"), target, names)
    except (TypeError, ValueError) as error:
        item.stash[_MARK_ERROR] = error
        return
    if skip is not None:
        item.add_marker(pytest.mark.skip(reason=skip.reason))
    elif xfail is not None:
        item.add_marker(pytest.mark.xfail(reason=xfail.reason, strict=xfail.strict))


@pytest.fixture
def xp_backend(request: pytest.FixtureRequest) -> Backend:
    """The adapter of the array library that the test runs on: `core.backends.Backend`."""
    error = request.node.stash.get(_MARK_ERROR, None)
    if error is not None:
        raise error
    return get_backend(request.param)


@pytest.fixture
def xp(xp_backend: Backend, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """The namespace of an array library, through array-api-compat; once for each library."""
    target = request.config.stash[_TARGETS].usable()[xp_backend.name]
    params = request.node.callspec.params
    with (
        use_target(target) as namespace,
        lazy_functions_transformed(xp_backend, request.module, params) as wrappers,
    ):
        request.node.stash[_WRAPPERS] = wrappers
        yield namespace


@pytest.fixture
def xp_device(xp: Namespace) -> Device:
    """The device on which ``xp`` creates arrays, as the library itself represents it."""
    target = _current_target()
    return target.backend.native_device(target.device)


@pytest.fixture
def xp_dtype(xp: Namespace) -> DType:
    """The dtype of ``--xp-dtype``, from the namespace."""
    return getattr(xp, _current_target().dtype)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[Any]:
    """Replace references to tagged functions in the test's parameters and fixtures."""
    wrappers = pyfuncitem.stash.get(_WRAPPERS, {})
    if not wrappers:
        return (yield)
    references = references_in(pyfuncitem.funcargs, wrappers, pyfuncitem.module.__name__)
    with references_replaced(references):
        return (yield)


def _current_target() -> TestTarget:
    target = current_target()
    assert target is not None
    return target


def _refuses_invalid_arrays() -> bool:
    return os.environ.get("SCIPY_ARRAY_API", "0").lower() not in ("", "0", "false")
